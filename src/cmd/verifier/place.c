// SPDX-License-Identifier: MIT
/*
 * Store, keys and files of a verifier's verbs.
 */
#include "cmd/verifier/place.h"
#include "base/bytes.h"
#include "base/output.h"
#include "base/util.h"
#include "tool/cli.h"

#include <errno.h>
#include <libgen.h>
#include <sys/stat.h>
#include <time.h>

static void complain(void *context, enum say_level level, const char *text)
{
	(void)context;
	if (level <= SAY_ERROR)
		cli_error("%s", text);
}

const struct say verifier_say = { complain, NULL };

/* ---- options -------------------------------------------------------------------- */

static int set_store(void *context, const char *value)
{
	((struct verifier_place *)context)->store = value;
	return *value ? 0 : -EINVAL;
}

static int set_key(void *context, const char *value)
{
	((struct verifier_place *)context)->key = value;
	return *value ? 0 : -EINVAL;
}

static int set_accepted(void *context, const char *value)
{
	struct verifier_place *place = context;

	if (place->nr_accepted == ARRAY_SIZE(place->accepted))
		return cli_usage("more than %zu keys to accept",
				 ARRAY_SIZE(place->accepted));
	place->accepted[place->nr_accepted++] = value;
	return *value ? 0 : -EINVAL;
}

const struct opt verifier_opts[] = {
	{ .text = "The verifier:" },
	{ "store", 0, "FILE",
	  "its store ($IMASTAGE_STORE, or " VERIFIER_STORE ")", set_store,
	  "a file" },
	{ "key", 0, "FILE", "its private key (that of the store with .key)",
	  set_key, "a file" },
	{ "accept-key", 0, "FILE",
	  "an older key, private or public, whose checkpoints count\n"
	  "still; may be given several times",
	  set_accepted, "a file" },
	{ 0 },
};

/* ---- the store -------------------------------------------------------------------- */

/* Its folder, and that alone. */
static int make_folder(const char *path)
{
	cleanup_free char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	return mkdir(dirname(copy), 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static const char *path_of(const struct verifier_place *place)
{
	const char *path = getenv("IMASTAGE_STORE");

	if (place->store)
		return place->store;
	return path && *path ? path : VERIFIER_STORE;
}

int verifier_open(const struct verifier_place *place, bool create,
		  struct store **ret_store)
{
	const struct store_options options = {
		.path = path_of(place),
		.key = place->key,
		.accepted = place->accepted,
		.nr_accepted = place->nr_accepted,
		.create = create,
		.say = &verifier_say,
	};
	int r = 0;

	if (create && !strcmp(options.path, VERIFIER_STORE))
		r = make_folder(options.path);
	if (r < 0) {
		cli_error("%s: its folder: %s", options.path, strerror(-r));
		return CLI_FAILED;
	}
	return store_open(&options, ret_store) < 0 ? CLI_FAILED : CLI_OK;
}

int verifier_answer(int r, const char *machine)
{
	static const char *const texts[] = {
		[STORE_UNKNOWN] = "is not in the store; 'imastage machine "
				  "list' shows those that are",
		[STORE_EXISTS] = "this id or this key is in the store already; "
				 "remove that machine first",
		[STORE_WRONG] = "the secret is another one: the TPM that "
				"answered does not hold both keys",
		[STORE_EXPIRED] = "the enrolment has expired; begin it again",
	};

	if (r == 0)
		return CLI_OK;
	if (r > 0 && r < (int)ARRAY_SIZE(texts) && texts[r])
		cli_error("%s: %s", machine, texts[r]);
	return r == STORE_WRONG || r == STORE_EXPIRED ? CLI_REJECTED :
							CLI_FAILED;
}

/* ---- files ---------------------------------------------------------------------- */

int verifier_write(const char *path, struct imastage_bytes bytes)
{
	struct output output = { 0 };
	int r = output_open(&output, path);

	if (r == 0 &&
	    fwrite(bytes.data, 1, bytes.len, output.file) != bytes.len)
		r = errno ? -errno : -EIO;
	if (r == 0)
		r = output_commit(&output);
	output_fini(&output);
	if (r == 0)
		return CLI_OK;
	cli_error("%s: %s", path ? path : "standard output", path_strerror(r));
	return CLI_FAILED;
}

uint64_t verifier_now(void)
{
	return (uint64_t)time(NULL);
}

int verifier_argument(char **args, const char *what, const char **ret_value)
{
	if (!*args)
		return cli_usage("no %s given", what);
	if (args[1])
		return cli_usage("unexpected argument '%s'", args[1]);
	*ret_value = *args;
	return CLI_OK;
}
