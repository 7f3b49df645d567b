// SPDX-License-Identifier: MIT
/*
 * The endorsement key, its certificate, and credentials, of the software TPM of an emulator;
 * and of the same behind a way that refuses.
 */
#include "tpm/credential.h"

#include "base/bytes.h"
#include "lib/emulator.h"
#include "lib/testing.h"
#include "lib/tpm_way.h"

#include <tss2/tss2_mu.h>

#include <errno.h>
#include <signal.h>

static struct emulator machine;
static bool is_there;
static char tcti[256];
static struct tpm_ak_place key_place;

static int start(void **state)
{
	(void)state;
	setenv("TSS2_LOG", "all+NONE", 1);
	signal(SIGPIPE, SIG_IGN);
	alarm(600); /* a TPM that says nothing would be waited for */
	is_there = !emulator_missing() &&
		   system("command -v swtpm >/dev/null") == 0;
	if (!is_there)
		return 0;
	emulator_start(&machine, "--tpm", "swtpm", NULL);
	snprintf(tcti, sizeof(tcti), "cmd:exec %s --socket %s tpm", IMASIM,
		 machine.socket);
	snprintf(key_place.file, sizeof(key_place.file), "%s/ak", machine.home);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	if (!is_there)
		return 0;
	unlink(key_place.file);
	emulator_stop(&machine);
	return 0;
}

static int need_machine(void **state)
{
	int r = emulator_needed(state);

	if (!is_there) {
		print_message("# missing swtpm\n");
		skip();
	}
	return r;
}

static struct tpm *open_tpm(void)
{
	struct tpm *tpm;

	assert_int_equal(tpm_open(tcti, NULL, &tpm), 0);
	return tpm;
}

static void assert_trouble(struct tpm *tpm, const char *part)
{
	char words[TPM_TROUBLE_MAX];

	tpm_trouble(tpm, words);
	if (!strstr(words, part))
		print_message("# '%s' is not in '%s'\n", part, words);
	assert_non_null(strstr(words, part));
}

static struct tpm_ak new_key(struct tpm *tpm)
{
	struct tpm_ak ak;

	unlink(key_place.file);
	assert_int_equal(tpm_ak_create(tpm, &key_place, TPM_AK_ECC_P256,
				       bytes_of(NULL, 0), &ak),
			 0);
	return ak;
}

/* ---- credentials, made by the TPM itself -------------------------------------- */

#define SECRET "what only that TPM can say"
#define SECRET_LEN (sizeof(SECRET) - 1)

struct sealed {
	uint8_t object[256], secret[520];
	size_t object_len, secret_len;
};

static struct imastage_bytes object_of(const struct sealed *sealed)
{
	return bytes_of(sealed->object, sealed->object_len);
}

static struct imastage_bytes secret_of(const struct sealed *sealed)
{
	return bytes_of(sealed->secret, sealed->secret_len);
}

static void marshal(const TPM2B_ID_OBJECT *object,
		    const TPM2B_ENCRYPTED_SECRET *secret, struct sealed *sealed)
{
	*sealed = (struct sealed){ 0 };
	assert_int_equal(Tss2_MU_TPM2B_ID_OBJECT_Marshal(object, sealed->object,
							 sizeof(sealed->object),
							 &sealed->object_len),
			 0);
	assert_int_equal(Tss2_MU_TPM2B_ENCRYPTED_SECRET_Marshal(
				 secret, sealed->secret, sizeof(sealed->secret),
				 &sealed->secret_len),
			 0);
}

static TPM2B_NAME name_of(const struct tpm_ak *ak)
{
	TPM2B_NAME name = { .size = (uint16_t)ak->name.len };

	memcpy(name.name, ak->name.bytes, ak->name.len);
	return name;
}

/* For the EK of this kind, and a key of this name. */
static struct sealed seal(struct tpm *tpm, enum tpm_ek_kind kind,
			  const struct tpm_ak *ak)
{
	const TPM2B_DIGEST secret = { .size = SECRET_LEN, .buffer = SECRET };
	TPM2B_NAME name = name_of(ak);
	TPM2B_ENCRYPTED_SECRET *encrypted;
	TPM2B_ID_OBJECT *object;
	TPM2B_PUBLIC public = { 0 };
	struct sealed sealed;
	struct tpm_esys link;
	struct tpm_ek ek;
	size_t at = 0;
	ESYS_TR key;

	assert_int_equal(tpm_ek_read(tpm, kind, false, &ek), 0);
	assert_int_equal(Tss2_MU_TPM2B_PUBLIC_Unmarshal(
				 ek.public, ek.public_len, &at, &public),
			 0);
	assert_int_equal(tpm_esys_open(tcti, &link), 0);
	assert_int_equal(Esys_LoadExternal(link.esys, ESYS_TR_NONE,
					   ESYS_TR_NONE, ESYS_TR_NONE, NULL,
					   &public, ESYS_TR_RH_ENDORSEMENT,
					   &key),
			 0);
	assert_int_equal(Esys_MakeCredential(link.esys, key, ESYS_TR_NONE,
					     ESYS_TR_NONE, ESYS_TR_NONE,
					     &secret, &name, &object,
					     &encrypted),
			 0);
	assert_int_equal(Esys_FlushContext(link.esys, key), 0);
	marshal(object, encrypted, &sealed);
	free(object);
	free(encrypted);
	tpm_esys_close(&link);
	return sealed;
}

static int open_it(struct tpm *tpm, const struct tpm_ak *ak,
		   const struct sealed *sealed)
{
	uint8_t secret[TPM_SECRET_MAX];
	size_t len;
	int r = tpm_activate(tpm, ak, object_of(sealed), secret_of(sealed),
			     secret, &len);

	if (r == 0)
		assert_true(bytes_equal_text(bytes_of(secret, len), SECRET));
	return r;
}

TEST(opens_credentials_of_each_kind)
{
	struct tpm *tpm = open_tpm();
	struct tpm_ak ak = new_key(tpm);

	for (int kind = 0; kind < TPM_NR_EK_KINDS; kind++) {
		struct sealed sealed = seal(tpm, (enum tpm_ek_kind)kind, &ak);

		/* More often than a TPM has room for sessions and keys. */
		for (int i = 0; i < 5; i++)
			assert_int_equal(open_it(tpm, &ak, &sealed), 0);
	}
	tpm_close(tpm);
}

TEST(opens_none_of_another_key_or_tpm)
{
	struct tpm *tpm = open_tpm();
	struct tpm_ak other = new_key(tpm), ak = new_key(tpm);

	for (int kind = 0; kind < TPM_NR_EK_KINDS; kind++) {
		struct sealed sealed =
			seal(tpm, (enum tpm_ek_kind)kind, &other);

		assert_int_equal(open_it(tpm, &ak, &sealed), -EKEYREJECTED);
		assert_trouble(tpm,
			       "begin anew with `imastage enroll request`");
	}
	{
		struct sealed sealed = seal(tpm, TPM_EK_RSA_2048, &ak);

		assert_int_equal(emulator_ask(&machine, "tpm-new", NULL), 0);
		tpm_close(tpm);
		tpm = open_tpm();
		ak = new_key(tpm);
		assert_int_equal(open_it(tpm, &ak, &sealed), -EKEYREJECTED);
	}
	tpm_close(tpm);
}

/* What comes from outside: cut off, longer, each byte another one. */
TEST(opens_nothing_that_was_altered)
{
	struct tpm *tpm = open_tpm();
	struct tpm_ak ak = new_key(tpm);
	const struct sealed good = seal(tpm, TPM_EK_ECC_P256, &ak);

	for (size_t len = 0; len < good.object_len; len++) {
		struct sealed bad = good;

		bad.object_len = len;
		assert_int_equal(open_it(tpm, &ak, &bad), -EINVAL);
		bad = good;
		bad.object[len] ^= 1;
		assert_true(open_it(tpm, &ak, &bad) < 0);
	}
	for (size_t len = 0; len < good.secret_len; len++) {
		struct sealed bad = good;

		bad.secret_len = len;
		assert_int_equal(open_it(tpm, &ak, &bad), -EINVAL);
		bad = good;
		bad.secret[len] ^= 1;
		assert_true(open_it(tpm, &ak, &bad) < 0);
	}
	assert_int_equal(open_it(tpm, &ak, &good), 0);
	tpm_close(tpm);
}

/* Each command refused; after that nothing of ours is left in the TPM. */
TEST(puts_all_away_whatever_is_refused)
{
	static const TSS2_RC refusals[] = { TPM2_RC_LOCKOUT,
					    TPM2_RC_AUTH_FAIL | TPM2_RC_S |
						    TPM2_RC_1,
					    TPM2_RC_HIERARCHY };
	struct tpm_way way;
	struct tpm *tpm = tpm_way_open(&way, tcti);
	struct tpm_ak ak = new_key(tpm);
	struct sealed sealed = seal(tpm, TPM_EK_ECC_P256, &ak);

	way.spared = TPM2_CC_FlushContext;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		/* CreatePrimary, ReadPublic, looking for the EK, ... */
		for (unsigned int step = 0;; step++) {
			int r;

			tpm_way_hit(&way, step, 1, refusals[i]);
			r = open_it(tpm, &ak, &sealed);
			if (r == 0)
				break;
			assert_true(way.was_hit);
			assert_int_equal(r, tpm_esys_errno(refusals[i]));
			tpm_way_hit(&way, 0, 0, 0);
			for (int again = 0; again < 4; again++)
				assert_int_equal(open_it(tpm, &ak, &sealed), 0);
		}
	}
	tpm_way_close(&way, tpm);
}

/* ---- certificates ----------------------------------------------------------------- */

#define ECC_INDEX 0x01c0000a
#define RSA_INDEX 0x01c00002
#define P384_INDEX 0x01c00016

static void define(uint32_t index, const uint8_t *data, uint16_t len)
{
	const TPM2B_AUTH none = { 0 };
	const TPM2B_NV_PUBLIC public = {
		.nvPublic = { .nvIndex = index,
			      .nameAlg = TPM2_ALG_SHA256,
			      .attributes =
				      TPMA_NV_AUTHREAD | TPMA_NV_OWNERREAD |
				      TPMA_NV_OWNERWRITE | TPMA_NV_AUTHWRITE,
			      .dataSize = len },
	};
	struct tpm_esys link;
	ESYS_TR nv;

	assert_int_equal(tpm_esys_open(tcti, &link), 0);
	assert_int_equal(Esys_NV_DefineSpace(link.esys, ESYS_TR_RH_OWNER,
					     ESYS_TR_PASSWORD, ESYS_TR_NONE,
					     ESYS_TR_NONE, &none, &public, &nv),
			 0);
	for (uint16_t at = 0; at < len; at += 512) {
		TPM2B_MAX_NV_BUFFER chunk = {
			.size = len - at < 512 ? (uint16_t)(len - at) : 512,
		};

		memcpy(chunk.buffer, data + at, chunk.size);
		assert_int_equal(Esys_NV_Write(link.esys, nv, nv,
					       ESYS_TR_PASSWORD, ESYS_TR_NONE,
					       ESYS_TR_NONE, &chunk, at),
				 0);
	}
	tpm_esys_close(&link);
}

static void undefine(uint32_t index)
{
	struct tpm_esys link;
	ESYS_TR nv;

	assert_int_equal(tpm_esys_open(tcti, &link), 0);
	assert_int_equal(Esys_TR_FromTPMPublic(link.esys, index, ESYS_TR_NONE,
					       ESYS_TR_NONE, ESYS_TR_NONE, &nv),
			 0);
	assert_int_equal(Esys_NV_UndefineSpace(link.esys, ESYS_TR_RH_OWNER, nv,
					       ESYS_TR_PASSWORD, ESYS_TR_NONE,
					       ESYS_TR_NONE),
			 0);
	tpm_esys_close(&link);
}

/* A DER sequence of @len bytes in all, of which nothing inside is looked at. */
static void make_der(uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 7);
	data[0] = 0x30;
	data[1] = 0x82;
	data[2] = (uint8_t)((len - 4) >> 8);
	data[3] = (uint8_t)(len - 4);
}

TEST(reads_certificates)
{
	static const uint16_t lens[] = { 300, 512, 513, 1024, 1500 };
	struct tpm *tpm = open_tpm();
	uint8_t data[2048];
	struct tpm_ek ek;

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		/* Filled up behind it. */
		memset(data, 0xff, sizeof(data));
		make_der(data, lens[i]);
		define(RSA_INDEX, data, (uint16_t)(lens[i] + i * 10));
		assert_int_equal(tpm_ek_read(tpm, TPM_EK_RSA_2048, true, &ek),
				 0);
		assert_int_equal(ek.certificate_len, lens[i]);
		assert_memory_equal(ek.certificate, data, lens[i]);
		assert_int_equal(tpm_ek_read(tpm, TPM_EK_RSA_2048, false, &ek),
				 0);
		assert_int_equal(ek.certificate_len, 0);
		undefine(RSA_INDEX);
	}
	assert_int_equal(tpm_ek_read(tpm, TPM_EK_RSA_2048, true, &ek), 0);
	assert_int_equal(ek.certificate_len, 0);
	tpm_close(tpm);
}

TEST(refuses_certificates_that_are_none)
{
	struct tpm *tpm = open_tpm();
	uint8_t data[300];
	struct tpm_ek ek;

	for (int i = 0; i < 4; i++) {
		make_der(data, sizeof(data));
		data[i] ^= 0x10; /* tag, form, length */
		define(ECC_INDEX, data, i == 3 ? 250 : sizeof(data));
		assert_int_equal(tpm_ek_read(tpm, TPM_EK_ECC_P256, true, &ek),
				 -EBADMSG);
		assert_trouble(tpm, "give its file with --ek-certificate");
		assert_int_equal(tpm_ek_read(tpm, TPM_EK_ECC_P256, false, &ek),
				 0);
		undefine(ECC_INDEX);
	}
	tpm_close(tpm);
}

TEST(chooses_the_key_that_shows_most)
{
	struct tpm *tpm = open_tpm();
	uint8_t data[300];
	enum tpm_ek_kind kind;

	make_der(data, sizeof(data));
	assert_int_equal(tpm_ek_choose(tpm, &kind), 0);
	assert_int_equal(kind, TPM_EK_ECC_P256);
	define(RSA_INDEX, data, sizeof(data));
	assert_int_equal(tpm_ek_choose(tpm, &kind), 0);
	assert_int_equal(kind, TPM_EK_RSA_2048);
	define(P384_INDEX, data, sizeof(data));
	assert_int_equal(tpm_ek_choose(tpm, &kind), 0);
	assert_int_equal(kind, TPM_EK_ECC_P384);
	define(ECC_INDEX, data, sizeof(data));
	assert_int_equal(tpm_ek_choose(tpm, &kind), 0);
	assert_int_equal(kind, TPM_EK_ECC_P256);
	undefine(ECC_INDEX);
	undefine(RSA_INDEX);
	assert_int_equal(tpm_ek_choose(tpm, &kind), 0);
	assert_int_equal(kind, TPM_EK_ECC_P384);
	undefine(P384_INDEX);
	tpm_close(tpm);
}

/* As they are made, they are the same as those that tell TPMs apart (esys.h). */
TEST(is_the_key_that_tells_tpms_apart)
{
	struct tpm *tpm = open_tpm();
	struct evidence_public public;
	struct evidence_error error;
	struct tpm_identity identity;
	struct evidence_name name;
	struct tpm_ek ek;

	assert_int_equal(tpm_ek_read(tpm, TPM_EK_ECC_P256, true, &ek), 0);
	assert_int_equal(tpm_identify(tpm, &identity), 0);
	assert_int_equal(
		evidence_public_parse(tpm_ek_public(&ek), &public, &error), 0);
	assert_int_equal(evidence_public_name(&public, &name), 0);
	assert_int_equal(name.len, identity.ek_len);
	assert_memory_equal(name.bytes, identity.ek, name.len);
	tpm_close(tpm);
}

#define ON_MACHINE(test) cmocka_unit_test_setup(test, need_machine)

TEST_MAIN_WITH(start, stop, ON_MACHINE(is_the_key_that_tells_tpms_apart),
	       ON_MACHINE(opens_credentials_of_each_kind),
	       ON_MACHINE(opens_none_of_another_key_or_tpm),
	       ON_MACHINE(opens_nothing_that_was_altered),
	       ON_MACHINE(puts_all_away_whatever_is_refused),
	       ON_MACHINE(reads_certificates),
	       ON_MACHINE(refuses_certificates_that_are_none),
	       ON_MACHINE(chooses_the_key_that_shows_most))
