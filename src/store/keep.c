// SPDX-License-Identifier: MIT
/*
 * Evidence on its way from whoever sends it to the folder.
 */
#include "store/keep.h"
#include "base/hex.h"
#include "base/util.h"
#include "log/buffer.h"
#include "log/hash.h"
#include "store/outcomes.h"

#include <errno.h>
#include <inttypes.h>

#define RANDOM_LEN 16
#define MACHINE_LEN_MAX 64 /* of its id, in a name */
#define SUFFIX ".evidence"
#define TRIES 8

struct keeping {
	struct store *store;
	struct imastage_source inner;
	int fd, mark; /* of the store's io; locked; -1: none */
	char random[HEX_TEXT_LEN(RANDOM_LEN)];
	char name[STORE_NAME_MAX + 1]; /* once there is a mark */
	uint64_t len;
	struct hash hash;
	uint8_t sha256[IMASTAGE_DIGEST_MAX];
	struct outcomes outcomes;
	const struct verify_watch *others; /* or NULL */
	struct verify_watch watch;
	const struct verify_request *request;
};

/* ---- names ----------------------------------------------------------------------- */

char *kept_path(const struct store *store, const char *name, bool arriving)
{
	char *path;

	if (asprintf(&path, "%s/%s", arriving ? store->arriving : store->kept,
		     name) < 0)
		return NULL;
	return path;
}

static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

/* What names of a machine's files begin with. Ids are any text. */
static void put_machine(const char *id, char ret_text[MACHINE_LEN_MAX + 2])
{
	size_t i = 0;

	for (; i < MACHINE_LEN_MAX && id[i]; i++)
		ret_text[i] = (char)(is_plain(id[i]) ? id[i] : '_');
	ret_text[i++] = '.';
	ret_text[i] = '\0';
}

static void put_name(struct keeping *keeping, const char *machine,
		     const struct verify_verdict *verdict)
{
	char prefix[MACHINE_LEN_MAX + 2];

	put_machine(machine, prefix);
	snprintf(keeping->name, sizeof(keeping->name),
		 "%sboot-%" PRIu32 ".%" PRIu64 "-%" PRIu64 ".%s" SUFFIX, prefix,
		 verdict->clock.resets, verdict->first_index,
		 verdict->next_index - 1, keeping->random);
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len && !strcmp(name + len - suffix_len, suffix);
}

static bool is_random(const char *name)
{
	return strlen(name) == HEX_TEXT_LEN(RANDOM_LEN) - 1 &&
	       strspn(name, "0123456789abcdef") == strlen(name);
}

/* ---- the folder -------------------------------------------------------------------- */

static int complain(const struct store *store, const char *path, int r)
{
	if (r == -ELOOP || r == -EINVAL || r == -ENOTDIR)
		say(store->say, SAY_ERROR,
		    "%s: is no folder; move it away, or keep no evidence",
		    path);
	else
		say_errno(store->say, r, "%s", path);
	return r;
}

/* Only we may read what is in it. */
static int make_folder(struct store *store, const char *path)
{
	const struct io *io = store->io;
	int r = io_mkdir(io, path, 0700);

	if (r == -EEXIST)
		r = 0;
	if (r == 0)
		r = io_mend(io, path, 0700);
	return r < 0 ? complain(store, path, r) : 0;
}

/* Its name is in the folder of the store. */
static int sync_parent(struct store *store)
{
	cleanup_free char *parent = strdup(store->path);
	char *slash;
	int r;

	if (!parent)
		return -ENOMEM;
	slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	r = io_sync_dir(store->io, slash ? parent : ".");
	return r < 0 ? complain(store, parent, r) : 0;
}

/* 1: a verdict has that name for a file, 0: none has */
static int is_named(struct store *store, const char *name)
{
	int r;
	struct sqlite3_stmt *query = db_take(store, QUERY_KEPT_NAMED, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, name);
	r = db_step(store, query);
	sqlite3_reset(query);
	return r == DB_END ? 0 : r < 0 ? r : 1;
}

/* A mark goes last, when its file is gone for good. */
static int remove_marked(struct store *store, const char *name)
{
	cleanup_free char *final = kept_path(store, name, false);
	int r = final ? io_unlink(store->io, final) : -ENOMEM;

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : io_sync_dir(store->io, store->kept);
}

static int settle_path(struct store *store, const char *name, const char *path)
{
	int r = 0;

	if (!is_random(name)) {
		r = is_named(store, name);
		if (r == 0)
			r = remove_marked(store, name);
	}
	return r < 0 ? r : io_unlink(store->io, path);
}

/* Something that was left below new/, unless somebody is still at it. */
static int settle(void *context, const char *name)
{
	struct store *store = context;
	cleanup_free char *path = kept_path(store, name, true);
	int fd, r;

	if (!path)
		return -ENOMEM;
	fd = io_open(store->io, path, O_RDONLY, 0);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0 || !(is_random(name) || ends_with(name, SUFFIX))) {
		say(store->say, SAY_WARNING,
		    "%s: is not evidence that imastage kept; it is passed over",
		    path);
		if (fd >= 0)
			io_close(store->io, fd);
		return 0;
	}
	r = io_lock(store->io, fd);
	if (r == 0)
		r = settle_path(store, name, path);
	io_close(store->io, fd);
	return r == -EBUSY || r == -ENOENT ? 0 : r;
}

int kept_open(struct store *store)
{
	int r = make_folder(store, store->kept);

	if (r == 0)
		r = make_folder(store, store->arriving);
	if (r == 0)
		r = io_sync_dir(store->io, store->kept);
	if (r == 0)
		r = sync_parent(store);
	if (r < 0)
		return r;
	r = io_list(store->io, store->arriving, settle, store);
	return r < 0 ? say_errno(store->say, r, "%s", store->arriving) : 0;
}

/* ---- reading and writing --------------------------------------------------------- */

static int lost(const struct keeping *keeping, int r)
{
	return say_errno(keeping->store->say, r,
			 "%s: evidence cannot be kept, so there is no verdict",
			 keeping->store->kept);
}

static ssize_t read_and_keep(void *context, void *data, size_t len)
{
	struct keeping *keeping = context;
	ssize_t n = keeping->inner.read(keeping->inner.context, data, len);
	int r;

	if (n <= 0)
		return n;
	r = io_write_full(keeping->store->io, keeping->fd, data, (size_t)n,
			  keeping->len);
	if (r == 0)
		r = hash_update(&keeping->hash, bytes_of(data, (size_t)n));
	keeping->len += (uint64_t)n;
	return r < 0 ? lost(keeping, r) : n;
}

struct imastage_source kept_source(struct keeping *keeping)
{
	return (struct imastage_source){ read_and_keep, keeping };
}

int kept_again(struct keeping *keeping)
{
	int r = io_truncate(keeping->store->io, keeping->fd, 0);

	keeping->len = 0;
	outcomes_clear(&keeping->outcomes);
	if (r == 0)
		r = hash_start(&keeping->hash);
	return r < 0 ? lost(keeping, r) : 0;
}

/* Who clears up may have been faster than the lock: then it has no name any more. */
static int lock_new(const struct io *io, const char *path, int *ret_fd)
{
	struct io_identity identity;
	int fd = io_open(io, path, O_RDWR | O_CREAT | O_EXCL, 0600), r;

	if (fd < 0)
		return fd;
	r = io_lock(io, fd);
	if (r == 0)
		r = io_identify(io, fd, &identity);
	if (r == 0 && identity.nr_links == 0)
		r = -EBUSY;
	if (r == 0) {
		*ret_fd = fd;
		return 0;
	}
	io_close(io, fd);
	if (r != -EBUSY)
		(void)io_unlink(io, path);
	return r;
}

static int make_file(struct keeping *keeping)
{
	uint8_t random[RANDOM_LEN];
	int r = -EBUSY;

	for (int i = 0; i < TRIES && r == -EBUSY; i++) {
		cleanup_free char *path = NULL;

		r = db_random(keeping->store, random, sizeof(random));
		if (r < 0)
			return r;
		hex_encode(bytes_of(random, sizeof(random)), keeping->random);
		path = kept_path(keeping->store, keeping->random, true);
		r = path ? lock_new(keeping->store->io, path, &keeping->fd) :
			   -ENOMEM;
	}
	return r;
}

int kept_new(struct store *store, struct imastage_source inner,
	     struct keeping **ret_keeping)
{
	struct keeping *keeping = calloc(1, sizeof(*keeping));
	int r;

	if (!keeping)
		return -ENOMEM;
	keeping->store = store;
	keeping->inner = inner;
	keeping->fd = -1;
	keeping->mark = -1;
	r = hash_init(&keeping->hash, IMASTAGE_SHA256);
	if (r == 0)
		r = hash_start(&keeping->hash);
	if (r == 0)
		r = make_file(keeping);
	if (r == 0) {
		*ret_keeping = keeping;
		return 0;
	}
	lost(keeping, r);
	kept_end(keeping, 1);
	return r;
}

/* ---- what is judged ---------------------------------------------------------------- */

static void see_request(void *context, const struct verify_request *request)
{
	struct keeping *keeping = context;

	outcomes_clear(&keeping->outcomes);
	if (keeping->others)
		keeping->others->begin(keeping->others->context, request);
}

static void see_record(void *context, const struct verify_where *where,
		       const struct policy_reading *reading,
		       const struct policy_judgement *judgement)
{
	struct keeping *keeping = context;
	const struct outcome outcome = outcome_of(keeping->request, judgement);

	outcomes_add(&keeping->outcomes, &outcome);
	if (keeping->others)
		keeping->others->record(keeping->others->context, where,
					reading, judgement);
}

void kept_watch(struct keeping *keeping, struct verify_request *request)
{
	keeping->others = request->watch;
	keeping->request = request;
	keeping->watch =
		(struct verify_watch){ see_request, see_record, keeping };
	request->watch = &keeping->watch;
}

bool kept_wants(const struct verify_verdict *verdict)
{
	return verdict->proved && verdict->next_index > verdict->first_index;
}

/* ---- the end -------------------------------------------------------------------------- */

static int make_mark(struct keeping *keeping)
{
	const struct store *store = keeping->store;
	cleanup_free char *path = kept_path(store, keeping->name, true);
	int r = -EBUSY;

	if (!path)
		return -ENOMEM;
	for (int i = 0; i < TRIES && r == -EBUSY; i++)
		r = lock_new(store->io, path, &keeping->mark);
	return r < 0 ? r : io_sync_dir(store->io, store->arriving);
}

static int name_file(struct keeping *keeping)
{
	const struct store *store = keeping->store;
	cleanup_free char *from = kept_path(store, keeping->random, true);
	cleanup_free char *to = kept_path(store, keeping->name, false);
	int r = from && to ? io_rename(store->io, from, to) : -ENOMEM;

	if (r == 0)
		r = io_sync_dir(store->io, store->kept);
	return r < 0 ? r : io_sync_dir(store->io, store->arriving);
}

int kept_file(struct keeping *keeping, const struct store_round *round,
	      const struct verify_verdict *verdict)
{
	const struct store *store = keeping->store;
	int r = hash_end(&keeping->hash, keeping->sha256);

	put_name(keeping, round->machine.id, verdict);
	if (r == 0)
		r = outcomes_end(&keeping->outcomes);
	if (r == 0 && store->in_group)
		r = -EINVAL; /* nobody knows when it will be committed */
	if (r == 0)
		r = io_sync(store->io, keeping->fd);
	if (r == 0)
		r = make_mark(keeping);
	if (r == 0)
		r = name_file(keeping);
	return r < 0 ? lost(keeping, r) : 0;
}

static int remove_arriving(const struct store *store, const char *name)
{
	cleanup_free char *path = kept_path(store, name, true);

	return path ? io_unlink(store->io, path) : -ENOMEM;
}

/* Failing costs nothing but that the next one has to do it. */
static void clear_up(struct keeping *keeping, int committed)
{
	struct store *store = keeping->store;
	int r = committed == 0 ? 0 : remove_arriving(store, keeping->random);

	if (keeping->mark < 0)
		return;
	if (committed > 0 && (r == 0 || r == -ENOENT))
		r = remove_marked(store, keeping->name);
	if (committed == 0 || (committed > 0 && r == 0))
		(void)remove_arriving(store, keeping->name);
}

void kept_end(struct keeping *keeping, int committed)
{
	const int fds[] = { keeping ? keeping->fd : -1,
			    keeping ? keeping->mark : -1 };

	if (!keeping)
		return;
	if (keeping->fd >= 0)
		clear_up(keeping, committed);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			io_close(keeping->store->io, fds[i]);
	hash_fini(&keeping->hash);
	outcomes_fini(&keeping->outcomes);
	free(keeping);
}

/* ---- its row ---------------------------------------------------------------------------- */

/* u16 bank, u32 mask, big-endian, for each. */
static struct imastage_bytes
put_asked(const struct evidence_selections *asked,
	  uint8_t ret_data[KEEP_ASKED_LEN * IMASTAGE_SELECTIONS_MAX])
{
	uint8_t *at = ret_data;

	for (size_t i = 0; i < asked->nr; i++) {
		*at++ = (uint8_t)(asked->of[i].alg >> 8);
		*at++ = (uint8_t)asked->of[i].alg;
		for (int shift = 24; shift >= 0; shift -= 8)
			*at++ = (uint8_t)(asked->of[i].pcrs >> shift);
	}
	return bytes_of(ret_data, (size_t)(at - ret_data));
}

struct texts {
	struct imastage_buffer challenge, checkpoint; /* owned */
};

static int make_texts(struct store *store, const struct store_round *round,
		      struct texts *texts)
{
	int r = 0;

	if (round->has_challenge)
		r = challenge_write(&round->challenge, &texts->challenge);
	if (r == 0 && round->has_challenge)
		r = buffer_put(&texts->challenge, bytes_of("", 1));
	if (r < 0)
		return say_errno(store->say, r, "a challenge");
	r = store_get_checkpoint(store, round->machine.id, &texts->checkpoint);
	return r == STORE_UNKNOWN ? 0 : r;
}

static void bind_verdict(struct sqlite3_stmt *query,
			 const struct keeping *keeping,
			 const struct verify_verdict *verdict)
{
	const struct imastage_buffer *runs = &keeping->outcomes.runs;

	sql_bind_text(query, 2, keeping->name);
	sql_bind_bytes(query, 3, bytes_of(keeping->sha256, 32));
	sql_bind(query, 4, keeping->len);
	sql_bind(query, 7, verdict->result);
	sql_bind(query, 8, verdict->clock.resets);
	sql_bind(query, 9, verdict->first_index);
	sql_bind(query, 10, verdict->next_index);
	sql_bind_bytes(query, 11,
		       bytes_of(verdict->policy,
				verdict->has_policy ? VERIFY_RECORD_LEN : 0));
	sql_bind_bytes(query, 12, bytes_of(runs->data, runs->len));
}

static int put_row(struct keeping *keeping, const struct store_round *round,
		   const struct verify_verdict *verdict,
		   const struct texts *texts, uint64_t now, uint64_t id)
{
	uint8_t asked[KEEP_ASKED_LEN * IMASTAGE_SELECTIONS_MAX];
	const struct imastage_buffer *checkpoint = &texts->checkpoint;
	int r;
	struct sqlite3_stmt *query =
		db_take(keeping->store, QUERY_KEPT_PUT, &r);

	if (!query)
		return r;
	sql_bind_text(query, 1, round->machine.id);
	bind_verdict(query, keeping, verdict);
	sql_bind(query, 5, id);
	sql_bind(query, 6, now);
	sql_bind_bytes(query, 13, message_view(&round->machine.ak));
	sql_bind_bytes(query, 14,
		       bytes_of(round->machine.ak_qualified.bytes,
				round->machine.ak_qualified.len));
	sql_bind_bytes(query, 15, put_asked(&keeping->request->asked, asked));
	if (texts->challenge.len > 0)
		sql_bind_text(query, 16, (const char *)texts->challenge.data);
	sql_bind(query, 17, round->reverify);
	sql_bind(query, 18, round->has_checkpoint);
	sql_bind_bytes(query, 19, bytes_of(checkpoint->data, checkpoint->len));
	return db_finish(keeping->store, query);
}

int kept_note(struct keeping *keeping, const struct store_round *round,
	      const struct verify_verdict *verdict, uint64_t now, uint64_t id)
{
	struct texts texts = { 0 };
	int r = make_texts(keeping->store, round, &texts);

	if (r == 0)
		r = put_row(keeping, round, verdict, &texts, now, id);
	free(texts.challenge.data);
	free(texts.checkpoint.data);
	return r;
}

/* ---- what is there ------------------------------------------------------------------------ */

struct listing {
	struct store *store;
	int (*each)(void *context, const char *name, bool named);
	void *context;
};

static int tell_name(void *context, const char *name)
{
	const struct listing *listing = context;
	int named;

	if (!strcmp(name, "new"))
		return 0;
	named = is_named(listing->store, name);
	return named < 0 ? named :
			   listing->each(listing->context, name, named > 0);
}

int kept_list(struct store *store,
	      int (*each)(void *context, const char *name, bool named),
	      void *context)
{
	struct listing listing = { store, each, context };

	return io_list(store->io, store->kept, tell_name, &listing);
}

struct forgetting {
	struct store *store;
	char prefix[MACHINE_LEN_MAX + 2];
};

static int forget_name(void *context, const char *name, bool named)
{
	const struct forgetting *forgetting = context;
	const struct store *store = forgetting->store;
	cleanup_free char *path = NULL;
	int r;

	if (named || !ends_with(name, SUFFIX) ||
	    strncmp(name, forgetting->prefix, strlen(forgetting->prefix)))
		return 0;
	path = kept_path(store, name, false);
	r = path ? io_unlink(store->io, path) : -ENOMEM;
	return r == -ENOENT ? 0 : r;
}

int kept_forget(struct store *store, const char *machine)
{
	struct forgetting forgetting = { .store = store };
	int r;

	put_machine(machine, forgetting.prefix);
	r = kept_list(store, forget_name, &forgetting);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		say_errno(
			store->say, r,
			"%s: evidence of machine %s is left; remove the files whose names begin with %s",
			store->kept, machine, forgetting.prefix);
	return r;
}
