// SPDX-License-Identifier: MIT
/*
 * Firmware's event log, as drawn in boot_log.h.
 *
 *	source -> window -> event: PCR, kind, digests, a little of its data -> extend
 *
 * Of an event's data no more than the first bytes are looked at, by whoever watches; the rest is
 * passed over.
 */
#include "evidence/boot_log.h"
#include "log/hash.h"

#define EV_NO_ACTION 3u
#define OLD_DIGEST_LEN 20
#define PCR_MAX 23
#define WINDOW_LEN BOOT_LOG_DATA_MAX
#define SPEC_ID "Spec ID Event03"
#define SPEC_FIXED_LEN (sizeof(SPEC_ID) + 8)
#define LOCALITY "StartupLocality"
#define LOCALITY_LEN (sizeof(LOCALITY) + 1)

struct algorithm {
	uint16_t alg;
	uint16_t len;
	bool known;
	enum imastage_bank bank; /* of a known one */
};

/* An event whose data comes next. */
struct event {
	uint64_t offset; /* of its first byte */
	uint32_t pcr, kind, data_len;
	struct {
		bool is_there;
		uint8_t digest[IMASTAGE_DIGEST_MAX];
	} of[BOOT_LOG_ALGORITHMS_MAX];
};

struct replay {
	struct imastage_source source;
	uint8_t window[WINDOW_LEN]; /* what was read and not taken */
	size_t start, len;
	uint64_t offset; /* of window[start] in the log */
	bool ended; /* the source has */

	size_t nr_algorithms;
	struct algorithm algorithms[BOOT_LOG_ALGORITHMS_MAX];
	struct hash hashes[IMASTAGE_NR_BANKS]; /* those of log.banks, owned */
	bool extended_pcr_0, has_locality;
	const struct boot_log_watcher *watcher; /* or NULL */
	struct boot_log log;
	struct evidence_error *error;
};

static int fail_at(struct replay *replay, uint64_t offset, const char *reason)
{
	replay->error->offset = (size_t)offset;
	replay->error->reason = reason;
	return -EBADMSG;
}

/* ---- bytes ----------------------------------------------------------------- */

/* Reads on until @len bytes, at most WINDOW_LEN, are in the window, or the log ends. */
static int fill(struct replay *replay, size_t len)
{
	if (replay->start > 0)
		memmove(replay->window, replay->window + replay->start,
			replay->len);
	replay->start = 0;
	while (replay->len < len && !replay->ended) {
		ssize_t n = replay->source.read(replay->source.context,
						replay->window + replay->len,
						WINDOW_LEN - replay->len);

		if (n < 0)
			return (int)n;
		replay->ended = n == 0;
		replay->len += (size_t)n;
	}
	return 0;
}

static void advance(struct replay *replay, size_t len)
{
	replay->start += len;
	replay->len -= len;
	replay->offset += len;
}

/* The next @len bytes, valid until the next call. */
static int take(struct replay *replay, size_t len, struct cursor *ret_cursor)
{
	int r = replay->len < len ? fill(replay, len) : 0;

	if (r < 0)
		return r;
	if (replay->len < len)
		return fail_at(replay, replay->offset + replay->len,
			       "ends too early");
	if (replay->offset + len > BOOT_LOG_LEN_MAX)
		return fail_at(replay, BOOT_LOG_LEN_MAX,
			       "it is longer than 16 MiB");
	cursor_init(ret_cursor, bytes_of(replay->window + replay->start, len),
		    IMASTAGE_LITTLE);
	advance(replay, len);
	return 0;
}

static int take_u32(struct replay *replay, uint32_t *ret_value)
{
	struct cursor cursor;
	int r = take(replay, sizeof(*ret_value), &cursor);

	return r < 0 ? r : cursor_read_u32(&cursor, ret_value);
}

static int pass_over(struct replay *replay, uint64_t len)
{
	struct cursor cursor;
	int r = 0;

	while (r == 0 && len > 0) {
		size_t step = len < WINDOW_LEN ? (size_t)len : WINDOW_LEN;

		r = take(replay, step, &cursor);
		len -= step;
	}
	return r;
}

/* 1: something follows; 0: the log ends here. */
static int has_more(struct replay *replay)
{
	int r = replay->len == 0 ? fill(replay, 1) : 0;

	return r < 0 ? r : replay->len > 0;
}

/* ---- algorithms ------------------------------------------------------------ */

static int add_algorithm(struct replay *replay, uint16_t alg, uint16_t len)
{
	struct algorithm *algorithm =
		&replay->algorithms[replay->nr_algorithms];
	uint64_t offset = replay->offset - 4;
	enum imastage_bank bank;

	for (size_t i = 0; i < replay->nr_algorithms; i++)
		if (replay->algorithms[i].alg == alg)
			return fail_at(replay, offset,
				       "an algorithm is there twice");
	*algorithm = (struct algorithm){ .alg = alg, .len = len };
	algorithm->known = imastage_bank_by_tpm_alg(alg, &bank) == 0;
	if (len == 0 || len > IMASTAGE_DIGEST_MAX ||
	    (algorithm->known && len != imastage_bank_digest_len(bank)))
		return fail_at(replay, offset + 2,
			       "a digest has not the length of its algorithm");
	if (algorithm->known) {
		algorithm->bank = bank;
		replay->log.banks |= 1u << bank;
		replay->log.values.set[bank] = BOOT_LOG_PCRS;
	}
	replay->nr_algorithms++;
	return 0;
}

static int take_algorithm(struct replay *replay)
{
	uint16_t alg = 0, len = 0;
	struct cursor cursor;
	int r = take(replay, sizeof(alg) + sizeof(len), &cursor);

	if (r < 0)
		return r;
	(void)cursor_read_u16(&cursor, &alg);
	(void)cursor_read_u16(&cursor, &len);
	return add_algorithm(replay, alg, len);
}

static int take_algorithms(struct replay *replay)
{
	uint32_t nr;
	int r = take_u32(replay, &nr);

	if (r == 0 && (nr < 1 || nr > BOOT_LOG_ALGORITHMS_MAX))
		return fail_at(replay, replay->offset - sizeof(nr),
			       "there are not 1 to 16 algorithms");
	for (uint32_t i = 0; r == 0 && i < nr; i++)
		r = take_algorithm(replay);
	return r;
}

static int take_vendor(struct replay *replay)
{
	struct cursor cursor;
	uint8_t len = 0;
	int r = take(replay, sizeof(len), &cursor);

	if (r < 0)
		return r;
	(void)cursor_read_u8(&cursor, &len);
	return pass_over(replay, len);
}

/* The data of the first event, when it is of the agile form. */
static int take_spec(struct replay *replay, const struct event *event)
{
	uint64_t end = replay->offset + event->data_len;
	int r = pass_over(replay, SPEC_FIXED_LEN);

	replay->log.agile = true;
	if (r == 0)
		r = take_algorithms(replay);
	if (r == 0)
		r = take_vendor(replay);
	if (r == 0 && replay->offset != end)
		return fail_at(replay, replay->offset,
			       "its first event has another length");
	return r;
}

static int begin_hashes(struct replay *replay)
{
	unsigned int banks = replay->log.banks;
	int r = 0;

	replay->log.banks = 0; /* what is initialised */
	for (enum imastage_bank bank = 0; r == 0 && bank < IMASTAGE_NR_BANKS;
	     bank++) {
		if (!(banks & 1u << bank))
			continue;
		r = hash_init(&replay->hashes[bank], bank);
		if (r == 0)
			replay->log.banks |= 1u << bank;
	}
	return r;
}

/* ---- events ---------------------------------------------------------------- */

static int check_pcr(struct replay *replay, const struct event *event)
{
	return event->kind != EV_NO_ACTION && event->pcr > PCR_MAX ?
		       fail_at(replay, event->offset, "there is no such PCR") :
		       0;
}

static int take_old(struct replay *replay, struct event *event)
{
	struct imastage_bytes digest;
	struct cursor cursor;
	int r;

	event->offset = replay->offset;
	r = take(replay, 3 * sizeof(uint32_t) + OLD_DIGEST_LEN, &cursor);
	if (r < 0)
		return r;
	(void)cursor_read_u32(&cursor, &event->pcr);
	(void)cursor_read_u32(&cursor, &event->kind);
	if (cursor_read_bytes(&cursor, OLD_DIGEST_LEN, &digest) == 0)
		memcpy(event->of[0].digest, digest.data, OLD_DIGEST_LEN);
	event->of[0].is_there = true;
	(void)cursor_read_u32(&cursor, &event->data_len);
	return check_pcr(replay, event);
}

static int find_algorithm(const struct replay *replay, uint16_t alg)
{
	for (size_t i = 0; i < replay->nr_algorithms; i++)
		if (replay->algorithms[i].alg == alg)
			return (int)i;
	return -ENOENT;
}

static int take_digest(struct replay *replay, struct event *event)
{
	uint64_t offset = replay->offset;
	struct imastage_bytes digest;
	struct cursor cursor;
	uint16_t alg = 0;
	size_t len;
	int which;
	int r = take(replay, sizeof(alg), &cursor);

	if (r < 0)
		return r;
	(void)cursor_read_u16(&cursor, &alg);
	which = find_algorithm(replay, alg);
	if (which < 0 || event->of[which].is_there)
		return fail_at(replay, offset,
			       "a digest is of no algorithm of the log, or is "
			       "there twice");
	len = replay->algorithms[which].len;
	r = take(replay, len, &cursor);
	if (r == 0 && cursor_read_bytes(&cursor, len, &digest) == 0)
		memcpy(event->of[which].digest, digest.data, len);
	event->of[which].is_there = true;
	return r;
}

static int take_agile(struct replay *replay, struct event *event)
{
	struct cursor cursor;
	uint32_t nr = 0;
	int r;

	event->offset = replay->offset;
	r = take(replay, 3 * sizeof(uint32_t), &cursor);
	if (r < 0)
		return r;
	(void)cursor_read_u32(&cursor, &event->pcr);
	(void)cursor_read_u32(&cursor, &event->kind);
	(void)cursor_read_u32(&cursor, &nr);
	if (nr != replay->nr_algorithms)
		return fail_at(replay, replay->offset - sizeof(nr),
			       "an event has not a digest of each algorithm");
	r = check_pcr(replay, event);
	for (uint32_t i = 0; r == 0 && i < nr; i++)
		r = take_digest(replay, event);
	return r < 0 ? r : take_u32(replay, &event->data_len);
}

/* ---- what they say --------------------------------------------------------- */

/* Does the data that comes next begin so? */
static int begins_with(struct replay *replay, const struct event *event,
		       const char *text, size_t len)
{
	int r;

	if (event->data_len < len)
		return 0;
	r = replay->len < len ? fill(replay, len) : 0;
	if (r < 0)
		return r;
	return replay->len >= len &&
	       !memcmp(replay->window + replay->start, text, len);
}

static int set_locality(struct replay *replay)
{
	uint64_t offset = replay->offset;
	struct cursor cursor;
	uint8_t locality = 0;
	int r = pass_over(replay, sizeof(LOCALITY));

	if (r == 0)
		r = take(replay, sizeof(locality), &cursor);
	if (r < 0)
		return r;
	(void)cursor_read_u8(&cursor, &locality);
	if (locality != 0 && locality != 3 && locality != 4)
		return fail_at(replay, replay->offset - 1,
			       "no TPM is started from that locality");
	if (replay->has_locality || replay->extended_pcr_0)
		return fail_at(replay, offset,
			       "the locality comes twice, or after PCR 0 was "
			       "extended");
	replay->has_locality = true;
	replay->log.locality = locality;
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		replay->log.values
			.of[bank][0][imastage_bank_digest_len(bank) - 1] =
			locality;
	return 0;
}

/* EV_NO_ACTION. */
static int take_note(struct replay *replay, const struct event *event)
{
	int r = event->pcr == 0 && event->data_len == LOCALITY_LEN ?
			begins_with(replay, event, LOCALITY, sizeof(LOCALITY)) :
			0;

	if (r > 0)
		return set_locality(replay);
	return r < 0 ? r : pass_over(replay, event->data_len);
}

static int extend(struct replay *replay, const struct event *event)
{
	int r = 0;

	replay->extended_pcr_0 |= event->pcr == 0;
	if (!(BOOT_LOG_PCRS & 1u << event->pcr))
		return 0;
	for (size_t i = 0; r == 0 && i < replay->nr_algorithms; i++) {
		const struct algorithm *algorithm = &replay->algorithms[i];
		uint8_t *value;

		if (!algorithm->known)
			continue;
		value = replay->log.values.of[algorithm->bank][event->pcr];
		r = hash_two(&replay->hashes[algorithm->bank],
			     bytes_of(value, algorithm->len),
			     bytes_of(event->of[i].digest, algorithm->len),
			     value);
	}
	return r;
}

/* Its data comes next. */
static int tell(struct replay *replay, const struct event *event,
		uint64_t number)
{
	size_t shown = event->data_len < BOOT_LOG_DATA_MAX ? event->data_len :
							     BOOT_LOG_DATA_MAX;
	struct boot_log_event told = { .number = number,
				       .pcr = event->pcr,
				       .kind = event->kind,
				       .data_len = event->data_len };
	int r = replay->len < shown ? fill(replay, shown) : 0;

	if (r < 0 || replay->len < shown)
		return r; /* that it ends too early is said next */
	for (size_t i = 0; i < replay->nr_algorithms; i++)
		if (replay->algorithms[i].known)
			told.digests[replay->algorithms[i].bank] = bytes_of(
				event->of[i].digest, replay->algorithms[i].len);
	told.data = bytes_of(replay->window + replay->start, shown);
	replay->watcher->event(replay->watcher->context, &told);
	return 0;
}

/* One that extends a PCR. */
static int take_measured(struct replay *replay, const struct event *event)
{
	int r = extend(replay, event);

	if (r == 0 && replay->watcher)
		r = tell(replay, event, replay->log.nr_events - 1);
	return r < 0 ? r : pass_over(replay, event->data_len);
}

static int take_event(struct replay *replay)
{
	struct event event = { 0 };
	int r = replay->log.agile ? take_agile(replay, &event) :
				    take_old(replay, &event);

	if (r < 0)
		return r;
	replay->log.nr_events++;
	if (event.kind == EV_NO_ACTION)
		return take_note(replay, &event);
	return take_measured(replay, &event);
}

/* The first one tells the form. */
static int take_first(struct replay *replay)
{
	struct event event = { 0 };
	int r = take_old(replay, &event);

	if (r == 0 && event.kind == EV_NO_ACTION)
		r = begins_with(replay, &event, SPEC_ID, sizeof(SPEC_ID));
	if (r < 0)
		return r;
	replay->log.nr_events = 1;
	if (r > 0) {
		r = take_spec(replay, &event);
		return r < 0 ? r : begin_hashes(replay);
	}
	r = add_algorithm(replay, imastage_bank_tpm_alg(IMASTAGE_SHA1),
			  OLD_DIGEST_LEN);
	if (r == 0)
		r = begin_hashes(replay);
	if (r == 0 && event.kind != EV_NO_ACTION)
		return take_measured(replay, &event);
	return r < 0 ? r : pass_over(replay, event.data_len);
}

int boot_log_watch(struct imastage_source source,
		   const struct boot_log_watcher *watcher,
		   struct boot_log *ret_log, struct evidence_error *ret_error)
{
	struct replay replay = { .source = source,
				 .error = ret_error,
				 .watcher = watcher };
	int r = take_first(&replay);

	while (r == 0 && (r = has_more(&replay)) > 0)
		r = take_event(&replay);
	if (r == 0)
		*ret_log = replay.log;
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++)
		if (replay.log.banks & 1u << bank)
			hash_fini(&replay.hashes[bank]);
	return r;
}

int boot_log_replay(struct imastage_source source, struct boot_log *ret_log,
		    struct evidence_error *ret_error)
{
	return boot_log_watch(source, NULL, ret_log, ret_error);
}
