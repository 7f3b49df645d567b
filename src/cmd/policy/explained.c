// SPDX-License-Identifier: MIT
/*
 * What is said of one file. Paths, packages and digests may be an attacker's, so nothing of them
 * reaches a terminal as it is, and commands are quoted.
 */
#include "cmd/policy/explained.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/text.h"
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
	struct policy_reading *reading = &explained->reading;

	return explain_path(explained->policy, reading->path, reading->alg,
			    reading->has_alg ? reading->digest :
					       bytes_of(NULL, 0),
			    &explained->found);
}

bool explained_is_allowed(const struct explained *explained)
{
	return explained->judgement.outcome <= POLICY_EXCLUDED;
}

/* ---- commands -------------------------------------------------------------- */

static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("/._+-:@,=%~", c));
}

/* As a word of bash: as it is, or as $'...'. */
static int put_word(struct imastage_buffer *command, struct imastage_bytes word)
{
	char escaped[8];
	bool plain = word.len > 0;
	int r;

	for (size_t i = 0; i < word.len; i++)
		plain = plain && is_plain(word.data[i]);
	if (plain)
		return buffer_put(command, word);
	r = buffer_put(command, bytes_of_text("$'"));
	for (size_t i = 0; i < word.len && r == 0; i++) {
		snprintf(escaped, sizeof(escaped),
			 is_plain(word.data[i]) ? "%c" : "\\x%02x",
			 word.data[i]);
		r = buffer_put(command, bytes_of_text(escaped));
	}
	return r < 0 ? r : buffer_put(command, bytes_of_text("'"));
}

static int put_text(struct imastage_buffer *command, const char *text)
{
	return buffer_put(command, bytes_of_text(text));
}

static int put_update(const struct explained *explained,
		      struct imastage_buffer *command)
{
	struct imastage_bytes path = bytes_of_text(explained->policy_path);
	int r = put_text(command, "imastage policy update -o ");

	if (r == 0)
		r = put_word(command, path);
	if (r == 0)
		r = put_text(command, " ");
	return r < 0 ? r : put_word(command, path);
}

/* Approves this digest under this path, for whoever has looked at the file. */
static int put_by_digest(const struct explained *explained,
			 struct imastage_buffer *command)
{
	const struct policy_reading *reading = &explained->reading;
	char hex[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];
	struct imastage_buffer word = { 0 };
	int r = put_update(explained, command);

	hex_encode(bytes_first(reading->digest, IMASTAGE_DIGEST_MAX), hex);
	if (r == 0)
		r = put_text(command, " --digest ");
	if (r == 0)
		r = buffer_put(&word, reading->path);
	if (r == 0)
		r = put_text(&word, "=");
	if (r == 0)
		r = put_text(&word, policy_algorithm_name(reading->alg));
	if (r == 0)
		r = put_text(&word, ":");
	if (r == 0)
		r = put_text(&word, hex);
	if (r == 0)
		r = put_word(command, bytes_of(word.data, word.len));
	free(word.data);
	return r;
}

/* Approves what the package now has, if the file is of its new version. */
static int put_by_package(const struct explained *explained,
			  struct imastage_buffer *command)
{
	struct imastage_bytes name = explained->found.package.name;
	int r = put_text(command, "apt-get download ");

	if (r == 0)
		r = put_word(command, name);
	if (r == 0)
		r = put_text(command, " && ");
	if (r == 0)
		r = put_update(explained, command);
	return r < 0 ? r :
		       put_text(
			       command,
			       " --deb . --apt-lists /var/lib/apt/lists"
			       " --keyring /usr/share/keyrings/debian-archive-keyring.gpg --grace 7");
}

/* Package names of Debian have their architecture behind a colon, those of RPM behind a dot. */
static bool is_debian(const struct explained *explained)
{
	return bytes_contain(explained->found.package.name, ':') &&
	       !bytes_equal_text(bytes_first(explained->found.package.name, 10),
				 "initramfs:");
}

/* Is there a digest that could be listed, and would that change anything? */
static bool can_be_listed(const struct explained *explained)
{
	switch (explained->judgement.outcome) {
	case POLICY_UNLISTED:
	case POLICY_DIFFERS:
	case POLICY_RETIRED:
		return explained->reading.has_alg &&
		       !(explained->reading.alg & POLICY_VERITY) &&
		       explained->reading.path.len &&
		       explained->reading.path.data[0] == '/';
	default:
		return false;
	}
}

#define COMMANDS_MAX 2

/* Owned by the caller. */
static size_t make_commands(const struct explained *explained,
			    struct imastage_buffer commands[COMMANDS_MAX])
{
	size_t nr = 0;

	if (explained->is_path_alone || !can_be_listed(explained))
		return 0;
	if (is_debian(explained) &&
	    put_by_package(explained, &commands[nr]) == 0)
		nr++;
	if (put_by_digest(explained, &commands[nr]) == 0)
		nr++;
	return nr;
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

static const char *const guess_words[] = {
	[EXPLAIN_NO_PACKAGE] = "none",
	[EXPLAIN_BY_PATH] = "it has this path",
	[EXPLAIN_BY_MERGED_PATH] = "it has the other name of this path",
	[EXPLAIN_BY_DIGEST] = "it has this digest under another name",
	[EXPLAIN_BY_FOLDER] = "it has the other files of this folder",
};

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

static void print(const struct explained *explained)
{
	const struct explanation *found = &explained->found;
	struct imastage_buffer commands[COMMANDS_MAX] = { 0 };
	size_t nr = make_commands(explained, commands);

	print_head(explained);
	print_entries(explained, "listed", found->listed, found->nr_listed,
		      false);
	print_entries(explained, "same digest", found->same, found->nr_same,
		      true);
	if (found->guess) {
		fputs("package     ", stdout);
		text_print(stdout, found->package.name);
		printf(": %s\n", guess_words[found->guess]);
	}
	for (size_t i = 0; i < nr; i++) {
		printf("%-12s%.*s\n", i ? "or" : "to approve",
		       (int)commands[i].len, commands[i].data);
		free(commands[i].data);
	}
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

static void put(const struct explained *explained)
{
	const struct explanation *found = &explained->found;
	struct imastage_buffer commands[COMMANDS_MAX] = { 0 };
	size_t nr = make_commands(explained, commands);
	struct json json;

	json_start(&json, stdout, '{');
	json_bytes(&json, "path", explained->reading.path);
	if (!explained->is_path_alone)
		put_judged(explained, &json);
	put_entries(explained, "listed", found->listed, found->nr_listed,
		    &json);
	put_entries(explained, "same_digest", found->same, found->nr_same,
		    &json);
	if (found->guess) {
		json_bytes(&json, "package", found->package.name);
		json_text(&json, "package_because", guess_words[found->guess]);
	}
	json_open(&json, "commands", '[');
	for (size_t i = 0; i < nr; i++) {
		json_bytes(&json, NULL,
			   bytes_of(commands[i].data, commands[i].len));
		free(commands[i].data);
	}
	json_close(&json, ']');
	json_end(&json, '}');
}

void explained_print(const struct explained *explained, bool json)
{
	if (json)
		put(explained);
	else
		print(explained);
}
