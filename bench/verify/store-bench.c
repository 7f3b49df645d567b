// SPDX-License-Identifier: MIT
/*
 * What bench/verify/run measures the verifier's store with: small attestations as a service
 * has them. Each is an evidence file in memory that goes on from its machine's checkpoint:
 * read, verified, and committed with its challenge, its verdict and a new checkpoint.
 *
 *	store-bench DIR GROUP RECORDS	in a new store in DIR, rounds of GROUP machines;
 *					each round has RECORDS new records, and the
 *					rounds of all machines one transaction
 *	store-bench DIR 1 RECORDS	each round has a transaction of its own
 *
 * Making evidence is not measured. Prints a line of JSON: the medians of what a group takes,
 * as rounds a second of processor time and of time, without and with the challenges, which
 * are made in a group, too.
 */
#include "base/util.h"
#include "lib/storing.h"
#include "lib/testing.h"
#include "store/file.h"
#include "../lib/measure.h"

#include <stdlib.h>

#define GROUPS 21 /* of which the median counts */
#define ALONE 10 /* rounds of their own, of which one "group" is measured */
#define BOOT_RECORDS 4
#define LIST_RECORDS 130 /* that a machine is booted behind */

/* A machine, and what it answers with. */
struct sender {
	struct made_machine machine;
	char id[32];
	struct challenge challenge;
	struct imastage_buffer file; /* owned */
	struct imastage_bytes rest; /* of it, not read yet */
};

struct took {
	double used[GROUPS], seconds[GROUPS];
};

struct bench {
	struct store *store;
	struct sender *senders; /* owned */
	size_t nr;
	unsigned int nr_records;
	bool grouped;
	uint64_t now;
	struct took challenges, rounds;
};

static void must(int r, const char *what)
{
	if (r)
		errx(1, "%s: %d", what, r);
}

/* ---- the machines ------------------------------------------------------------ */

static void add_sender(struct bench *bench, size_t i)
{
	struct sender *sender = &bench->senders[i];

	snprintf(sender->id, sizeof(sender->id), "machine-%zu", i);
	made_machine_init(&sender->machine);
	must(storing_add(bench->store, &sender->machine, sender->id,
			 bench->now),
	     "machine");
}

/* The records that are new, and a quote, which answers the challenge. */
static void answer(struct bench *bench, struct sender *sender)
{
	struct made_machine *machine = &sender->machine;
	uint64_t first = sender->challenge.from;

	if (machine->nr > LIST_RECORDS) {
		made_machine_boot(machine);
		first = 0;
	}
	made_machine_measure(machine,
			     bench->nr_records - (first ? 0 : BOOT_RECORDS));
	storing_quote(machine, &sender->challenge);
	made_machine_pack(machine, (size_t)first, NULL, &sender->file);
	sender->rest = bytes_of(sender->file.data, sender->file.len);
}

/* ---- the verifier ------------------------------------------------------------- */

static ssize_t read_file(void *context, void *data, size_t len)
{
	struct sender *sender = context;
	struct imastage_bytes piece = bytes_first(sender->rest, len);

	if (piece.len > 0)
		memcpy(data, piece.data, piece.len);
	sender->rest = bytes_skip(sender->rest, piece.len);
	return (ssize_t)piece.len;
}

static void ask(struct bench *bench, struct sender *sender)
{
	const struct store_ask asked = { .machine = sender->id, .seconds = 60 };

	must(store_challenge(bench->store, &asked, bench->now,
			     &sender->challenge),
	     "challenge");
}

static void judge(struct bench *bench, struct sender *sender)
{
	static const struct verify_request policies = { .list_pcrs = 1u << 10 };
	struct verify_verdict verdict;

	must(store_verify_file(bench->store,
			       (struct imastage_source){ read_file, sender },
			       NULL, &policies, bench->now, &verdict),
	     "verify");
	if (verdict.result != VERIFY_WARNED || !verdict.proved)
		errx(1, "honest evidence is not taken for what it is");
}

/* Does it for all machines, and notes what that takes. */
static void take(struct bench *bench,
		 void (*step)(struct bench *bench, struct sender *sender),
		 struct took *took, size_t turn)
{
	double start = now(), start_used = used();

	if (bench->grouped)
		must(store_begin_group(bench->store), "group");
	for (size_t i = 0; i < bench->nr; i++)
		step(bench, &bench->senders[i]);
	if (bench->grouped)
		must(store_end_group(bench->store), "group");
	took->used[turn] = used() - start_used;
	took->seconds[turn] = now() - start;
}

static void take_turn(struct bench *bench, size_t turn)
{
	take(bench, ask, &bench->challenges, turn);
	for (size_t i = 0; i < bench->nr; i++)
		answer(bench, &bench->senders[i]);
	take(bench, judge, &bench->rounds, turn);
	bench->now++;
}

/* ---- results ------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
	const double *x = (const double *)a, *y = (const double *)b;

	return (*x > *y) - (*x < *y);
}

static double median(double seconds[GROUPS])
{
	qsort(seconds, GROUPS, sizeof(seconds[0]), compare);
	return seconds[GROUPS / 2];
}

static void report(struct bench *bench)
{
	double nr = (double)bench->nr;
	double rounds = median(bench->rounds.used);
	double seconds = median(bench->rounds.seconds);

	printf("{\"group\":%zu,\"records\":%u,\"per_s\":%.0f,"
	       "\"with_challenge_per_s\":%.0f,\"per_s_of_time\":%.0f,"
	       "\"with_challenge_per_s_of_time\":%.0f}\n",
	       bench->grouped ? bench->nr : 1, bench->nr_records, nr / rounds,
	       nr / (rounds + median(bench->challenges.used)), nr / seconds,
	       nr / (seconds + median(bench->challenges.seconds)));
}

static void open_store(struct bench *bench, const char *dir)
{
	char path[4096];
	const struct store_options options = { .path = path, .create = true };

	snprintf(path, sizeof(path), "%s/store", dir);
	must(store_open(&options, &bench->store), path);
}

static void measure(struct bench *bench, const char *dir)
{
	bench->senders = calloc(bench->nr, sizeof(*bench->senders));
	if (!bench->senders)
		errx(1, "out of memory");
	open_store(bench, dir);
	for (size_t i = 0; i < bench->nr; i++)
		add_sender(bench, i);
	for (size_t turn = 0; turn < GROUPS; turn++)
		take_turn(bench, turn);
	report(bench);
	for (size_t i = 0; i < bench->nr; i++) {
		made_machine_fini(&bench->senders[i].machine);
		free(bench->senders[i].file.data);
	}
	free(bench->senders);
	store_close(bench->store);
}

int main(int argc, char **argv)
{
	struct bench bench = { .now = 1000000 };
	unsigned long group = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned long records = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;

	if (group == 0 || records <= BOOT_RECORDS || records > 100)
		errx(2, "usage: store-bench DIR GROUP RECORDS");
	bench.grouped = group > 1;
	bench.nr = bench.grouped ? group : ALONE;
	bench.nr_records = (unsigned int)records;
	measure(&bench, argv[1]);
	return 0;
}
