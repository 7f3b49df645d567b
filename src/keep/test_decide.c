// SPDX-License-Identifier: MIT
/*
 * The decision of keep/decide.h on every combination of facts, against the
 * table below, which is also that of docs/keeper-reconcile.md: called with
 * --table or --holds, this program prints its two.
 */
#include "keep/decide.h"
#include "base/util.h"
#include "lib/testing.h"

/*
 * A row holds for facts whose letter is in each of its columns; "*" is any.
 * Of several rows the first one counts.
 *	kernel	c counts what it deleted, s stages without counting, u unpatched
 *	tpm	y it answers, s it is silent, - there is none
 *	id	y the boot id is that of the kernel drained last, n not
 *	reset	the TPM's count of resets: y the same, n another, ? not known
 *	restart, ek	its count of restarts and endorsement key, the same
 *	note	y a kexec is expected, n not
 *	count	0 nothing deleted, < less than archived, = as much, > more, - none
 *	pending	s staged, t trim, c copied, - nothing
 *	staged	y something is, n not
 *	content	what is listed beside what should be: e equal, d another record,
 *		s ends too early, 0 is empty, - nothing to compare
 *	gone	the same behind what was about to be deleted: - that was all, e, d;
 *		if the kernel counts: where it would begin without the count
 *	replays	to the TPM's PCR: k if it is kept, g if it is gone, b both, f the
 *		list alone, as a hard boot's, x none, ? not known
 *	found	y further on in what is archived, n not
 */
struct row {
	const char *kernel, *tpm, *id, *reset, *restart, *ek, *note, *count,
		*pending, *staged, *content, *gone, *replays, *found;
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
#define WAIT KEEP_CASE_WAIT

/* SAME stands for the same hard boot: by kernel id, the same kernel or kexec. */
static const struct row rows[] = {
	{ "*", "s", "n", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*",
	  WAIT, '0', '-', false, "the TPM is waited for: nothing is guessed" },
	{ "su", "s", "*", "*", "*", "*", "*", "*", "s", "y", "e", "-e", "*",
	  "*", WAIT, '0', '-', false, "deleted or not: the TPM is waited for" },
	{ "su", "s", "*", "*", "*", "*", "*", "*", "t", "*", "e", "-e", "*",
	  "*", WAIT, '0', '-', false, "deleted or not: the TPM is waited for" },
	{ "su", "s", "*", "*", "*", "*", "*", "*", "c", "*", "ds0", "*", "*",
	  "*", WAIT, '0', '-', false,
	  "somebody else has deleted: the TPM is waited for" },
	{ "su", "s", "*", "*", "*", "*", "*", "*", "st", "*", "ds0", "d", "*",
	  "*", WAIT, '0', '-', false,
	  "somebody else has deleted: the TPM is waited for" },
	{ "su", "s", "*", "*", "*", "*", "*", "*", "s", "n", "e", "d", "*", "*",
	  WAIT, '0', '-', false,
	  "somebody else has deleted: the TPM is waited for" },
	{ "*", "*", "n", "*", "*", "*", "*", "*", "*", "*", "*", "*", "f", "*",
	  HARD_BOOT, '0', '-', false, "the list alone explains the PCR" },
	{ "*", "*", "n", "n", "*", "*", "*", "*", "*", "*", "*", "*", "x?", "*",
	  HARD_BOOT, '0', '-', false, "the TPM was reset" },
	{ "*", "*", "n", "*", "*", "n", "*", "*", "*", "*", "*", "*", "x?", "*",
	  HARD_BOOT, '0', '-', false, "it is another TPM" },
	{ "c", "*", "n", "?", "*", "*", "*", "0", "*", "*", "ds0", "*", "x?",
	  "*", HARD_BOOT, '0', '-', false, "a kexec carries the count" },
	{ "su", "*", "n", "?", "*", "*", "n", "*", "*", "*", "ds0-", "*", "x?",
	  "*", HARD_BOOT, '0', '-', false,
	  "nothing of what is archived is there" },
	{ "su", "*", "n", "?", "*", "*", "*", "*", "c", "*", "ds0", "*", "x?",
	  "*", HARD_BOOT, '0', '-', false,
	  "a kexec would have brought it back" },
	{ "c", "*", "*", "*", "*", "*", "*", ">", "*", "*", "*", "*", "*", "*",
	  GAP, 'C', 'n', false, "somebody else has deleted" },
	{ "c", "*", "*", "*", "*", "*", "*", "*", "*", "*", "e-", "*", "*", "*",
	  SAME, 'C', '-', false, "the count says so" },
	{ "c", "*", "n", "*", "*", "*", "*", "*", "*", "*", "*", "-e", "gb",
	  "*", SAME, 'G', '-', false,
	  "the count was lost on the way, the TPM proves it" },
	{ "c", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*",
	  CONTRADICTION, '0', '-', false,
	  "at the same index there is another record, or none" },
	{ "su", "*", "*", "*", "*", "*", "*", "*", "-", "*", "*", "*", "*", "*",
	  SAME, 'E', '-', false, "all that is archived is deleted" },
	{ "su", "*", "y", "*", "*", "*", "*", "*", "s", "n", "*", "-e", "*",
	  "*", SAME, 'G', '-', false, "what was staged would be staged" },
	{ "su", "*", "*", "*", "*", "*", "*", "*", "st", "*", "e", "-e", "g",
	  "*", SAME, 'G', '-', false,
	  "the same records again, the TPM proves it" },
	{ "su", "*", "*", "*", "*", "*", "*", "*", "st", "*", "e", "-e", "k",
	  "*", SAME, 'K', '-', false,
	  "not deleted, or brought back; the TPM proves it" },
	{ "su", "*", "*", "*", "*", "*", "*", "*", "st", "*", "e", "-e", "*",
	  "*", SAME, 'K', '-', LIKELY, "not deleted, or brought back" },
	{ "su", "*", "*", "*", "*", "*", "*", "*", "st", "*", "*", "-e", "*",
	  "*", SAME, 'G', '-', false, "deleted" },
	{ "su", "*", "n", "*", "*", "*", "*", "*", "s", "*", "e", "*", "*", "*",
	  SAME, 'K', '-', false, "brought back" },
	{ "su", "*", "*", "*", "*", "*", "*", "*", "s", "y", "e", "*", "*", "*",
	  SAME, 'K', '-', false, "not deleted" },
	{ "su", "*", "*", "*", "*", "*", "*", "*", "tc", "*", "e", "*", "*",
	  "*", SAME, 'K', '-', false, "as it was left" },
	{ "su", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "y",
	  SAME, 'F', '-', false, "somebody else has deleted what is archived" },
	{ "su", "*", "*", "*", "*", "*", "*", "*", "c", "*", "*", "*", "gb",
	  "*", SAME, 'E', '-', false,
	  "somebody else has deleted all that is archived" },
	{ "su", "*", "*", "*", "*", "*", "*", "*", "*", "*", "s", "*", "*", "*",
	  CONTRADICTION, '0', '-', false, "a list does not lose its end" },
	{ "u", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*",
	  CONTRADICTION, '0', '-', false, "nobody can delete" },
	{ "s", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*", "*",
	  GAP, 'E', '?', false,
	  "somebody else has deleted, and nobody knows how many" },
};

/*
 * Whether anything may be deleted then: the first row that holds; none: it may.
 * case: s the same hard boot, - a gap, a new folder, or nothing is filed
 */
static const struct hold_row {
	const char *tpm, *id, *reset, *restart, *ek, *replays, *what;
	enum keep_hold hold;
	const char *why;
} hold_rows[] = {
	{ "s", "*", "*", "*", "*", "*", "*", KEEP_HOLD_SILENT,
	  "it is waited for" },
	{ "y", "y", "n", "*", "*", "x", "s", KEEP_HOLD_RESTART,
	  "it was reset while this kernel ran" },
	{ "y", "y", "*", "n", "*", "x", "s", KEEP_HOLD_RESTART,
	  "this kernel was hibernated" },
	{ "y", "y", "*", "*", "n", "x", "s", KEEP_HOLD_RESTART,
	  "it is another TPM" },
	{ "y", "n", "*", "n", "*", "x", "s", KEEP_HOLD_RESTART,
	  "the kernel before was hibernated" },
	{ "y", "n", "*", "*", "*", "x", "s", KEEP_HOLD_UNPROVED,
	  "its PCR does not say which boot it is" },
};

static bool row_used[ARRAY_SIZE(rows)];
static bool hold_used[ARRAY_SIZE(hold_rows)];

struct combination {
	char kernel, tpm, id, reset, restart, ek, note, count, pending, staged,
		content, gone, replays, found;
};

static bool has(const char *column, char letter)
{
	return column[0] == '*' || strchr(column, letter);
}

static bool row_holds(const struct row *row, const struct combination *c)
{
	return has(row->kernel, c->kernel) && has(row->tpm, c->tpm) &&
	       has(row->id, c->id) && has(row->reset, c->reset) &&
	       has(row->restart, c->restart) && has(row->ek, c->ek) &&
	       has(row->note, c->note) && has(row->count, c->count) &&
	       has(row->pending, c->pending) && has(row->staged, c->staged) &&
	       has(row->content, c->content) && has(row->gone, c->gone) &&
	       has(row->replays, c->replays) && has(row->found, c->found);
}

static enum keep_hold hold_wanted(const struct combination *c,
				  enum keep_case what)
{
	char same = what == KEEP_CASE_SAME || what == KEEP_CASE_KEXEC ? 's' :
									'-';

	for (size_t i = 0; i < ARRAY_SIZE(hold_rows); i++) {
		const struct hold_row *row = &hold_rows[i];

		if (has(row->tpm, c->tpm) && has(row->id, c->id) &&
		    has(row->reset, c->reset) &&
		    has(row->restart, c->restart) && has(row->ek, c->ek) &&
		    has(row->replays, c->replays) && has(row->what, same)) {
			hold_used[i] = true;
			return row->hold;
		}
	}
	return KEEP_HOLD_NONE;
}

/* Of the TPM: what it does not say is not known, and what is asked of it is there. */
static bool tpm_makes_sense(const struct combination *c)
{
	bool known = c->reset != '?' || c->restart != '?' || c->ek != '?';

	if (c->tpm != 'y' && (known || c->replays != '?'))
		return false;
	if (c->reset == '?' && known)
		return false;
	if (strchr("kb", c->replays) && !strchr("e-", c->content))
		return false;
	if (strchr("gb", c->replays) && c->gone == 'd')
		return false;
	return c->replays != 'f' || (c->id == 'n' && strchr("0-", c->count));
}

/* Are there such facts? */
static bool makes_sense(const struct combination *c)
{
	bool counts = c->kernel == 'c';
	bool overlap = counts ? strchr("0<", c->count) != NULL :
				c->pending != '-';

	if (!tpm_makes_sense(c) || counts != (c->count != '-') ||
	    overlap != (c->content != '-'))
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
	facts->fresh = letter == 'f' ? KEEP_YES : KEEP_NO;
}

static enum keep_answer answer_of(char letter)
{
	return letter == 'y'		    ? KEEP_YES :
	       strchr("ns", letter) != NULL ? KEEP_NO :
					      KEEP_UNKNOWN;
}

static struct keep_facts facts_of(const struct combination *c)
{
	struct keep_facts facts = { .has_boot = true, .end = END };

	facts.counts_deleted = c->kernel == 'c';
	facts.can_delete = c->kernel != 'u';
	facts.tpm = answer_of(c->tpm);
	facts.same_reset = answer_of(c->reset);
	facts.same_restart = answer_of(c->restart);
	facts.same_ek = answer_of(c->ek);
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
	if (row->what == WAIT)
		return want;
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
		fail_msg("no row for %.14s", &c->kernel);
	row_used[i] = true;
	want = wanted(&rows[i], &facts);
	want.hold = hold_wanted(c, want.what);
	if (got.what != want.what || got.first != want.first ||
	    got.gap != want.gap || got.nr_kept != want.nr_kept ||
	    got.likely != want.likely || got.hold != want.hold)
		fail_msg("%.14s: %s at %llu, gap %llu, %s, not '%s', %s",
			 &c->kernel, keep_case_name(got.what),
			 (unsigned long long)got.first,
			 (unsigned long long)got.gap, keep_hold_name(got.hold),
			 rows[i].why, keep_hold_name(want.hold));
}

static const char *const letters[] = { "csu",	"ys-", "yn",	 "yn?",	 "yn?",
				       "yn?",	"yn",  "0<=>-",	 "-stc", "yn",
				       "eds0-", "-ed", "kgbfx?", "yn" };

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
	for (size_t i = 0; i < ARRAY_SIZE(hold_rows); i++)
		if (!hold_used[i])
			fail_msg("no combination needs the row '%s'",
				 hold_rows[i].why);
}

/* Also while there is nothing to be compared with: it may be cleared meanwhile. */
TEST(nothing_is_deleted_while_the_tpm_is_silent)
{
	struct keep_facts facts = { .can_delete = true, .tpm = KEEP_NO };

	assert_int_equal(keep_decide(&facts).what, KEEP_CASE_FIRST);
	assert_int_equal(keep_decide(&facts).hold, KEEP_HOLD_SILENT);
	facts.tpm = KEEP_YES;
	assert_int_equal(keep_decide(&facts).hold, KEEP_HOLD_NONE);
	assert_false(keep_asks_tpm(&facts));
}

/* Each of them, and only they, have the PCR asked for. */
TEST(the_pcr_is_asked_when_anything_is_new)
{
	struct keep_facts facts = { .has_boot = true,
				    .can_delete = true,
				    .counts_deleted = true,
				    .same_boot_id = true,
				    .tpm = KEEP_YES,
				    .same_reset = KEEP_YES,
				    .same_restart = KEEP_YES,
				    .same_ek = KEEP_YES };
	enum keep_answer *const facts_of_tpm[] = { &facts.same_reset,
						   &facts.same_restart,
						   &facts.same_ek };

	assert_false(keep_asks_tpm(&facts));
	for (size_t i = 0; i < ARRAY_SIZE(facts_of_tpm); i++) {
		*facts_of_tpm[i] = KEEP_NO;
		assert_true(keep_asks_tpm(&facts));
		*facts_of_tpm[i] = KEEP_UNKNOWN;
		assert_false(keep_asks_tpm(&facts));
		*facts_of_tpm[i] = KEEP_YES;
	}
	facts.same_boot_id = false;
	assert_true(keep_asks_tpm(&facts));
	facts.tpm = KEEP_UNKNOWN;
	assert_false(keep_asks_tpm(&facts));
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
		[WAIT] = "wait",
	};

	puts("| kernel | tpm | id | reset | restart | ek | note | count | pending | staged | content | gone | replays | found | case | first | gap | why |\n"
	     "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
	for (const struct row *r = rows; r < rows + ARRAY_SIZE(rows); r++)
		printf("| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s%s | %c | %c | %s |\n",
		       text_of(r->kernel), text_of(r->tpm), text_of(r->id),
		       text_of(r->reset), text_of(r->restart), text_of(r->ek),
		       text_of(r->note), text_of(r->count), text_of(r->pending),
		       text_of(r->staged), text_of(r->content),
		       text_of(r->gone), text_of(r->replays), text_of(r->found),
		       names[r->what], r->likely ? ", likely" : "", r->first,
		       r->gap, r->why);
	return 0;
}

static int print_holds(void)
{
	puts("| tpm | id | reset | restart | ek | replays | the same hard boot | nothing is deleted | why |\n"
	     "|---|---|---|---|---|---|---|---|---|");
	for (const struct hold_row *r = hold_rows;
	     r < hold_rows + ARRAY_SIZE(hold_rows); r++)
		printf("| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n",
		       text_of(r->tpm), text_of(r->id), text_of(r->reset),
		       text_of(r->restart), text_of(r->ek), text_of(r->replays),
		       *r->what == 's' ? "y" : "", keep_hold_name(r->hold),
		       r->why);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination_is_decided_by_the_table),
		cmocka_unit_test(an_empty_archive_begins_where_the_kernel_does),
		cmocka_unit_test(a_boot_without_records_can_lose_none),
		cmocka_unit_test(what_was_not_counted_is_added),
		cmocka_unit_test(nothing_is_deleted_while_the_tpm_is_silent),
		cmocka_unit_test(the_pcr_is_asked_when_anything_is_new),
	};

	if (argc > 1 && !strcmp(argv[1], "--table"))
		return print_table();
	if (argc > 1 && !strcmp(argv[1], "--holds"))
		return print_holds();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
