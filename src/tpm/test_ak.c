// SPDX-License-Identifier: MIT
/*
 * Attestation keys and quotes, of the software TPM of an emulator; and of the same
 * behind a way that refuses, alters or cuts off answers.
 */
#include "tpm/quote.h"

#include "base/bytes.h"
#include "evidence/signature.h"
#include "lib/emulator.h"
#include "lib/testing.h"
#include "lib/tpm_way.h"
#include "tpm/private.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

static struct emulator machine;
static bool is_there;
static char key_file[120];
#define NR_FILES 7 /* that are named so, with a number behind */

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
	snprintf(key_file, sizeof(key_file), "%s/ak", machine.home);
	return 0;
}

static int stop(void **state)
{
	char path[160];

	(void)state;
	if (!is_there)
		return 0;
	for (unsigned int nr = 0; nr < NR_FILES; nr++) {
		snprintf(path, sizeof(path), "%s-%u", key_file, nr);
		unlink(path);
	}
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

static void way_to_machine(char *ret_tcti, size_t room)
{
	snprintf(ret_tcti, room, "cmd:exec %s --socket %s tpm", IMASIM,
		 machine.socket);
}

static struct tpm *open_tpm(void)
{
	struct tpm *tpm = NULL;
	char tcti[256];

	way_to_machine(tcti, sizeof(tcti));
	assert_int_equal(tpm_open(tcti, NULL, &tpm), 0);
	assert_int_equal(tpm_connect(tpm), 0);
	return tpm;
}

static struct imastage_bytes text(const char *text)
{
	return bytes_of_text(text);
}

static const struct imastage_bytes nothing;

static struct tpm_ak_place place_of(const char *words)
{
	struct tpm_ak_place place;

	assert_int_equal(tpm_ak_place_parse(words, &place), 0);
	return place;
}

/* A file of the key @nr, as none has made one yet. */
static struct tpm_ak_place new_file(unsigned int nr)
{
	char path[160];

	snprintf(path, sizeof(path), "%s-%u", key_file, nr);
	unlink(path);
	assert_true(nr < NR_FILES);
	return place_of(path);
}

static void evict(uint32_t handle)
{
	struct tpm_esys link;
	ESYS_TR object, none;
	char tcti[256];

	way_to_machine(tcti, sizeof(tcti));
	assert_int_equal(tpm_esys_open(tcti, &link), 0);
	if (Esys_TR_FromTPMPublic(link.esys, handle, ESYS_TR_NONE, ESYS_TR_NONE,
				  ESYS_TR_NONE, &object) == TSS2_RC_SUCCESS)
		assert_int_equal(Esys_EvictControl(link.esys, ESYS_TR_RH_OWNER,
						   object, ESYS_TR_PASSWORD,
						   ESYS_TR_NONE, ESYS_TR_NONE,
						   handle, &none),
				 0);
	tpm_esys_close(&link);
}

static const struct evidence_selections wanted = {
	.nr = 2,
	.of = { { .alg = 0x000b, .pcrs = 0x7ff }, { .alg = 4, .pcrs = 0x400 } },
};

/* ---- the signature, checked by others ------------------------------------------ */

static void assert_trouble(struct tpm *tpm, const char *part)
{
	char words[TPM_TROUBLE_MAX];

	tpm_trouble(tpm, words);
	if (!strstr(words, part))
		print_message("# '%s' is not in '%s'\n", part, words);
	assert_non_null(strstr(words, part));
}

static void assert_is_ours(const struct tpm_ak *ak)
{
	const uint32_t needed = EVIDENCE_FIXED_TPM | EVIDENCE_FIXED_PARENT |
				EVIDENCE_SENSITIVE_DATA_ORIGIN |
				EVIDENCE_RESTRICTED | EVIDENCE_SIGN;
	struct evidence_error error;
	struct evidence_public key;
	struct evidence_name name;

	assert_int_equal(evidence_public_parse(tpm_ak_public(ak), &key, &error),
			 0);
	assert_int_equal(key.attributes & (needed | EVIDENCE_DECRYPT), needed);
	assert_int_equal(evidence_public_name(&key, &name), 0);
	assert_int_equal(name.len, ak->name.len);
	assert_memory_equal(name.bytes, ak->name.bytes, name.len);
	assert_int_equal(
		evidence_public_primary(&key, EVIDENCE_ENDORSEMENT, &name), 0);
	assert_int_equal(name.len, ak->qualified.len);
	assert_memory_equal(name.bytes, ak->qualified.bytes, name.len);
}

static void assert_answers(const struct tpm_quote *quote,
			   const struct tpm_ak *ak,
			   struct imastage_bytes qualifying,
			   const struct evidence_pcrs *pcrs)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	struct evidence_error error;
	struct evidence_attest attest;
	struct evidence_public key;
	enum imastage_bank hash;

	assert_int_equal(evidence_public_parse(tpm_ak_public(ak), &key, &error),
			 0);
	assert_int_equal(imastage_bank_by_tpm_alg(key.hash, &hash), 0);
	assert_int_equal(evidence_attest_parse(tpm_quote_msg(quote), &attest,
					       &error),
			 0);
	assert_true(bytes_equal(attest.qualifying, qualifying));
	assert_true(bytes_equal(attest.signer, bytes_of(ak->qualified.bytes,
							ak->qualified.len)));
	assert_true(evidence_selections_equal(&attest.selections, &wanted));
	assert_int_equal(evidence_pcrs_digest(pcrs, hash, digest), 0);
	assert_true(
		bytes_equal(attest.pcr_digest,
			    bytes_of(digest, imastage_bank_digest_len(hash))));
}

static int quote(struct tpm *tpm, const struct tpm_ak *ak,
		 struct tpm_quote *ret_quote)
{
	return tpm_quote(tpm, ak, &wanted, text("a nonce of a test"),
			 ret_quote);
}

static void quotes_with(struct tpm *tpm, const struct tpm_ak *ak)
{
	struct evidence_clock clock;
	struct evidence_pcrs pcrs;
	struct tpm_quote quoted;

	assert_int_equal(quote(tpm, ak, &quoted), 0);
	assert_int_equal(tpm_read_selections(tpm, &wanted, &pcrs), 0);
	assert_answers(&quoted, ak, text("a nonce of a test"), &pcrs);
	assert_int_equal(tpm_read_clock(tpm, &clock), 0);
	assert_int_equal(tpm_quote(tpm, ak, &wanted, nothing, &quoted), 0);
}

/* ---- keys ----------------------------------------------------------------- */

TEST(makes_keys_of_each_kind)
{
	struct tpm *tpm = open_tpm();

	emulator_load(&machine, 1, 10);
	for (int kind = 0; kind < TPM_NR_AK_KINDS; kind++) {
		struct tpm_ak_place place = new_file((unsigned int)kind);
		struct tpm_ak made, found;
		struct stat st;

		assert_int_equal(tpm_ak_create(tpm, &place,
					       (enum tpm_ak_kind)kind, nothing,
					       &made),
				 0);
		assert_int_equal(stat(place.file, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		assert_is_ours(&made);
		assert_int_equal(tpm_ak_open(tpm, &place, nothing, &found), 0);
		assert_memory_equal(&made.qualified, &found.qualified,
				    sizeof(made.qualified));
		quotes_with(tpm, &found);
	}
	tpm_close(tpm);
}

TEST(keeps_a_key_in_the_tpm)
{
	struct tpm_ak_place place = place_of(TPM_AK_HANDLE_TEXT);
	struct tpm_ak made, found;
	struct tpm *tpm = open_tpm();

	assert_int_equal(
		tpm_ak_create(tpm, &place, TPM_AK_ECC_P256, nothing, &made), 0);
	tpm_close(tpm);
	assert_int_equal(emulator_ask(&machine, "reboot", NULL), 0);
	tpm = open_tpm();
	assert_int_equal(tpm_ak_open(tpm, &place, nothing, &found), 0);
	assert_memory_equal(&made, &found, sizeof(made));
	assert_is_ours(&found);
	quotes_with(tpm, &found);
	/* What is there stays. */
	assert_int_equal(tpm_ak_create(tpm, &place, TPM_AK_ECC_P256, nothing,
				       &made),
			 -EEXIST);
	assert_trouble(tpm, "there is a key at 0x8101494d; use it, name");
	quotes_with(tpm, &found);
	tpm_close(tpm);
	evict(place.handle);
}

TEST(keeps_a_file_that_is_there)
{
	struct tpm_ak_place place = new_file(0);
	struct tpm_ak made, found;
	struct tpm *tpm = open_tpm();

	assert_int_equal(
		tpm_ak_create(tpm, &place, TPM_AK_ECC_P256, nothing, &made), 0);
	assert_int_equal(tpm_ak_create(tpm, &place, TPM_AK_ECC_P256, nothing,
				       &found),
			 -EEXIST);
	assert_trouble(tpm, "it is there; name another file");
	assert_int_equal(tpm_ak_open(tpm, &place, nothing, &found), 0);
	assert_memory_equal(&made, &found, sizeof(made));
	tpm_close(tpm);
}

/* The same file gives the same key after a hard boot, each new one another key. */
TEST(makes_the_key_of_a_file_again)
{
	struct tpm_ak_place one = new_file(1), two = new_file(2);
	struct tpm_ak made, other, again;
	struct tpm *tpm = open_tpm();

	assert_int_equal(
		tpm_ak_create(tpm, &one, TPM_AK_ECC_P256, nothing, &made), 0);
	assert_int_equal(
		tpm_ak_create(tpm, &two, TPM_AK_ECC_P256, nothing, &other), 0);
	assert_memory_not_equal(made.public, other.public, made.public_len);
	tpm_close(tpm);
	assert_int_equal(emulator_ask(&machine, "reboot", NULL), 0);
	tpm = open_tpm();
	assert_int_equal(tpm_ak_open(tpm, &one, nothing, &again), 0);
	assert_memory_equal(&made, &again, sizeof(made));
	/* With another key behind the same name a quote begun before is none. */
	assert_int_equal(rename(two.file, one.file), 0);
	{
		struct tpm_quote quoted;

		assert_int_equal(quote(tpm, &made, &quoted), -ESTALE);
		assert_trouble(tpm, "another attestation key is there");
	}
	tpm_close(tpm);
}

/* It forgets what is persistent; what it makes keys from stays. */
TEST(finds_a_file_s_key_alone_after_clearing)
{
	struct tpm_ak_place place = place_of(TPM_AK_HANDLE_TEXT),
			    file = new_file(1);
	struct tpm_ak made, found;
	struct tpm *tpm = open_tpm();

	assert_int_equal(tpm_ak_create(tpm, &place, TPM_AK_ECC_P256, nothing,
				       &found),
			 0);
	assert_int_equal(
		tpm_ak_create(tpm, &file, TPM_AK_ECC_P256, nothing, &made), 0);
	assert_int_equal(emulator_ask(&machine, "tpm-clear", NULL), 0);
	assert_int_equal(tpm_ak_open(tpm, &place, nothing, &found), -ENOKEY);
	assert_int_equal(tpm_ak_open(tpm, &file, nothing, &found), 0);
	assert_memory_equal(&made, &found, sizeof(made));
	quotes_with(tpm, &found);
	tpm_close(tpm);
}

TEST(asks_for_the_authorization_value)
{
	struct tpm_ak_place place = place_of("0x81010077"), file = new_file(3);
	struct tpm_ak ak;
	struct tpm_quote quoted;
	struct tpm *tpm = open_tpm();

	assert_int_equal(tpm_ak_create(tpm, &file, TPM_AK_ECC_P256,
				       text("secret"), &ak),
			 -EINVAL);
	assert_int_equal(tpm_ak_create(tpm, &place, TPM_AK_ECC_P256,
				       text("secret"), &ak),
			 0);
	assert_int_equal(quote(tpm, &ak, &quoted), 0);
	/* noDA: however often it is wrong. */
	for (int i = 0; i < 40; i++) {
		assert_int_equal(tpm_ak_open(tpm, &place, text("wrong"), &ak),
				 0);
		assert_int_equal(quote(tpm, &ak, &quoted), -EACCES);
	}
	assert_trouble(tpm, "; give the file with the right authorization");
	assert_int_equal(tpm_ak_open(tpm, &place, text("secret"), &ak), 0);
	quotes_with(tpm, &ak);
	tpm_close(tpm);
	evict(place.handle);
}

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void note_level(void *context, enum say_level level, const char *words)
{
	enum say_level *worst = context;

	(void)words;
	*worst = level < *worst ? level : *worst;
}

/* A keeper that looks for a key at each start has nothing to complain of. */
TEST(logs_no_error_where_there_is_no_key)
{
	struct tpm_ak_place place = place_of("0x81010078"), file = new_file(4);
	enum say_level worst = SAY_DEBUG;
	const struct say log = { note_level, &worst };
	char tcti[256];
	struct tpm *tpm;
	struct tpm_ak ak;

	way_to_machine(tcti, sizeof(tcti));
	assert_int_equal(tpm_open(tcti, &log, &tpm), 0);
	assert_int_equal(tpm_ak_open(tpm, &place, nothing, &ak), -ENOKEY);
	assert_int_equal(tpm_ak_open(tpm, &file, nothing, &ak), -ENOKEY);
	assert_int_equal(worst, SAY_DEBUG);
	write_file(file.file, "no key", 6);
	assert_int_equal(tpm_ak_open(tpm, &file, nothing, &ak), -EBADMSG);
	assert_int_equal(worst, SAY_ERROR);
	tpm_close(tpm);
}

TEST(says_what_is_missing)
{
	struct tpm_ak_place place = place_of("0x81010078"), file = new_file(4);
	struct tpm_ak ak;
	struct tpm *tpm = open_tpm();

	assert_int_equal(tpm_ak_open(tpm, &place, nothing, &ak), -ENOKEY);
	assert_trouble(tpm, "0x81010078: ");
	assert_trouble(tpm, "; `imastage ak create` makes a key there");
	assert_int_equal(tpm_ak_open(tpm, &file, nothing, &ak), -ENOKEY);
	assert_trouble(tpm, "there is no such key");
	tpm_close(tpm);
}

/* A key that would sign whatever it is given. */
TEST(refuses_other_keys)
{
	struct tpm_ak_place place = place_of("0x81010079");
	struct tpm_ak ak;
	struct tpm *tpm = open_tpm();
	char command[600];

	snprintf(
		command, sizeof(command),
		"cd %s && export TPM2TOOLS_TCTI='cmd:exec %s --socket %s tpm' "
		"&& tpm2_createprimary -Q -C e -G ecc256:ecdsa-sha256:null "
		"-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign' "
		"-c key && tpm2_evictcontrol -Q -c key 0x81010079 && rm key",
		machine.home, IMASIM, machine.socket);
	if (system("command -v tpm2_createprimary >/dev/null") != 0) {
		print_message("# missing tpm2-tools\n");
		skip();
	}
	assert_int_equal(system(command), 0);
	assert_int_equal(tpm_ak_open(tpm, &place, nothing, &ak), -EKEYREJECTED);
	assert_trouble(tpm, "what is there is no attestation key");
	tpm_close(tpm);
	evict(place.handle);
}

static size_t read_file(const char *path, uint8_t *data, size_t room)
{
	FILE *file = fopen(path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(data, 1, room, file);
	fclose(file);
	return len;
}

/* Cut off, with more behind it, with any byte another one. */
TEST(refuses_files_that_are_none)
{
	struct tpm_ak_place place = new_file(5);
	struct tpm *tpm = open_tpm();
	struct tpm_ak ak, other;
	uint8_t data[2048];
	size_t len;

	assert_int_equal(
		tpm_ak_create(tpm, &place, TPM_AK_ECC_P256, nothing, &ak), 0);
	len = read_file(place.file, data, sizeof(data));
	for (size_t cut = 0; cut < len; cut++) {
		write_file(place.file, data, cut);
		assert_int_equal(tpm_ak_open(tpm, &place, nothing, &other),
				 -EBADMSG);
	}
	data[len] = 0;
	write_file(place.file, data, len + 1);
	assert_int_equal(tpm_ak_open(tpm, &place, nothing, &other), -EBADMSG);
	for (size_t at = 0; at < len; at += 3) {
		data[at] ^= 1;
		write_file(place.file, data, len);
		assert_true(tpm_ak_open(tpm, &place, nothing, &other) < 0);
		data[at] ^= 1;
	}
	write_file(place.file, data, len);
	assert_int_equal(tpm_ak_open(tpm, &place, nothing, &other), 0);
	/* Of another TPM. */
	assert_int_equal(emulator_ask(&machine, "tpm-new", NULL), 0);
	assert_int_equal(tpm_ak_open(tpm, &place, nothing, &other), -ESTALE);
	assert_trouble(tpm, "the key is of another TPM");
	tpm_close(tpm);
}

TEST(refuses_what_cannot_be_quoted)
{
	static const struct evidence_selections bad[] = {
		{ .nr = 0 },
		{ .nr = 1, .of = { { 0x000b, 0 } } },
		{ .nr = 1, .of = { { 0x000b, 1u << 24 } } },
		{ .nr = 1, .of = { { 0xffff, 1 } } },
		{ .nr = 2, .of = { { 0x000b, 1 }, { 0x000b, 2 } } },
	};
	static const struct evidence_selections no_bank = {
		.nr = 1,
		.of = { { 0x0012, 1 } },
	};
	struct tpm_ak_place place = new_file(6);
	uint8_t much[65] = { 0 };
	struct evidence_pcrs pcrs;
	struct tpm_quote quoted;
	struct tpm *tpm = open_tpm();
	struct tpm_ak ak;

	assert_int_equal(
		tpm_ak_create(tpm, &place, TPM_AK_ECC_P256, nothing, &ak), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(tpm_quote(tpm, &ak, &bad[i], nothing, &quoted),
				 -EINVAL);
		assert_int_equal(tpm_read_selections(tpm, &bad[i], &pcrs),
				 -EINVAL);
	}
	assert_int_equal(tpm_quote(tpm, &ak, &no_bank, nothing, &quoted),
			 -ENOENT);
	assert_trouble(tpm, "it has no bank sm3; name others");
	assert_int_equal(tpm_quote(tpm, &ak, &wanted, bytes_of(much, 65),
				   &quoted),
			 -EINVAL);
	assert_int_equal(
		tpm_quote(tpm, &ak, &wanted, bytes_of(much, 64), &quoted), 0);
	tpm_close(tpm);
}

TEST(reads_all_pcrs_of_all_banks)
{
	struct evidence_selections all = { .nr = 4 };
	struct imastage_digests values;
	struct evidence_pcrs pcrs;
	struct tpm *tpm = open_tpm();

	for (size_t i = 0; i < all.nr; i++) {
		all.of[i].alg = imastage_bank_tpm_alg((enum imastage_bank)i);
		all.of[i].pcrs = 0xffffff;
	}
	assert_int_equal(tpm_read_selections(tpm, &all, &pcrs), 0);
	for (unsigned int pcr = 0; pcr < 24; pcr++) {
		assert_int_equal(tpm_read_pcrs(tpm, 0xf, pcr, &values), 0);
		for (int bank = 0; bank < 4; bank++)
			assert_memory_equal(values.of[bank],
					    pcrs.values.of[bank][pcr],
					    IMASTAGE_DIGEST_MAX);
	}
	tpm_close(tpm);
}

TEST(reads_places)
{
	static const char *const bad[] = {
		"",	      "0x",	     "0x80000000",
		"0x81800000", "0x8101494dz", "0x100000081010001"
	};
	struct tpm_ak_place place = place_of("0x8101494D");
	char words[TPM_FILE_MAX], name[TPM_FILE_MAX + 1];
	enum tpm_ak_kind kind;

	assert_int_equal(place.handle, TPM_AK_HANDLE);
	tpm_ak_place_print(&place, words);
	assert_string_equal(words, TPM_AK_HANDLE_TEXT);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(tpm_ak_place_parse(bad[i], &place), -EINVAL);
	memset(name, 'x', TPM_FILE_MAX);
	name[TPM_FILE_MAX] = '\0';
	assert_int_equal(tpm_ak_place_parse(name, &place), -EINVAL);
	name[TPM_FILE_MAX - 1] = '\0';
	place = place_of(name);
	tpm_ak_place_print(&place, words);
	assert_string_equal(words, name);
	for (int i = 0; i < TPM_NR_AK_KINDS; i++) {
		assert_int_equal(
			tpm_ak_kind_parse(tpm_ak_kind_name((enum tpm_ak_kind)i),
					  &kind),
			0);
		assert_int_equal(kind, i);
	}
	assert_int_equal(tpm_ak_kind_parse("ecc", &kind), -EINVAL);
}

/* ---- a way that is in the way --------------------------------------------------- */

static struct tpm *open_way(struct tpm_way *way)
{
	char tcti[256];

	way_to_machine(tcti, sizeof(tcti));
	return tpm_way_open(way, tcti);
}

static struct tpm_ak make_key(struct tpm *tpm, unsigned int nr)
{
	struct tpm_ak_place place = new_file(nr);
	struct tpm_ak ak;

	assert_int_equal(
		tpm_ak_create(tpm, &place, TPM_AK_ECC_P256, nothing, &ak), 0);
	return ak;
}

/* TSS asks five times at once; we eleven times. */
TEST(asks_again_while_it_is_busy)
{
	static const TSS2_RC busy[] = { TPM2_RC_RETRY, TPM2_RC_YIELDED,
					TPM2_RC_TESTING };
	struct tpm_quote quoted;
	struct tpm_way way;
	struct tpm *tpm = open_way(&way);
	struct tpm_ak ak = make_key(tpm, 0);

	for (size_t i = 0; i < ARRAY_SIZE(busy); i++) {
		/* CreatePrimary, ReadPublic twice, Quote, FlushContext */
		for (unsigned int step = 0; step < 4; step++) {
			tpm_way_hit(&way, step, 12, busy[i]);
			assert_int_equal(quote(tpm, &ak, &quoted), 0);
			assert_true(way.was_hit);
		}
	}
	tpm_way_hit(&way, 0, 1000, TPM2_RC_TESTING);
	assert_int_equal(quote(tpm, &ak, &quoted), -EAGAIN);
	assert_trouble(tpm, "; try again later");
	assert_true(way.nr < 100);
	tpm_way_hit(&way, 0, 0, 0);
	assert_int_equal(quote(tpm, &ak, &quoted), 0);
	tpm_way_close(&way, tpm);
}

TEST(says_what_each_refusal_means)
{
	static const struct {
		TSS2_RC rc;
		int r;
		const char *words;
	} cases[] = {
		{ TPM2_RC_LOCKOUT, -EBUSY, "wait for its recovery time" },
		{ TPM2_RC_AUTH_FAIL | TPM2_RC_S | TPM2_RC_1, -EACCES,
		  "the right authorization value" },
		{ TPM2_RC_BAD_AUTH | TPM2_RC_S | TPM2_RC_1, -EACCES,
		  "the right authorization value" },
		{ TPM2_RC_HANDLE | TPM2_RC_H | TPM2_RC_1, -ENOKEY,
		  "`imastage ak create`" },
		{ TPM2_RC_OBJECT_MEMORY, -ENOSPC, "use /dev/tpmrm0" },
		{ TPM2_RC_HIERARCHY | TPM2_RC_H | TPM2_RC_1, -EPERM,
		  "hierarchy is off" },
		{ TPM2_RC_CURVE | TPM2_RC_P | TPM2_RC_2, -ENOTSUP,
		  "choose another algorithm" },
		{ TPM2_RC_FAILURE, -EIO, "(0x101)" },
	};
	struct tpm_quote quoted;
	struct tpm_way way;
	struct tpm *tpm = open_way(&way);
	struct tpm_ak ak = make_key(tpm, 0);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (unsigned int step = 0; step < 4; step++) {
			tpm_way_hit(&way, step, 1, cases[i].rc);
			assert_int_equal(quote(tpm, &ak, &quoted), cases[i].r);
			assert_trouble(tpm, cases[i].words);
			/* Nothing of ours is left in the TPM. */
			tpm_way_hit(&way, 0, 0, 0);
			assert_int_equal(quote(tpm, &ak, &quoted), 0);
		}
	}
	tpm_way_close(&way, tpm);
}

/* TSS goes on with no way on which an answer was none: so each has its own. */
static bool alter_byte(const struct tpm_ak *ak, size_t at,
		       unsigned int *nr_taken)
{
	struct tpm_quote quoted;
	struct tpm_way way;
	struct tpm *tpm = open_way(&way);
	int r;

	tpm_way_hit(&way, 0, UINT32_MAX, 0);
	way.command = TPM2_CC_Quote;
	way.at = at;
	r = quote(tpm, ak, &quoted);
	assert_true(r <= 0);
	*nr_taken += r == 0;
	tpm_way_close(&way, tpm);
	return way.was_hit;
}

/*
 * Signature (64), digest of PCRs (32), clock, counts, safe and firmware (25) can be any;
 * that they are the signed ones is for the verifier to see. TSS overlooks some bytes of what
 * answers a password (5), which nobody uses.
 */
TEST(believes_no_byte_of_an_answer)
{
	unsigned int nr = 0, nr_taken = 0;
	struct tpm *tpm = open_tpm();
	struct tpm_ak ak = make_key(tpm, 0);

	tpm_close(tpm);
	while (alter_byte(&ak, nr, &nr_taken))
		nr++;
	/* All of header, quote, signature and session. */
	assert_true(nr > 200);
	assert_true(nr_taken >= 64 + 32);
	assert_true(nr_taken <= 64 + 32 + 25 + 5);
}

#define ON_MACHINE(test) cmocka_unit_test_setup(test, need_machine)

TEST_MAIN_WITH(start, stop, cmocka_unit_test(reads_places),
	       ON_MACHINE(makes_keys_of_each_kind),
	       ON_MACHINE(keeps_a_key_in_the_tpm),
	       ON_MACHINE(keeps_a_file_that_is_there),
	       ON_MACHINE(makes_the_key_of_a_file_again),
	       ON_MACHINE(finds_a_file_s_key_alone_after_clearing),
	       ON_MACHINE(asks_for_the_authorization_value),
	       ON_MACHINE(logs_no_error_where_there_is_no_key),
	       ON_MACHINE(says_what_is_missing), ON_MACHINE(refuses_other_keys),
	       ON_MACHINE(refuses_files_that_are_none),
	       ON_MACHINE(refuses_what_cannot_be_quoted),
	       ON_MACHINE(reads_all_pcrs_of_all_banks),
	       ON_MACHINE(asks_again_while_it_is_busy),
	       ON_MACHINE(says_what_each_refusal_means),
	       ON_MACHINE(believes_no_byte_of_an_answer))
