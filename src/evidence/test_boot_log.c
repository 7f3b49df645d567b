// SPDX-License-Identifier: MIT
/*
 * Firmware's event logs of both forms: made here, replayed by OpenSSL's own calls, and
 * wrong in each field.
 */
#include "evidence/boot_log.h"
#include "lib/testing.h"

#include <openssl/evp.h>

#define NO_ACTION 3u
#define ACTION 5u

/* ---- making ------------------------------------------------------------------ */

struct made {
	uint8_t data[4096];
	size_t len;
};

static void put(struct made *made, const void *data, size_t len)
{
	assert_true(len <= sizeof(made->data) - made->len);
	if (len > 0)
		memcpy(made->data + made->len, data, len);
	made->len += len;
}

static void put_number(struct made *made, unsigned int len, uint32_t value)
{
	for (unsigned int i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * i);

		put(made, &byte, 1);
	}
}

static void put_filled(struct made *made, uint8_t value, size_t len)
{
	while (len--)
		put(made, &value, 1);
}

/* @fill: each byte of its digest */
static void put_old(struct made *made, uint32_t pcr, uint32_t kind,
		    uint8_t fill, const void *data, uint32_t len)
{
	put_number(made, 4, pcr);
	put_number(made, 4, kind);
	put_filled(made, fill, 20);
	put_number(made, 4, len);
	put(made, data, len);
}

/* sha1, sha256, and one that nobody knows, of 7 bytes. */
static void put_agile(struct made *made, uint32_t pcr, uint32_t kind,
		      uint8_t fill, const void *data, uint32_t len)
{
	put_number(made, 4, pcr);
	put_number(made, 4, kind);
	put_number(made, 4, 3);
	put_number(made, 2, 0x0004);
	put_filled(made, fill, 20);
	put_number(made, 2, 0x7777);
	put_filled(made, fill, 7);
	put_number(made, 2, 0x000b);
	put_filled(made, fill, 32);
	put_number(made, 4, len);
	put(made, data, len);
}

/* With @extra bytes more than it says. */
static void put_spec(struct made *made, uint32_t extra)
{
	put_number(made, 4, 0);
	put_number(made, 4, NO_ACTION);
	put_filled(made, 0, 20);
	put_number(made, 4, 16 + 8 + 4 + 3 * 4 + 1 + 5 + extra);
	put(made, "Spec ID Event03", 16);
	put_number(made, 4, 0);
	put_number(made, 4, 0x02000200);
	put_number(made, 4, 3);
	put_number(made, 4, 0x0014u << 16 | 0x0004);
	put_number(made, 4, 0x0020u << 16 | 0x000b);
	put_number(made, 4, 0x0007u << 16 | 0x7777);
	put_number(made, 1, 5);
	put(made, "maker", 5);
}

#define LOCALITY_3 "StartupLocality\0\3"

static void make_agile(struct made *made)
{
	made->len = 0;
	put_spec(made, 0);
	put_agile(made, 0, NO_ACTION, 0, LOCALITY_3, 17);
	put_agile(made, 0, ACTION, 0xa0, "first", 5);
	put_agile(made, 7, ACTION, 0xa7, NULL, 0);
	put_agile(made, 0xffffffff, NO_ACTION, 0, "note", 4);
	put_agile(made, 0, ACTION, 0xb0, "second", 6);
	put_agile(made, 17, ACTION, 0xb1, "late", 4);
}

/* ---- reading ----------------------------------------------------------------- */

struct pieces {
	struct imastage_bytes rest;
	size_t step;
};

static ssize_t read_piece(void *context, void *data, size_t len)
{
	struct pieces *pieces = context;
	struct imastage_bytes piece = bytes_first(
		pieces->rest, len < pieces->step ? len : pieces->step);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	pieces->rest = bytes_skip(pieces->rest, piece.len);
	return (ssize_t)piece.len;
}

static int replay_by(struct imastage_bytes bytes, size_t step,
		     struct boot_log *ret_log, struct evidence_error *ret_error)
{
	struct pieces pieces = { bytes, step };
	const struct imastage_source source = { read_piece, &pieces };

	return boot_log_replay(source, ret_log, ret_error);
}

static int replay(const struct made *made, struct boot_log *ret_log,
		  struct evidence_error *ret_error)
{
	return replay_by(bytes_of(made->data, made->len), SIZE_MAX, ret_log,
			 ret_error);
}

static void extend(const EVP_MD *md, uint8_t *value, uint8_t fill)
{
	unsigned int len = (unsigned int)EVP_MD_get_size(md);
	uint8_t both[128];

	memcpy(both, value, len);
	memset(both + len, fill, len);
	assert_int_equal(EVP_Digest(both, 2 * len, value, NULL, md, NULL), 1);
}

static void must_be(const struct boot_log *log, enum imastage_bank bank,
		    unsigned int pcr, const uint8_t *value)
{
	assert_memory_equal(log->values.of[bank][pcr], value,
			    imastage_bank_digest_len(bank));
}

TEST(agile)
{
	static const size_t steps[] = { 1, 7, SIZE_MAX };
	uint8_t zero[2][32] = { { [19] = 3 }, { [31] = 3 } };
	uint8_t seven[32] = { 0 }, nothing[32] = { 0 };
	struct evidence_error error;
	struct boot_log log;
	struct made made;

	for (size_t i = 0; i < 2; i++) {
		extend(i ? EVP_sha256() : EVP_sha1(), zero[i], 0xa0);
		extend(i ? EVP_sha256() : EVP_sha1(), zero[i], 0xb0);
	}
	extend(EVP_sha256(), seven, 0xa7);
	make_agile(&made);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		assert_int_equal(replay_by(bytes_of(made.data, made.len),
					   steps[i], &log, &error),
				 0);
		assert_true(log.agile);
		assert_int_equal(log.nr_events, 7);
		assert_int_equal(log.locality, 3);
		assert_int_equal(log.banks,
				 1u << IMASTAGE_SHA1 | 1u << IMASTAGE_SHA256);
		assert_int_equal(log.values.set[IMASTAGE_SHA256],
				 BOOT_LOG_PCRS);
		assert_int_equal(log.values.set[IMASTAGE_SHA384], 0);
		must_be(&log, IMASTAGE_SHA1, 0, zero[0]);
		must_be(&log, IMASTAGE_SHA256, 0, zero[1]);
		must_be(&log, IMASTAGE_SHA256, 7, seven);
		must_be(&log, IMASTAGE_SHA256, 1, nothing);
	}
}

TEST(old)
{
	uint8_t zero[32] = { 0 }, four[32] = { 0 };
	struct made made = { .len = 0 };
	struct evidence_error error;
	struct boot_log log;

	put_old(&made, 0, ACTION, 1, "a", 1);
	put_old(&made, 0, NO_ACTION, 0, "Spec ID Event02", 16);
	put_old(&made, 4, ACTION, 2, "bc", 2);
	put_old(&made, 0, ACTION, 3, "", 0);
	extend(EVP_sha1(), zero, 1);
	extend(EVP_sha1(), zero, 3);
	extend(EVP_sha1(), four, 2);
	assert_int_equal(replay(&made, &log, &error), 0);
	assert_false(log.agile);
	assert_int_equal(log.nr_events, 4);
	assert_int_equal(log.banks, 1u << IMASTAGE_SHA1);
	must_be(&log, IMASTAGE_SHA1, 0, zero);
	must_be(&log, IMASTAGE_SHA1, 4, four);
}

/* ---- what is refused ---------------------------------------------------------- */

TEST(cut_off_at_every_byte)
{
	struct evidence_error error;
	struct boot_log log;
	struct made made;
	size_t whole = 0;

	make_agile(&made);
	for (size_t len = 0; len < made.len; len++) {
		struct imastage_bytes cut = bytes_of(made.data, len);
		int r = replay_by(cut, SIZE_MAX, &log, &error);

		if (r == 0) {
			whole++; /* between two events */
			continue;
		}
		assert_int_equal(r, -EBADMSG);
		assert_string_equal(error.reason, "ends too early");
		assert_int_equal(error.offset, len);
	}
	assert_int_equal(whole, 6);
}

static void must_fail(const struct made *made, const char *reason,
		      size_t offset)
{
	struct evidence_error error;
	struct boot_log log;

	assert_int_equal(replay(made, &log, &error), -EBADMSG);
	assert_string_equal(error.reason, reason);
	assert_int_equal(error.offset, offset);
}

/* The agile log with @value at @offset. */
static void refuse(size_t offset, uint8_t value, const char *reason,
		   size_t where)
{
	struct made made;

	make_agile(&made);
	assert_int_not_equal(made.data[offset], value);
	made.data[offset] = value;
	must_fail(&made, reason, where);
}

#define SPEC 32 /* its data */
#define SECOND (SPEC + 46) /* an event */

TEST(fields_out_of_their_range)
{
	refuse(SPEC + 24, 0, "there are not 1 to 16 algorithms", SPEC + 24);
	refuse(SPEC + 25, 1, "there are not 1 to 16 algorithms", SPEC + 24);
	refuse(SPEC + 32, 0x04, "an algorithm is there twice", SPEC + 32);
	refuse(SPEC + 30, 21, "a digest has not the length of its algorithm",
	       SPEC + 30);
	refuse(SPEC + 38, 0, "a digest has not the length of its algorithm",
	       SPEC + 38);
	refuse(SPEC + 38, 65, "a digest has not the length of its algorithm",
	       SPEC + 38);
	refuse(SPEC + 40, 4, "its first event has another length", SECOND - 1);
	refuse(28, 47, "its first event has another length", SECOND);
	refuse(SECOND + 8, 2, "an event has not a digest of each algorithm",
	       SECOND + 8);
	refuse(SECOND + 12, 0x0c,
	       "a digest is of no algorithm of the log, or is there twice",
	       SECOND + 12);
	refuse(SECOND + 12 + 22, 4,
	       "a digest is of no algorithm of the log, or is there twice",
	       SECOND + 12 + 22);
}

TEST(pcrs_and_localities)
{
	struct made made;

	make_agile(&made);
	put_agile(&made, 24, ACTION, 0, NULL, 0);
	must_fail(&made, "there is no such PCR", made.len - 81);
	made.len = 0;
	put_old(&made, 24, ACTION, 0, NULL, 0);
	must_fail(&made, "there is no such PCR", 0);
	make_agile(&made);
	put_agile(&made, 0, NO_ACTION, 0, LOCALITY_3, 17);
	must_fail(&made,
		  "the locality comes twice, or after PCR 0 was extended",
		  made.len - 17);
	make_agile(&made);
	made.data[SECOND + 81 + 16] = 2;
	must_fail(&made, "no TPM is started from that locality",
		  SECOND + 81 + 16);
}

/* It may end only where 16 MiB have been read. */
static ssize_t read_endless(void *context, void *data, size_t len)
{
	uint64_t *nr = context;

	memset(data, 0, len);
	*nr += len;
	return (ssize_t)len;
}

TEST(longer_than_it_may_be)
{
	uint64_t nr = 0;
	const struct imastage_source source = { read_endless, &nr };
	struct evidence_error error;
	struct boot_log log;

	assert_int_equal(boot_log_replay(source, &log, &error), -EBADMSG);
	assert_string_equal(error.reason, "it is longer than 16 MiB");
	assert_int_equal(error.offset, BOOT_LOG_LEN_MAX);
	assert_true(nr <= BOOT_LOG_LEN_MAX + 4096);
}

static ssize_t read_nothing(void *context, void *data, size_t len)
{
	(void)context;
	(void)data;
	(void)len;
	return -EIO;
}

TEST(a_source_that_fails)
{
	const struct imastage_source source = { read_nothing, NULL };
	struct evidence_error error;
	struct boot_log log;

	assert_int_equal(boot_log_replay(source, &log, &error), -EIO);
}

TEST_MAIN(cmocka_unit_test(agile), cmocka_unit_test(old),
	  cmocka_unit_test(cut_off_at_every_byte),
	  cmocka_unit_test(fields_out_of_their_range),
	  cmocka_unit_test(pcrs_and_localities),
	  cmocka_unit_test(longer_than_it_may_be),
	  cmocka_unit_test(a_source_that_fails))
