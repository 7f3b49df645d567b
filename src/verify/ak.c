// SPDX-License-Identifier: MIT
/*
 * Checks 2 and 3: is the key one that only quotes, in a TPM, by a strong scheme, and
 * did it sign? There is one key, that of the request; what the machine says about its
 * key is compared and used for nothing.
 */
#include "base/util.h"
#include "verify/private.h"

#define RSA_BITS_MIN 2048
#define RSA_EXPONENT 65537

#define ATTRIBUTES_NEEDED                             \
	(EVIDENCE_FIXED_TPM | EVIDENCE_FIXED_PARENT | \
	 EVIDENCE_SENSITIVE_DATA_ORIGIN | EVIDENCE_RESTRICTED | EVIDENCE_SIGN)

static void check_attributes(struct verify_run *run)
{
	uint32_t attributes = run->ak.attributes;

	if ((attributes & ATTRIBUTES_NEEDED) != ATTRIBUTES_NEEDED ||
	    attributes & EVIDENCE_DECRYPT)
		verify_add(run->verdict, VERIFY_AK_ATTRIBUTES, NULL,
			   "attributes are 0x%08x", attributes);
}

static bool check_ecc_size(struct verify_run *run)
{
	if (run->ak.curve == EVIDENCE_P256 || run->ak.curve == EVIDENCE_P384)
		return true;
	verify_add(run->verdict, VERIFY_AK_SIZE, NULL,
		   "curve 0x%04x is neither P-256 nor P-384", run->ak.curve);
	return false;
}

static bool check_rsa_size(struct verify_run *run)
{
	const struct evidence_public *ak = &run->ak;

	if (ak->bits >= RSA_BITS_MIN && ak->bits % 8 == 0 &&
	    ak->modulus.len == ak->bits / 8u && ak->modulus.data[0] >> 7 &&
	    ak->exponent == RSA_EXPONENT)
		return true;
	verify_add(run->verdict, VERIFY_AK_SIZE, NULL,
		   "%u bits, modulus of %zu bytes, exponent %u", ak->bits,
		   ak->modulus.len, ak->exponent);
	return false;
}

/* TPM_ALG_SHA256, SHA384, SHA512 */
static bool is_strong_hash(uint16_t alg)
{
	enum imastage_bank bank;

	return imastage_bank_by_tpm_alg(alg, &bank) == 0 &&
	       (bank == IMASTAGE_SHA256 || bank == IMASTAGE_SHA384 ||
		bank == IMASTAGE_SHA512);
}

static bool check_scheme(struct verify_run *run)
{
	const struct evidence_public *ak = &run->ak;
	bool fits = ak->type == EVIDENCE_ALG_ECC ?
			    ak->scheme == EVIDENCE_ALG_ECDSA :
			    ak->scheme == EVIDENCE_ALG_RSASSA ||
				    ak->scheme == EVIDENCE_ALG_RSAPSS;

	if (fits && is_strong_hash(ak->hash))
		return true;
	verify_add(run->verdict, VERIFY_AK_SCHEME, NULL,
		   "scheme 0x%04x with hash 0x%04x", ak->scheme, ak->hash);
	return false;
}

static bool same_numbers(const struct evidence_public *a,
			 const struct evidence_public *b)
{
	return a->type == b->type && bytes_equal(a->modulus, b->modulus) &&
	       a->exponent == b->exponent && a->curve == b->curve &&
	       bytes_equal(a->x, b->x) && bytes_equal(a->y, b->y);
}

static bool is_pem(struct imastage_bytes key)
{
	static const char begin[] = "-----BEGIN ";

	return bytes_equal_text(bytes_first(key, sizeof(begin) - 1), begin);
}

/* A PEM has the numbers of a key only. */
static bool is_same_key(const struct verify_run *run)
{
	struct imastage_bytes theirs = run->evidence->ak;
	struct evidence_public key;
	struct evidence_error error;

	if (!is_pem(run->request->ak))
		return bytes_equal(theirs, run->request->ak);
	return evidence_public_parse(theirs, &key, &error) == 0 &&
	       same_numbers(&key, &run->ak);
}

static void check_same_key(struct verify_run *run)
{
	if (run->evidence->ak.len > 0 && !is_same_key(run))
		verify_say(run->verdict, VERIFY_AK_OTHER, NULL);
}

static void check_key(struct verify_run *run)
{
	bool is_sound = run->ak.type == EVIDENCE_ALG_ECC ? check_ecc_size(run) :
							   check_rsa_size(run);

	check_same_key(run);
	run->has_ak = check_scheme(run) && is_sound;
}

/* Of a signature that is none, check 3 has something to say. */
static int check_pem(struct verify_run *run)
{
	struct evidence_signature signature;
	struct evidence_error error;
	int r = evidence_signature_parse(run->evidence->sig, &signature,
					 &error);

	verify_say(run->verdict, VERIFY_AK_PEM, NULL);
	if (r)
		return 0;
	r = verify_read_pem(run->request->ak, &signature, run->numbers,
			    &run->ak);
	if (r == 0)
		check_key(run);
	else if (r == -EINVAL)
		verify_add(run->verdict, VERIFY_AK_FORM, NULL,
			   "it is no RSA or ECC key in PEM");
	return r == -EINVAL ? 0 : r;
}

int verify_check_ak(struct verify_run *run)
{
	struct evidence_error error;
	int r;

	if (is_pem(run->request->ak))
		return check_pem(run);
	r = evidence_public_parse(run->request->ak, &run->ak, &error);
	if (r) {
		verify_add_error(run->verdict,
				 r == EVIDENCE_OTHER_TYPE ? VERIFY_AK_TYPE :
							    VERIFY_AK_FORM,
				 &error);
		return 0;
	}
	check_attributes(run);
	check_key(run);
	return 0;
}

void verify_ak(struct imastage_bytes ak, struct verify_verdict *ret_verdict)
{
	const struct verify_request request = { .ak = ak };
	const struct verify_evidence evidence = { 0 };
	struct verify_run run = { .request = &request,
				  .evidence = &evidence,
				  .verdict = ret_verdict };

	memset(ret_verdict, 0, sizeof(*ret_verdict));
	(void)verify_check_ak(&run);
	ret_verdict->result =
		verify_failed(ret_verdict, VERIFY_AK_FORM, VERIFY_AK_SIGNER) ?
			VERIFY_REJECTED :
			VERIFY_ACCEPTED;
}

static int is_primary(const struct evidence_public *ak, uint32_t hierarchy,
		      struct imastage_bytes qualified)
{
	struct evidence_name name;
	int r = evidence_public_primary(ak, hierarchy, &name);

	return r < 0 ? r :
		       bytes_equal(bytes_of(name.bytes, name.len), qualified);
}

int verify_ak_hierarchy(const struct evidence_public *ak,
			struct imastage_bytes qualified,
			struct verify_verdict *verdict)
{
	static const struct {
		uint32_t handle;
		const char *name;
	} others[] = { { EVIDENCE_OWNER, "owner" }, { EVIDENCE_NULL, "null" } };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(others) && r == 0; i++) {
		r = is_primary(ak, others[i].handle, qualified);
		if (r > 0)
			verify_add(verdict, VERIFY_AK_HIERARCHY, NULL,
				   "it is in the %s hierarchy", others[i].name);
	}
	return r < 0 ? r : 0;
}

/* ---- the signature --------------------------------------------------------- */

static bool is_own_scheme(struct verify_run *run,
			  const struct evidence_signature *signature)
{
	if (signature->scheme == run->ak.scheme &&
	    signature->hash == run->ak.hash)
		return true;
	verify_add(run->verdict, VERIFY_SIGNATURE_SCHEME, NULL,
		   "0x%04x with hash 0x%04x, the key has 0x%04x with 0x%04x",
		   signature->scheme, signature->hash, run->ak.scheme,
		   run->ak.hash);
	return false;
}

static int check_range(struct verify_run *run,
		       const struct evidence_signature *signature)
{
	int r = run->ak.type == EVIDENCE_ALG_ECC ?
			verify_signature_in_range(&run->ak, signature) :
			signature->rsa.len == run->ak.modulus.len;

	if (r == 0)
		verify_add(run->verdict, VERIFY_SIGNATURE_RANGE, NULL, "%s",
			   run->ak.type == EVIDENCE_ALG_ECC ?
				   "r or s is 0 or not below the order" :
				   "it has not the length of the modulus");
	return r;
}

static int check_it(struct verify_run *run,
		    const struct evidence_signature *signature)
{
	int r = check_range(run, signature);

	if (r <= 0)
		return r;
	r = verify_signature(&run->ak, signature, run->evidence->msg);
	if (r == -EINVAL)
		verify_add(run->verdict, VERIFY_AK_FORM, NULL,
			   "its public point or modulus is none");
	else if (r == 0)
		verify_say(run->verdict, VERIFY_SIGNATURE_WRONG, NULL);
	run->verdict->is_signed = r > 0;
	return r == -EINVAL || r >= 0 ? 0 : r;
}

int verify_check_signature(struct verify_run *run)
{
	struct evidence_signature signature;
	struct evidence_error error;
	int r = evidence_signature_parse(run->evidence->sig, &signature,
					 &error);

	if (r) {
		verify_add_error(run->verdict,
				 r == EVIDENCE_OTHER_TYPE ?
					 VERIFY_SIGNATURE_SCHEME :
					 VERIFY_SIGNATURE_FORM,
				 &error);
		return 0;
	}
	if (!run->has_ak || !is_own_scheme(run, &signature))
		return 0;
	return check_it(run, &signature);
}
