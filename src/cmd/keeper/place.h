/* SPDX-License-Identifier: MIT */
/*
 * Where the archive, the kernel and the agent are that a verb is about: what the
 * agent's configuration says, unless options say other. And how to have something
 * done: by the agent that runs, or, when none does, by a keeper of our own for as
 * long as it takes.
 */
#ifndef CMD_KEEPER_PLACE_H
#define CMD_KEEPER_PLACE_H

#include "archive/archive.h"
#include "tool/opts.h"
#include "service/config.h"

struct json_object; /* json-c */

struct place {
	const char *config_path; /* NULL: the usual one, which may be missing */
	const char *archive, *source, *control; /* NULL: the configuration's */
	bool verbose;
	uint64_t timeout_ms; /* for what is asked for; 0: as long as it takes */
	bool leave_gap; /* see service/keeper.h */
	struct config config; /* after place_init() */
};

/* Their context is a struct place, at first all zeros. */
extern const struct opt place_opts[];

/* --timeout, for verbs that have something done. */
extern const struct opt place_wait_opts[];

/* Reads the configuration. CLI_OK, or CLI_FAILED after a complaint. */
int place_init(struct place *place);

/*
 * For a command that takes nothing but options: parses these, then reads the
 * configuration. CLI_OK, OPTS_HELP, or another status after a complaint.
 */
int place_parse(struct place *place, const struct command *command,
		const struct opt_group *groups, size_t nr_groups, int argc,
		char **argv);

/* What libraries have to say, on standard error: warnings and worse, unless verbose. */
const struct say *place_say_of(const struct place *place);

/*
 * Has @request (of docs/agent-protocol.md) done by the agent or by ourselves; the
 * caller puts *ret_reply, which says whether it worked. With --archive or --source the
 * agent, which may have others, is not asked. Negative after a complaint.
 */
int place_do(const struct place *place, struct json_object *request,
	     bool archive_only, struct json_object **ret_reply);

/* The same, and complains when the reply says that it did not work. */
int place_do_or_complain(const struct place *place, struct json_object *request,
			 bool archive_only, struct json_object **ret_reply);

/* Why the agent could not be asked, @r of ask(), and what to do: a sentence. */
#define PLACE_TEXT_MAX 1024
const char *place_words(const struct place *place, int r,
			char room[PLACE_TEXT_MAX]);

/* The same for what the agent alone can do: that none answers is a complaint, too. */
int place_ask_or_complain(const struct place *place,
			  struct json_object *request,
			  struct json_object **ret_reply);

/* {"do":@what}; the caller puts it, or passes it on. */
struct json_object *place_request(const char *what);

/* One line on standard output. */
void place_print_json(struct json_object *object);

/* For reading, after a complaint negative. */
int place_open_archive(const struct place *place, struct archive **ret_archive);

/*
 * The boot that @name names, the last one for NULL. Negative after a complaint.
 */
int place_find_boot(const struct place *place, struct archive *archive,
		    const char *name, struct archive_boot *ret_boot);

#endif
