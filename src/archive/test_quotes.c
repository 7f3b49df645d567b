// SPDX-License-Identifier: MIT
/* The keeper's own quotes: kept with what they are of, in bounded number. */
#include "archive/archive.h"
#include "base/bytes.h"
#include "lib/keeping.h"
#include "lib/testing.h"

#include <errno.h>
#include <sqlite3.h>

static struct archive_quote quote_of(struct kept_archive *f, uint64_t end)
{
	struct archive_quote quote = {
		.boot = 1,
		.end = end,
		.created = 1000,
		.msg = bytes_of_text("msg"),
		.sig = bytes_of_text("sig"),
		.pcrs = bytes_of_text("pcrs"),
		.ak = bytes_of_text("ak"),
	};

	assert_int_equal(
		archive_chain(f->archive, 1, quote.chain, &quote.chained), 0);
	return quote;
}

static int add(struct kept_archive *f, uint64_t end)
{
	struct archive_quote quote = quote_of(f, end);

	return archive_add_quote(f->archive, &quote);
}

struct seen {
	unsigned int nr;
	struct archive_quote first, last;
};

static int see(void *context, const struct archive_quote *quote)
{
	struct seen *seen = context;

	assert_true(bytes_equal_text(quote->msg, "msg"));
	assert_true(bytes_equal_text(quote->sig, "sig"));
	assert_true(bytes_equal_text(quote->pcrs, "pcrs"));
	assert_true(bytes_equal_text(quote->ak, "ak"));
	assert_int_equal(quote->created, 1000);
	if (seen->nr++ == 0)
		seen->first = *quote;
	seen->last = *quote;
	return 0;
}

static struct seen seen(struct archive *archive)
{
	struct seen all = { 0 };

	assert_int_equal(archive_each_quote(archive, 1, see, &all), 0);
	return all;
}

TEST(the_chain_is_of_what_is_committed)
{
	struct kept_archive *f = *state;
	uint8_t chain[ARCHIVE_SHA256_LEN], before[ARCHIVE_SHA256_LEN] = { 0 };
	uint64_t chained;

	assert_int_equal(archive_chain(f->archive, 1, chain, &chained), 0);
	assert_int_equal(chained, 0);
	assert_memory_equal(chain, before, sizeof(chain));
	for (uint64_t end = 100; end <= 900; end += 400) {
		kept_archive_add(f, end == 100 ? 0 : end - 400, end);
		memcpy(before, chain, sizeof(chain));
		assert_int_equal(archive_chain(f->archive, 1, chain, &chained),
				 0);
		assert_int_equal(chained, end);
		assert_memory_not_equal(chain, before, sizeof(chain));
	}
	assert_int_equal(archive_chain(f->archive, 9, chain, &chained),
			 -ENOENT);
}

TEST(quotes_stay_in_bounded_number)
{
	struct kept_archive *f = *state;
	struct seen all;

	assert_int_equal(add(f, 0), 0);
	kept_archive_add(f, 0, 100);
	for (uint64_t i = 0; i < 3 * ARCHIVE_QUOTES_MAX; i++) {
		assert_int_equal(add(f, archive_end(f->archive)), 0);
		kept_archive_add(f, 100 + i, 101 + i);
	}
	assert_int_equal(add(f, archive_end(f->archive)), 0);
	kept_archive_open_again(f);
	all = seen(f->archive);
	assert_int_equal(all.nr, ARCHIVE_QUOTES_MAX);
	assert_int_equal(all.first.end, 0);
	assert_int_equal(all.first.chained, 0);
	assert_int_equal(all.last.end, archive_end(f->archive));
	assert_int_equal(all.last.chained, archive_end(f->archive));
	keeping_verify(f->archive);
}

TEST(what_cannot_be_is_refused)
{
	struct kept_archive *f = *state;
	struct archive_quote quote;

	kept_archive_add(f, 0, 10);
	assert_int_equal(add(f, 11), -ERANGE);
	assert_int_equal(add(f, 9), -ERANGE); /* less than it was asked with */
	quote = quote_of(f, 10);
	quote.ak.len = 0;
	assert_int_equal(archive_add_quote(f->archive, &quote), -EINVAL);
	quote = quote_of(f, 10);
	quote.msg.len = ARCHIVE_QUOTE_PART_MAX + 1;
	assert_int_equal(archive_add_quote(f->archive, &quote), -EINVAL);
	quote = quote_of(f, 10);
	quote.boot = 2;
	assert_int_equal(archive_add_quote(f->archive, &quote), -ESTALE);
	assert_int_equal(kept_list_put(&f->list, f->archive, 10, 12), 0);
	assert_int_equal(add(f, 10), -EBUSY);
	assert_int_equal(archive_rollback(f->archive), 0);
	assert_int_equal(seen(f->archive).nr, 0);
}

static void run(const struct kept_archive *f, const char *text)
{
	struct sqlite3 *db;
	char path[128];

	snprintf(path, sizeof(path), "%s/index.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Version 2 has the same tables but this one. */
TEST(an_archive_of_version_2_is_upgraded)
{
	struct kept_archive *f = *state;
	struct archive *reader;

	kept_archive_add(f, 0, 100);
	archive_close(f->archive);
	f->archive = NULL;
	run(f, "DROP TABLE quotes; PRAGMA user_version = 2");
	assert_int_equal(archive_open_reader(&f->options, &reader), 0);
	assert_int_equal(seen(reader).nr, 0);
	kept_archive_open_again(f);
	assert_non_null(strstr(f->said.text, "upgraded to format version 3"));
	assert_int_equal(add(f, 100), 0);
	assert_int_equal(archive_refresh(reader), ARCHIVE_CHANGED);
	assert_int_equal(kept_list_check(&f->list, reader, 1), 100);
	archive_close(reader);
	assert_int_equal(archive_open_reader(&f->options, &reader), 0);
	assert_int_equal(seen(reader).nr, 1);
	archive_close(reader);
	keeping_verify(f->archive);
}

#define CASE(test)                                                \
	cmocka_unit_test_setup_teardown(test, kept_archive_setup, \
					kept_archive_teardown)

TEST_MAIN(CASE(the_chain_is_of_what_is_committed),
	  CASE(quotes_stay_in_bounded_number), CASE(what_cannot_be_is_refused),
	  CASE(an_archive_of_version_2_is_upgraded))
