// SPDX-License-Identifier: MIT
/*
 * The decision of keep/decide.h on every combination of facts, against the
 * table below, which is also that of docs/keeper-reconcile.md: called with
 * --table, this program prints it.
 */
#include "keep/decide.h"
#include "base/util.h"
#include "lib/testing.h"

/*
 * A row holds for facts whose letter is in each of its columns; "*" is any.
 * Of several rows the first one counts.
 *	kernel	c counts what it deleted, s stages without counting, u unpatched
 *	reset	the TPM's reset counter: y the same, n another, ? no TPM
 *	kernel id	y the boot id is that of the kernel drained last, n not
 *	note	y a kexec is expected, n not
 *	count	0 nothing deleted, < less than archived, = as much, > more, - none
 *	pending	s staged, t trim, c copied, - nothing
 *	staged	y something is, n not
 *	content	what is listed beside what should be: e equal, d another record,
 *		s ends too early, 0 is empty, - nothing to compare
 *	gone	the same behind what was about to be deleted: - that was all, e, d;
 *		if the kernel counts: where it would begin without the count
 *	replays	to the TPM's PCR: k if it is kept, g if it is gone, b both,
 *		x none, ? not known
 *	found	y further on in what is archived, n not
 */
struct row {
	const char *kernel, *reset, *id, *note, *count, *pending, *staged,
		*content, *gone, *replays, *found;
	enum keep_case what;
	char first; /* C the count, K kept, G gone, F found, E end, 0 */
	char gap; /* - none, n known, ? not known */
	bool likely;
	const char *why;
};

#define LIKELY true
#define SAME KEEP_CASE_SAME
#define HARD_BOOT KEEP_CASE_HARD_BOOT
#define GAP KEEP_CASE_GAP
#define CONTRADICTION KEEP_CASE_CONTRADICTION

/* SAME stands for the same hard boot: by kernel id, the same kernel or kexec. */
static const struct row rows[] = {
	{ "*", "n", "n", "*", "*", "*", "*", "*", "*", "*", "*", HARD_BOOT, '0',
	  '-', false, "the TPM was reset" },
	{ "c", "?", "n", "*", "0", "*", "*", "ds0", "*", "*", "*", HARD_BOOT,
	  '0', '-', false, "a kexec carries the count" },
	{ "su", "?", "n", "n", "*", "*", "*", "ds0-", "*", "*", "*", HARD_BOOT,
	  '0', '-', false, "nothing of what is archived is there" },
	{ "su", "?", "n", "*", "*", "c", "*", "ds0", "*", "*", "*", HARD_BOOT,
	  '0', '-', false, "a kexec would have brought it back" },
	{ "c", "*", "*", "*", ">", "*", "*", "*", "*", "*", "*", GAP, 'C', 'n',
	  false, "somebody else has deleted" },
	{ "c", "*", "*", "*", "*", "*", "*", "e-", "*", "*", "*", SAME, 'C',
	  '-', false, "the count says so" },
	{ "c", "*", "n", "*", "*", "*", "*", "*", "-e", "gb", "*", SAME, 'G',
	  '-', false, "the count was lost on the way, the TPM proves it" },
	{ "c", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", CONTRADICTION,
	  '0', '-', false,
	  "at the same index there is another record, or none" },
	{ "su", "*", "*", "*", "*", "-", "*", "*", "*", "*", "*", SAME, 'E',
	  '-', false, "all that is archived is deleted" },
	{ "su", "*", "y", "*", "*", "s", "n", "*", "-e", "*", "*", SAME, 'G',
	  '-', false, "what was staged would be staged" },
	{ "su", "*", "*", "*", "*", "st", "*", "e", "-e", "g", "*", SAME, 'G',
	  '-', false, "the same records again, the TPM proves it" },
	{ "su", "*", "*", "*", "*", "st", "*", "e", "-e", "k", "*", SAME, 'K',
	  '-', false, "not deleted, or brought back; the TPM proves it" },
	{ "su", "*", "*", "*", "*", "st", "*", "e", "-e", "*", "*", SAME, 'K',
	  '-', LIKELY, "not deleted, or brought back" },
	{ "su", "*", "*", "*", "*", "st", "*", "*", "-e", "*", "*", SAME, 'G',
	  '-', false, "deleted" },
	{ "su", "*", "n", "*", "*", "s", "*", "e", "*", "*", "*", SAME, 'K',
	  '-', false, "brought back" },
	{ "su", "*", "*", "*", "*", "s", "y", "e", "*", "*", "*", SAME, 'K',
	  '-', false, "not deleted" },
	{ "su", "*", "*", "*", "*", "tc", "*", "e", "*", "*", "*", SAME, 'K',
	  '-', false, "as it was left" },
	{ "su", "*", "*", "*", "*", "*", "*", "*", "*", "*", "y", SAME, 'F',
	  '-', false, "somebody else has deleted what is archived" },
	{ "su", "*", "*", "*", "*", "c", "*", "*", "*", "gb", "*", SAME, 'E',
	  '-', false, "somebody else has deleted all that is archived" },
	{ "su", "*", "*", "*", "*", "*", "*", "s", "*", "*", "*", CONTRADICTION,
	  '0', '-', false, "a list does not lose its end" },
	{ "u", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", CONTRADICTION,
	  '0', '-', false, "nobody can delete" },
	{ "s", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", GAP, 'E', '?',
	  false, "somebody else has deleted, and nobody knows how many" },
};

static bool row_used[ARRAY_SIZE(rows)];

struct combination {
	char kernel, reset, id, note, count, pending, staged, content, gone,
		replays, found;
};

static bool has(const char *column, char letter)
{
	return column[0] == '*' || strchr(column, letter);
}

static bool row_holds(const struct row *row, const struct combination *c)
{
	return has(row->kernel, c->kernel) && has(row->reset, c->reset) &&
	       has(row->id, c->id) && has(row->note, c->note) &&
	       has(row->count, c->count) && has(row->pending, c->pending) &&
	       has(row->staged, c->staged) && has(row->content, c->content) &&
	       has(row->gone, c->gone) && has(row->replays, c->replays) &&
	       has(row->found, c->found);
}

/* Are there such facts? */
static bool makes_sense(const struct combination *c)
{
	bool counts = c->kernel == 'c';
	bool overlap = counts ? strchr("0<", c->count) != NULL :
				c->pending != '-';

	if (counts != (c->count != '-') || overlap != (c->content != '-'))
		return false;
	if (c->kernel == 'u' && c->staged == 'y')
		return false;
	if (c->content == '0' && c->staged == 'y')
		return false;
	if (c->gone != '-' && !counts && !strchr("st", c->pending))
		return false;
	if (c->gone != '-' && counts && (!overlap || c->pending == '-'))
		return false;
	return c->found == 'n' ||
	       (!counts && overlap && strchr("ds", c->content) &&
		(c->pending == 'c' || c->gone == 'd'));
}

/* 100 records are archived. */
#define END 100
#define KEPT 60
#define GONE 70 /* when it is not all */
#define FOUND 80

static uint64_t count_of(char letter)
{
	return letter == '<' ? KEPT :
	       letter == '=' ? END :
	       letter == '>' ? 107 :
			       0;
}

static void set_content(struct keep_facts *facts, char letter)
{
	facts->nr_listed = letter == '0' ? 0 : 5;
	facts->kept.content = strchr("e-", letter) ? KEEP_EQUAL :
			      letter == 'd'	   ? KEEP_DIFFERS :
						     KEEP_SHORTER;
	facts->kept.nr_equal = letter == 'e' ? END - facts->kept.first :
			       letter == 's' ? 5 :
					       0;
}

static void set_replays(struct keep_facts *facts, char letter)
{
	if (letter == '?')
		return;
	facts->kept.replays = strchr("kb", letter) ? KEEP_YES : KEEP_NO;
	facts->gone.replays = strchr("gb", letter) ? KEEP_YES : KEEP_NO;
}

static struct keep_facts facts_of(const struct combination *c)
{
	struct keep_facts facts = { .has_boot = true, .end = END };

	facts.counts_deleted = c->kernel == 'c';
	facts.can_delete = c->kernel != 'u';
	facts.same_reset = c->reset == 'y' ? KEEP_YES :
			   c->reset == 'n' ? KEEP_NO :
					     KEEP_UNKNOWN;
	facts.same_boot_id = c->id == 'y';
	facts.kexec_expected = c->note == 'y';
	facts.deleted = count_of(c->count);
	facts.pending =
		(enum keep_pending)(strchr("-stc", c->pending) - "-stc");
	facts.staged = c->staged == 'y';
	facts.kept.first = facts.counts_deleted ? facts.deleted :
			   c->pending == '-'	? END :
						  KEPT;
	facts.gone.first = c->gone == '-' ? END : GONE;
	facts.gone.content = c->gone == 'd' ? KEEP_DIFFERS : KEEP_EQUAL;
	facts.found = c->found == 'y' ? FOUND : 0;
	set_content(&facts, c->content);
	set_replays(&facts, c->replays);
	return facts;
}

static struct keep_decision wanted(const struct row *row,
				   const struct keep_facts *facts)
{
	struct keep_decision want = { .what = row->what,
				      .likely = row->likely };

	if (want.what == SAME && !facts->same_boot_id)
		want.what = KEEP_CASE_KEXEC;
	want.first = row->first == 'C' ? facts->deleted :
		     row->first == 'K' ? KEPT :
		     row->first == 'G' ? facts->gone.first :
		     row->first == 'E' ? END :
		     row->first == 'F' ? FOUND :
					 0;
	if (keep_case_is_new_boot(row->what)) {
		want.first = facts->deleted;
		want.gap = facts->deleted;
	} else if (row->gap != '-') {
		want.gap = row->gap == '?' ? KEEP_GAP_UNKNOWN :
					     want.first - END;
	} else {
		want.nr_kept = END - want.first;
	}
	return want;
}

static void check(const struct combination *c)
{
	struct keep_facts facts = facts_of(c);
	struct keep_decision got = keep_decide(&facts), want;
	size_t i = 0;

	while (i < ARRAY_SIZE(rows) && !row_holds(&rows[i], c))
		i++;
	if (i == ARRAY_SIZE(rows))
		fail_msg("no row for %.11s", &c->kernel);
	row_used[i] = true;
	want = wanted(&rows[i], &facts);
	if (got.what != want.what || got.first != want.first ||
	    got.gap != want.gap || got.nr_kept != want.nr_kept ||
	    got.likely != want.likely)
		fail_msg("%.11s: %s at %llu, gap %llu, not '%s'", &c->kernel,
			 keep_case_name(got.what),
			 (unsigned long long)got.first,
			 (unsigned long long)got.gap, rows[i].why);
}

static const char *const letters[] = { "csu",	"yn?",	 "yn", "yn",
				       "0<=>-", "-stc",	 "yn", "eds0-",
				       "-ed",	"kgbx?", "yn" };

/* Every combination: each column counts through its letters. */
static unsigned int check_all(char *at, unsigned int column)
{
	unsigned int nr = 0;

	if (column == ARRAY_SIZE(letters)) {
		struct combination c;

		memcpy(&c, at - column, sizeof(c));
		if (!makes_sense(&c))
			return 0;
		check(&c);
		return 1;
	}
	for (const char *letter = letters[column]; *letter; letter++) {
		*at = *letter;
		nr += check_all(at + 1, column + 1);
	}
	return nr;
}

TEST(every_combination_is_decided_by_the_table)
{
	char combination[ARRAY_SIZE(letters)];
	unsigned int nr;

	nr = check_all(combination, 0);
	print_message("# %u combinations\n", nr);
	assert_true(nr > 5000);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!row_used[i])
			fail_msg("no combination needs the row '%s'",
				 rows[i].why);
}

TEST(an_empty_archive_begins_where_the_kernel_does)
{
	struct keep_facts facts = { .counts_deleted = true,
				    .can_delete = true,
				    .same_boot_id = true };
	struct keep_decision decision = keep_decide(&facts);

	assert_int_equal(decision.what, KEEP_CASE_FIRST);
	assert_int_equal(decision.first, 0);
	assert_int_equal(decision.gap, 0);
	facts.deleted = 7;
	decision = keep_decide(&facts);
	assert_int_equal(decision.first, 7);
	assert_int_equal(decision.gap, 7);
}

/* A boot of which nothing is archived yet has nothing that could be lost. */
TEST(a_boot_without_records_can_lose_none)
{
	struct keep_facts facts = { .has_boot = true, .can_delete = true };

	assert_int_equal(keep_decide(&facts).what, KEEP_CASE_KEXEC);
	facts.same_reset = KEEP_NO;
	assert_int_equal(keep_decide(&facts).what, KEEP_CASE_HARD_BOOT);
	facts.same_reset = KEEP_YES;
	assert_int_equal(keep_decide(&facts).what, KEEP_CASE_KEXEC);
	facts.same_boot_id = true;
	assert_int_equal(keep_decide(&facts).what, KEEP_CASE_SAME);
}

/* What was deleted before the kernel began to count is added to its count. */
TEST(what_was_not_counted_is_added)
{
	struct keep_facts facts = { .has_boot = true,
				    .can_delete = true,
				    .counts_deleted = true,
				    .same_boot_id = true,
				    .end = 50,
				    .deleted = 10,
				    .uncounted = 40 };

	assert_int_equal(keep_decide(&facts).first, 50);
	assert_int_equal(keep_decide(&facts).what, KEEP_CASE_SAME);
	facts.deleted = 11;
	assert_int_equal(keep_decide(&facts).gap, 1);
	facts.same_boot_id = false;
	facts.same_reset = KEEP_NO;
	assert_int_equal(keep_decide(&facts).first, 11);
	assert_int_equal(keep_decide(&facts).gap, 11);
}

static const char *text_of(const char *column)
{
	return column[0] == '*' ? "" : column;
}

static int print_table(void)
{
	static const char *const names[] = {
		[SAME] = "same hard boot",
		[HARD_BOOT] = "hard boot",
		[GAP] = "gap",
		[CONTRADICTION] = "contradiction",
	};

	puts("| kernel | reset | id | note | count | pending | staged | content | gone | replays | found | case | first | gap | why |\n"
	     "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
	for (const struct row *r = rows; r < rows + ARRAY_SIZE(rows); r++)
		printf("| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s%s | %c | %c | %s |\n",
		       text_of(r->kernel), text_of(r->reset), text_of(r->id),
		       text_of(r->note), text_of(r->count), text_of(r->pending),
		       text_of(r->staged), text_of(r->content),
		       text_of(r->gone), text_of(r->replays), text_of(r->found),
		       names[r->what], r->likely ? ", likely" : "", r->first,
		       r->gap, r->why);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination_is_decided_by_the_table),
		cmocka_unit_test(an_empty_archive_begins_where_the_kernel_does),
		cmocka_unit_test(a_boot_without_records_can_lose_none),
		cmocka_unit_test(what_was_not_counted_is_added),
	};

	if (argc > 1 && !strcmp(argv[1], "--table"))
		return print_table();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
