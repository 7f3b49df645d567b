// SPDX-License-Identifier: MIT
/*
 * What is said of one file. Paths, packages and digests may be an attacker's, so nothing of them
 * reaches a terminal as it is, and commands are quoted.
 */
#include "cmd/policy/explained.h"
#include "base/bytes.h"
#include "base/text.h"
#include "cmd/policy/approval.h"
#include "log/buffer.h"
#include "policy/time.h"
#include "tool/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* ---- a record of ima-ng ---------------------------------------------------- */

int explained_make(struct explained_record *made,
		   struct imastage_bytes algorithm,
		   struct imastage_bytes digest, struct imastage_bytes path)
{
	struct imastage_buffer *data = &made->data;
	uint32_t len = (uint32_t)(algorithm.len + 2 + digest.len);
	int r = buffer_put_u32(data, len, IMASTAGE_HOST);

	if (r == 0)
		r = buffer_put(data, algorithm);
	if (r == 0)
		r = buffer_put(data, bytes_of(":", 2));
	if (r == 0)
		r = buffer_put(data, digest);
	if (r == 0)
		r = buffer_put_u32(data, (uint32_t)path.len + 1, IMASTAGE_HOST);
	if (r == 0)
		r = buffer_put(data, path);
	if (r == 0)
		r = buffer_put(data, bytes_of("", 1));
	made->record = (struct imastage_record){
		.pcr = IMASTAGE_PCR_IMA,
		.bank = IMASTAGE_SHA256,
		.digest = bytes_of(made->digest, 32),
		.name = bytes_of_text("ima-ng"),
		.data = bytes_of(data->data, data->len),
		.nr_fields = 2,
		.endian = IMASTAGE_HOST,
	};
	return r;
}

void explained_free(struct explained_record *made)
{
	free(made->data.data);
}

/* ---- looking --------------------------------------------------------------- */

int explained_look_up(struct explained *explained)
{
	const struct policy_reading *reading = &explained->reading;
	struct explain_question question = {
		.path = reading->path,
		.alg = reading->alg,
		.digest = reading->has_alg ? reading->digest :
					     bytes_of(NULL, 0),
	};
	int r = explain_all(explained->policy, &question, 1);

	explained->found = question.found;
	return r;
}

bool explained_is_allowed(const struct explained *explained)
{
	return explained->judgement.outcome <= POLICY_EXCLUDED;
}

/* ---- for people ------------------------------------------------------------ */

static void print_package(const struct policy_package *package)
{
	char day[POLICY_TIME_LEN + 1];

	if (!package->name.len)
		return;
	fputs(" of ", stdout);
	text_print(stdout, package->name);
	putchar(' ');
	text_print(stdout, package->version);
	if (!package->retires)
		return;
	policy_time_write(package->retires, day);
	printf(", retires %s", day);
}

static void print_digest(uint8_t alg, struct imastage_bytes digest)
{
	const char *name = policy_algorithm_name(alg);

	printf("%s%s:", alg & POLICY_VERITY ? "verity:" : "",
	       name ? name : "?");
	text_print_hex(stdout, digest);
}

static void print_entries(const struct explained *explained, const char *label,
			  const struct policy_entry *entries, size_t nr,
			  bool paths)
{
	struct policy_package package;

	for (size_t i = 0; i < nr && i < EXPLAIN_SHOWN; i++) {
		printf("%-12s", i ? "" : label);
		if (paths)
			text_print(stdout, entries[i].name);
		else
			print_digest(entries[i].alg, entries[i].digest);
		package = policy_package_of(explained->policy,
					    entries[i].package);
		print_package(&package);
		putchar('\n');
	}
	if (nr > EXPLAIN_SHOWN)
		printf("%-12sand %zu more\n", "", nr - EXPLAIN_SHOWN);
}

static void print_head(const struct explained *explained)
{
	const struct policy_judgement *judgement = &explained->judgement;

	if (explained->index)
		printf("record      %" PRIu64 "\n", *explained->index);
	fputs("path        ", stdout);
	text_print(stdout, explained->reading.path);
	putchar('\n');
	if (explained->is_path_alone)
		return;
	if (explained->reading.has_alg) {
		fputs("digest      ", stdout);
		print_digest(explained->reading.alg, explained->reading.digest);
		putchar('\n');
	}
	printf("outcome     %s: %s\n", policy_outcome_name(judgement->outcome),
	       policy_outcome_meaning(judgement->outcome));
	if (judgement->reason)
		printf("%-12s%s\n", "", judgement->reason);
}

static void print(const struct explained *explained,
		  const struct approval *approval)
{
	const struct explanation *found = &explained->found;

	print_head(explained);
	print_entries(explained, "listed", found->listed, found->nr_listed,
		      false);
	print_entries(explained, "same digest", found->same, found->nr_same,
		      true);
	if (found->guess) {
		fputs("package     ", stdout);
		approval_print_package(stdout, found);
		putchar('\n');
	}
	for (size_t i = 0; i < approval->nr_commands; i++)
		printf("%-12s%.*s\n", i ? "or" : "to approve",
		       (int)approval->commands[i].len,
		       approval->commands[i].data);
	if (approval->advice)
		printf("%-12s%s\n", "to approve", approval->advice);
}

/* ---- for programs ---------------------------------------------------------- */

static void put_package(const struct policy_package *package, struct json *json)
{
	char day[POLICY_TIME_LEN + 1];

	if (!package->name.len)
		return;
	json_bytes(json, "package", package->name);
	json_bytes(json, "version", package->version);
	if (!package->retires)
		return;
	policy_time_write(package->retires, day);
	json_text(json, "retires", day);
}

static void put_entries(const struct explained *explained, const char *label,
			const struct policy_entry *entries, size_t nr,
			struct json *json)
{
	struct policy_package package;

	json_open(json, label, '[');
	for (size_t i = 0; i < nr && i < EXPLAIN_SHOWN; i++) {
		package = policy_package_of(explained->policy,
					    entries[i].package);
		json_open(json, NULL, '{');
		json_bytes(json, "path", entries[i].name);
		json_text(json, "algorithm",
			  policy_algorithm_name(entries[i].alg));
		json_hex(json, "digest", entries[i].digest);
		put_package(&package, json);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_judged(const struct explained *explained, struct json *json)
{
	const struct policy_judgement *judgement = &explained->judgement;

	if (explained->index)
		json_number(json, "record", *explained->index);
	if (explained->reading.has_alg) {
		json_text(json, "algorithm",
			  policy_algorithm_name(explained->reading.alg));
		json_hex(json, "digest", explained->reading.digest);
	}
	json_text(json, "outcome", policy_outcome_name(judgement->outcome));
	json_text(json, "meaning", policy_outcome_meaning(judgement->outcome));
	json_boolean(json, "allowed", explained_is_allowed(explained));
}

static void put(const struct explained *explained,
		const struct approval *approval)
{
	const struct explanation *found = &explained->found;
	struct json json;

	json_start(&json, stdout, '{');
	json_bytes(&json, "path", explained->reading.path);
	if (!explained->is_path_alone)
		put_judged(explained, &json);
	put_entries(explained, "listed", found->listed, found->nr_listed,
		    &json);
	put_entries(explained, "same_digest", found->same, found->nr_same,
		    &json);
	approval_put(approval, found, &json);
	json_end(&json, '}');
}

/* ---- both ------------------------------------------------------------------ */

/* Of a path alone nobody knows what is to be approved. */
static int approve(const struct explained *explained,
		   struct approval *ret_approval)
{
	const struct approval_policy policy = { explained->policy,
						explained->policy_path, false };
	struct approval_file file;

	*ret_approval = (struct approval){ 0 };
	if (explained->is_path_alone)
		return 0;
	approval_file_of(&explained->reading, &explained->judgement, &file);
	return approval_make(&policy, &file, &explained->found, ret_approval);
}

int explained_print(const struct explained *explained, bool json)
{
	struct approval approval;
	int r = approve(explained, &approval);

	if (r < 0)
		return r;
	if (json)
		put(explained, &approval);
	else
		print(explained, &approval);
	approval_free(&approval);
	return 0;
}
