// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * KUnit tests of records in memory: what goes in comes out again, byte for byte;
 * and of the text of a snapshot_aggregate.
 */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ima.h"
#include "ima_snapshot.h"
#include "ima_staging_kunit.h"

#define NR_DIGESTS	8

static struct ima_template_desc descs[] = {
	{ .name = "none", .num_fields = 0 },
	{ .name = "one", .num_fields = 1 },
	{ .name = "ima-ng", .num_fields = 2 },
	{ .name = "", .fmt = "most", .num_fields = IMA_TEMPLATE_NUM_FIELDS_MAX },
};

/* Fields of different lengths, some empty, with bytes of any value. */
static struct ima_template_entry *new_entry(struct kunit *test,
					    struct ima_template_desc *desc,
					    size_t field_len)
{
	struct ima_template_entry *entry;
	int i;

	entry = kunit_kzalloc(test, struct_size(entry, template_data,
						desc->num_fields), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_ASSERT_TRUE(test, max(ima_hash_algo_idx, ima_sha1_idx) <
				NR_DIGESTS);
	entry->digests = kunit_kzalloc(test,
				       NR_DIGESTS * sizeof(*entry->digests),
				       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, entry->digests);
	entry->pcr = 11;
	entry->template_desc = desc;
	for (i = 0; i < NR_DIGESTS; i++)
		memset(entry->digests[i].digest, 0xd0 + i,
		       sizeof(entry->digests[i].digest));
	for (i = 0; i < desc->num_fields; i++) {
		struct ima_field_data *field = &entry->template_data[i];

		field->len = i % 3 ? field_len + i : 0;
		field->data = kunit_kzalloc(test, field->len + 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, field->data);
		memset(field->data, 0xff - i, field->len);
		entry->template_data_len += sizeof(u32) + field->len;
	}
	return entry;
}

static void expect_same(struct kunit *test, struct ima_template_entry *entry,
			const struct ima_queue_entry *qe)
{
	const struct ima_template_entry *e;
	union ima_record_view view;
	int i;

	e = ima_record_view(qe, &view);
	KUNIT_EXPECT_EQ(test, e->pcr, entry->pcr);
	KUNIT_EXPECT_PTR_EQ(test, e->template_desc, entry->template_desc);
	KUNIT_EXPECT_EQ(test, e->template_data_len, entry->template_data_len);
	for (i = 0; i < entry->template_desc->num_fields; i++) {
		const struct ima_field_data *field = &entry->template_data[i];

		KUNIT_ASSERT_EQ(test, e->template_data[i].len, field->len);
		/* The NUL behind it, too. */
		KUNIT_EXPECT_EQ(test, memcmp(e->template_data[i].data,
					     field->data, field->len + 1), 0);
	}
	KUNIT_EXPECT_EQ(test, memcmp(ima_record_digest(qe),
				     entry->digests[ima_hash_algo_idx].digest,
				     hash_digest_size[ima_hash_algo]), 0);
	KUNIT_EXPECT_EQ(test, memcmp(ima_record_sha1(qe),
				     entry->digests[ima_sha1_idx].digest,
				     SHA1_DIGEST_SIZE), 0);
}

static void pack_and_view(struct kunit *test)
{
	static const size_t lens[] = { 0, 1, 7, 40, 255, 4096, 1 << 20 };
	struct ima_template_entry *entry;
	struct ima_queue_entry *qe;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(descs); i++) {
		for (j = 0; j < ARRAY_SIZE(lens); j++) {
			entry = new_entry(test, &descs[i], lens[j]);
			qe = ima_record_new(entry);
			KUNIT_ASSERT_NOT_NULL(test, qe);
			expect_same(test, entry, qe);
			KUNIT_EXPECT_FALSE(test, qe->hashed);
			KUNIT_EXPECT_FALSE(test, ima_record_is_violation(qe));
			KUNIT_EXPECT_FALSE(test, ima_record_is_snapshot(qe));
			ima_record_free(qe);
		}
	}
}

static void violation(struct kunit *test)
{
	struct ima_template_entry *entry = new_entry(test, &descs[2], 40);
	size_t len = hash_digest_size[ima_hash_algo];
	struct ima_queue_entry *qe;

	memset(entry->digests, 0, NR_DIGESTS * sizeof(*entry->digests));
	qe = ima_record_new(entry);
	KUNIT_ASSERT_NOT_NULL(test, qe);
	KUNIT_EXPECT_TRUE(test, ima_record_is_violation(qe));
	ima_record_free(qe);

	entry->digests[ima_hash_algo_idx].digest[len - 1] = 1;
	qe = ima_record_new(entry);
	KUNIT_ASSERT_NOT_NULL(test, qe);
	KUNIT_EXPECT_FALSE(test, ima_record_is_violation(qe));
	ima_record_free(qe);
}

static bool is_snapshot(struct kunit *test, const char *event, const char *text)
{
	return ima_record_is_snapshot(ima_staging_test_append_buf(test, event,
								  text));
}

static void snapshot_is_recognised(struct kunit *test)
{
	static const char text[] = "Snapshot_Attempt_Count=1;Records=0;";
	struct ima_queue_entry *qe;

	KUNIT_EXPECT_TRUE(test, is_snapshot(test, "snapshot_aggregate", text));
	KUNIT_EXPECT_FALSE(test, is_snapshot(test, "snapshot_aggregat", text));
	KUNIT_EXPECT_FALSE(test, is_snapshot(test, "snapshot_aggregate2", text));
	KUNIT_EXPECT_FALSE(test, is_snapshot(test, "", text));
	KUNIT_EXPECT_FALSE(test, is_snapshot(test, "snapshot_aggregate", ""));
	KUNIT_EXPECT_FALSE(test, is_snapshot(test, "snapshot_aggregate",
					     "Snapshot_Attempt_Count"));
	KUNIT_EXPECT_FALSE(test, is_snapshot(test, "snapshot_aggregate",
					     "0Snapshot_Attempt_Count=1"));
	qe = ima_staging_test_append(test, true);
	KUNIT_EXPECT_FALSE(test, ima_record_is_snapshot(qe));
}

/*
 * S: what is before the last one goes.
 */

static void stage_before_snapshot(struct kunit *test)
{
	static const char text[] = "Snapshot_Attempt_Count=1;";
	struct ima_staging_test *fx = test->priv;

	ima_staging_test_open_writer(test);
	EXPECT_COMMAND(test, &fx->staged, "S\n", -ENOENT);
	ima_staging_test_append_many(test, 3);
	EXPECT_COMMAND(test, &fx->staged, "S\n", -ENOENT);
	ima_staging_test_append_buf(test, IMA_SNAPSHOT_NAME, text);
	ima_staging_test_append_many(test, 2);
	ima_staging_test_append_buf(test, IMA_SNAPSHOT_NAME, text);
	ima_staging_test_append_many(test, 4);
	EXPECT_COMMAND(test, &fx->f, "S\n", -EINVAL);
	EXPECT_COMMAND(test, &fx->staged, "S\n", 0);
	ima_staging_test_expect_lists(test, 0, 6, 5);
	EXPECT_COMMAND(test, &fx->staged, "S\n", -EEXIST);
	EXPECT_COMMAND(test, &fx->staged, "D\n", 0);

	/* It is the first now: there is nothing before it. */
	EXPECT_COMMAND(test, &fx->staged, "S\n", -ENOENT);
	EXPECT_COMMAND(test, &fx->f, "1\n", 0);
	EXPECT_COMMAND(test, &fx->staged, "S\n", -ENOENT);
	ima_staging_test_expect_lists(test, 7, 0, 4);

	ima_staging_test_append_buf(test, IMA_SNAPSHOT_NAME, text);
	ima_staging_suspend(&fx->s);
	EXPECT_COMMAND(test, &fx->staged, "S\n", -EACCES);
	ima_staging_test_expect_lists(test, 7, 0, 5);
	ima_staging_test_close_writer(test);
}

/*
 * The text.
 */

static struct ima_snapshot *new_snapshot(struct kunit *test,
					 unsigned int nr_banks)
{
	struct ima_snapshot *snap;

	snap = kunit_kzalloc(test, sizeof(*snap), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, snap);
	snap->banks = kunit_kzalloc(test,
				    (nr_banks + 1) * sizeof(*snap->banks),
				    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, snap->banks);
	snap->nr_banks = nr_banks;
	return snap;
}

static void expect_text(struct kunit *test, const struct ima_snapshot *snap,
			const char *text)
{
	size_t room = ima_snapshot_text_room(snap), len;
	char *buf = kunit_kzalloc(test, room, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	len = ima_snapshot_text(snap, buf, room);
	KUNIT_ASSERT_TRUE(test, len <= room);
	KUNIT_EXPECT_EQ(test, len, strlen(text));
	KUNIT_EXPECT_EQ(test, memcmp(buf, text, strlen(text)), 0);
}

/* No TPM, no banks. */
static void text_of_counts(struct kunit *test)
{
	struct ima_snapshot *snap = new_snapshot(test, 0);

	snap->attempt = 7;
	snap->nr_records = 1234;
	expect_text(test, snap, "Snapshot_Attempt_Count=7;Records=1234;");
}

static void text_with_banks(struct kunit *test)
{
	struct ima_snapshot *snap = new_snapshot(test, 2);

	snap->attempt = U64_MAX;
	snap->nr_records = U64_MAX;
	snap->nr_pcrs = 2;
	snap->pcrs[1] = 10;
	strscpy(snap->banks[0].name, "sha1", sizeof(snap->banks[0].name));
	strscpy(snap->banks[1].name, "tpm_alg_1234", sizeof(snap->banks[1].name));
	snap->banks[0].digest_len = 3;
	snap->banks[1].digest_len = 4;
	memcpy(snap->banks[0].pcrs[0], "\x00\x01\x02", 3);
	memcpy(snap->banks[0].pcrs[1], "\xff\xfe\xfd", 3);
	memcpy(snap->banks[1].pcrs[0], "\x12\x34\x56\x78", 4);
	memcpy(snap->banks[1].pcrs[1], "\x9a\xbc\xde\xf0", 4);
	expect_text(test, snap,
		    "Snapshot_Attempt_Count=18446744073709551615;Records=18446744073709551615;sha1:PCR0=000102;sha1:PCR10=fffefd;tpm_alg_1234:PCR0=12345678;tpm_alg_1234:PCR10=9abcdef0;");
}

static struct kunit_case record_test_cases[] = {
	KUNIT_CASE(pack_and_view),
	KUNIT_CASE(violation),
	KUNIT_CASE(snapshot_is_recognised),
	KUNIT_CASE(stage_before_snapshot),
	KUNIT_CASE(text_of_counts),
	KUNIT_CASE(text_with_banks),
	{}
};

static struct kunit_suite record_test_suite = {
	.name = "ima_staging_records",
	.init = ima_staging_test_init,
	.exit = ima_staging_test_exit,
	.test_cases = record_test_cases,
};

kunit_test_suite(record_test_suite);
