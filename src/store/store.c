// SPDX-License-Identifier: MIT
/*
 * The store: its file and its keys.
 */
#include "base/util.h"
#include "store/db.h"
#include "store/keep.h"
#include "store/key.h"

#include <errno.h>

/* ---- keys --------------------------------------------------------------------- */

static int add_key(struct store *store, const char *path)
{
	struct dsse_key *key;
	int r;

	if (store->keys.nr == DSSE_KEYS_MAX) {
		say(store->say, SAY_ERROR, "%s: more than %d keys", path,
		    DSSE_KEYS_MAX);
		return -E2BIG;
	}
	r = store_read_key(path, store->say, &key);
	if (r < 0)
		return r;
	store->own[store->keys.nr] = key;
	store->keys.of[store->keys.nr++] = key;
	return 0;
}

static int add_keys(struct store *store, const struct store_options *options)
{
	cleanup_free char *beside = NULL;
	const char *path = options->key;
	int r = 0;

	if (!path) {
		if (asprintf(&beside, "%s.key", options->path) < 0) {
			beside = NULL;
			return -ENOMEM;
		}
		path = beside;
	}
	if (options->create && access(path, F_OK) < 0 && errno == ENOENT)
		r = store_make_key(path, store->say);
	if (r == 0)
		r = add_key(store, path);
	if (r == 0 && !dsse_key_signs(store->own[0])) {
		say(store->say, SAY_ERROR,
		    "%s: is a public key; the verifier signs with a private one",
		    path);
		r = -EACCES;
	}
	for (size_t i = 0; r == 0 && i < options->nr_accepted; i++)
		r = add_key(store, options->accepted[i]);
	return r;
}

/* ---- the folder ----------------------------------------------------------------- */

static int set_paths(struct store *store, const struct store_options *options)
{
	store->io = options->io ? options->io : &io_system;
	store->path = strdup(options->path);
	if (asprintf(&store->kept, "%s.evidence", options->path) < 0)
		store->kept = NULL;
	if (asprintf(&store->arriving, "%s.evidence/new", options->path) < 0)
		store->arriving = NULL;
	return store->path && store->kept && store->arriving ? 0 : -ENOMEM;
}

static int begin_keeping(struct store *store)
{
	int r = kept_open(store);

	store->keeps = r == 0;
	return r;
}

/* ---- the store ------------------------------------------------------------------- */

int store_open(const struct store_options *options, struct store **ret_store)
{
	struct store *store = calloc(1, sizeof(*store));
	int r = -ENOMEM;

	if (!store)
		return r;
	store->say = options->say;
	r = set_paths(store, options);
	if (r == 0)
		r = db_open(store, options);
	if (r == 0)
		r = add_keys(store, options);
	if (r == 0 && options->keep)
		r = begin_keeping(store);
	if (r < 0)
		store_close(store);
	else
		*ret_store = store;
	return r;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	db_close(store);
	for (size_t i = 0; i < store->keys.nr; i++)
		dsse_key_free(store->own[i]);
	free(store->path);
	free(store->kept);
	free(store->arriving);
	free(store);
}

const char *store_verifier(const struct store *store)
{
	return store->verifier;
}

const struct dsse_key *store_key(const struct store *store)
{
	return store->own[0];
}
