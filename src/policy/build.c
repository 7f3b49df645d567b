// SPDX-License-Identifier: MIT
/*
 * Makes the image of a policy: what was added is sorted, what is there twice becomes one, and
 * the parts are laid out one behind the other.
 */
#include "base/text.h"
#include "base/util.h"
#include "log/buffer.h"
#include "log/hash.h"
#include "policy/image.h"

#include <errno.h>

#define BYTES_MAX ((size_t)4 << 30) /* of names and digests */
#define ENTRIES_MAX ((size_t)64 << 20)
#define SEEDS_MAX 16

/* A digest of a name; both are in the builder's bytes. */
struct built {
	uint32_t name_at, digest_at;
	uint32_t package;
	uint16_t name_len;
	uint8_t space, alg;
};

struct policy_builder {
	struct imastage_buffer bytes; /* owned, as all of these */
	struct built *entries;
	size_t nr, capacity;
	struct imastage_buffer packages, words;
	uint32_t nr_packages;
	struct imastage_buffer texts[POLICY_NR_TEXTS];
	uint32_t nr_texts[POLICY_NR_TEXTS];
	struct policy_switches switches;
};

int policy_builder_new(struct policy_builder **ret_builder)
{
	*ret_builder = calloc(1, sizeof(**ret_builder));
	return *ret_builder ? 0 : -ENOMEM;
}

void policy_builder_free(struct policy_builder *builder)
{
	if (!builder)
		return;
	for (size_t i = 0; i < POLICY_NR_TEXTS; i++)
		free(builder->texts[i].data);
	free(builder->bytes.data);
	free(builder->entries);
	free(builder->packages.data);
	free(builder->words.data);
	free(builder);
}

void policy_set_switches(struct policy_builder *builder,
			 const struct policy_switches *switches)
{
	builder->switches = *switches;
}

/* ---- entries --------------------------------------------------------------- */

static struct imastage_bytes name_of(const struct policy_builder *builder,
				     const struct built *entry)
{
	return bytes_of(builder->bytes.data + entry->name_at, entry->name_len);
}

static struct imastage_bytes digest_of(const struct policy_builder *builder,
				       const struct built *entry)
{
	return bytes_of(builder->bytes.data + entry->digest_at,
			policy_algorithm_len(entry->alg));
}

static int put_bytes(struct policy_builder *builder,
		     struct imastage_bytes bytes, uint32_t *ret_at)
{
	size_t at = builder->bytes.len;

	if (at > UINT32_MAX || BYTES_MAX - at < bytes.len)
		return -E2BIG;
	*ret_at = (uint32_t)at;
	return buffer_put(&builder->bytes, bytes);
}

static int grow(struct policy_builder *builder)
{
	size_t capacity = builder->capacity ? 2 * builder->capacity : 256;
	struct built *entries;

	if (builder->nr < builder->capacity)
		return 0;
	if (capacity > ENTRIES_MAX)
		return -E2BIG;
	entries = reallocarray(builder->entries, capacity, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	builder->entries = entries;
	builder->capacity = capacity;
	return 0;
}

static bool is_sane(const struct policy_builder *builder,
		    const struct policy_entry *entry)
{
	size_t len = policy_algorithm_len(entry->alg);

	if (len == 0 || entry->digest.len != len ||
	    entry->package > builder->nr_packages)
		return false;
	if (policy_names_digests(entry->space))
		return true;
	return entry->name.len > 0 && entry->name.len <= POLICY_NAME_LEN_MAX &&
	       !bytes_contain(entry->name, '\0');
}

/* The name is copied once for digests that are added one after the other. */
static int put_name(struct policy_builder *builder,
		    const struct policy_entry *entry, struct built *built)
{
	const struct built *last =
		builder->nr > 0 ? &builder->entries[builder->nr - 1] : NULL;

	built->name_len = (uint16_t)entry->name.len;
	if (!last || last->space != built->space ||
	    !bytes_equal(name_of(builder, last), entry->name))
		return put_bytes(builder, entry->name, &built->name_at);
	built->name_at = last->name_at;
	return 0;
}

/* In a space of digests, one has its algorithm and itself as its name. */
static int put_digest_name(struct policy_builder *builder, struct built *built)
{
	uint32_t at;
	int r = put_bytes(builder, bytes_of(&built->alg, 1), &built->name_at);

	if (r == 0)
		r = put_bytes(builder, digest_of(builder, built), &at);
	built->name_len = (uint16_t)(1 + policy_algorithm_len(built->alg));
	return r;
}

int policy_add(struct policy_builder *builder, const struct policy_entry *entry)
{
	struct built built = { .package = entry->package,
			       .space = (uint8_t)entry->space,
			       .alg = entry->alg };
	int r = is_sane(builder, entry) ? grow(builder) : -EINVAL;

	if (r == 0 && !policy_names_digests(entry->space) &&
	    !text_is_utf8(entry->name))
		r = -EILSEQ;

	/* Two copies at most: what is put moves none of them. */
	if (r == 0)
		r = buffer_reserve(&builder->bytes,
				   builder->bytes.len + entry->name.len +
					   2 * IMASTAGE_DIGEST_MAX + 1);
	if (r == 0)
		r = put_bytes(builder, entry->digest, &built.digest_at);
	if (r == 0)
		r = policy_names_digests(entry->space) ?
			    put_digest_name(builder, &built) :
			    put_name(builder, entry, &built);
	if (r == 0)
		builder->entries[builder->nr++] = built;
	return r;
}

/* ---- packages and texts ------------------------------------------------------ */

int policy_add_package(struct policy_builder *builder,
		       const struct policy_package *package,
		       uint32_t *ret_package)
{
	uint8_t is[IMAGE_PACKAGE_LEN] = { 0 };
	int r;

	if (package->name.len > POLICY_WORD_LEN_MAX ||
	    package->version.len > POLICY_WORD_LEN_MAX)
		return -EINVAL;
	if (builder->nr_packages == IMAGE_PACKAGES_MAX - 1 ||
	    builder->words.len > UINT32_MAX)
		return -E2BIG;
	image_set_u64(is, package->retires);
	image_set_u32(is + 8, (uint32_t)builder->words.len);
	is[12] = (uint8_t)package->name.len;
	is[13] = (uint8_t)package->version.len;
	r = buffer_put(&builder->words, package->name);
	if (r == 0)
		r = buffer_put(&builder->words, package->version);
	if (r == 0)
		r = buffer_put(&builder->packages, bytes_of(is, sizeof(is)));
	if (r == 0)
		*ret_package = ++builder->nr_packages;
	return r;
}

static int check_exclude(struct imastage_bytes text)
{
	struct policy_exclude *exclude;
	struct policy_error error;
	int r = policy_exclude_new(text, &exclude, &error);

	if (r == 0)
		policy_exclude_free(exclude);
	return r == -EBADMSG ? -EINVAL : r;
}

bool policy_builder_has_text(const struct policy_builder *builder,
			     enum policy_text kind, struct imastage_bytes text)
{
	const struct imastage_buffer *texts = &builder->texts[kind];
	struct imastage_bytes left = bytes_of(texts->data, texts->len);

	while (left.len > 0) {
		size_t len = image_u32(left.data);

		if (bytes_equal(bytes_first(bytes_skip(left, 4), len), text))
			return true;
		left = bytes_skip(left, 4 + image_pad(len));
	}
	return false;
}

int policy_add_text(struct policy_builder *builder, enum policy_text kind,
		    struct imastage_bytes text)
{
	static const uint8_t zeros[4] = { 0 };
	struct imastage_buffer *texts = &builder->texts[kind];
	int r = text.len == 0 || text.len > POLICY_TEXT_LEN_MAX ? -EINVAL : 0;

	if (r == 0 && builder->nr_texts[kind] == POLICY_TEXTS_MAX)
		r = -E2BIG;
	if (r == 0 && kind == POLICY_EXCLUDE)
		r = check_exclude(text);
	if (r == 0)
		r = buffer_put_u32(texts, (uint32_t)text.len, IMASTAGE_LITTLE);
	if (r == 0)
		r = buffer_put(texts, text);
	if (r == 0)
		r = buffer_put(texts,
			       bytes_of(zeros, image_pad(text.len) - text.len));
	if (r == 0)
		builder->nr_texts[kind]++;
	return r;
}

/* ---- order ----------------------------------------------------------------- */

static int compare_bytes(struct imastage_bytes a, struct imastage_bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int r = memcmp(a.data, b.data, len);

	return r ? r : (a.len > b.len) - (a.len < b.len);
}

static int compare_names(const struct policy_builder *builder,
			 const struct built *a, const struct built *b)
{
	if (a->space != b->space)
		return a->space < b->space ? -1 : 1;
	if (a->name_at == b->name_at && a->name_len == b->name_len)
		return 0;
	return compare_bytes(name_of(builder, a), name_of(builder, b));
}

static int compare_entries(const void *a, const void *b, void *context)
{
	const struct policy_builder *builder = context;
	const struct built *x = a, *y = b;
	int r = compare_names(builder, x, y);

	if (r == 0 && x->alg != y->alg)
		r = x->alg < y->alg ? -1 : 1;
	return r ? r :
		   compare_bytes(digest_of(builder, x), digest_of(builder, y));
}

/* Later than all: never. */
static uint64_t retires(const struct policy_builder *builder, uint32_t package)
{
	uint64_t at = image_u64(builder->packages.data +
				(size_t)IMAGE_PACKAGE_LEN * (package - 1));

	return at ? at : UINT64_MAX;
}

/* One digest with two packages goes with the one that retires last. */
static uint32_t choose_package(const struct policy_builder *builder, uint32_t a,
			       uint32_t b)
{
	if (a == 0 || b == 0)
		return a ? a : b;
	return retires(builder, b) > retires(builder, a) ? b : a;
}

static void sort(struct policy_builder *builder)
{
	struct built *entries = builder->entries;
	size_t nr = 0;

	if (builder->nr == 0)
		return;
	qsort_r(entries, builder->nr, sizeof(*entries), compare_entries,
		builder);
	for (size_t i = 1; i < builder->nr; i++) {
		if (compare_entries(&entries[nr], &entries[i], builder) != 0)
			entries[++nr] = entries[i];
		else
			entries[nr].package =
				choose_package(builder, entries[nr].package,
					       entries[i].package);
	}
	builder->nr = nr + 1;
}

/* ---- the image ------------------------------------------------------------- */

struct layout {
	uint64_t nr_names[POLICY_NR_SPACES], nr_all;
	size_t entries_len;
	size_t offset[IMAGE_NR_SECTIONS], len[IMAGE_NR_SECTIONS];
	size_t total;
};

/* Entries of the same name as the one at @first. */
static size_t run_len(const struct policy_builder *builder, size_t first)
{
	size_t nr = 1;

	while (first + nr < builder->nr &&
	       compare_names(builder, &builder->entries[first],
			     &builder->entries[first + nr]) == 0)
		nr++;
	return nr;
}

static int measure_entries(const struct policy_builder *builder,
			   struct layout *layout)
{
	size_t nr;

	for (size_t i = 0; i < builder->nr; i += nr) {
		nr = run_len(builder, i);
		if (nr > POLICY_DIGESTS_MAX)
			return -E2BIG;
		layout->nr_names[builder->entries[i].space]++;
		layout->nr_all++;
		layout->entries_len += IMAGE_ENTRY_LEN +
				       image_pad(builder->entries[i].name_len);
		for (size_t k = i; k < i + nr; k++)
			layout->entries_len +=
				IMAGE_DIGEST_LEN +
				policy_algorithm_len(builder->entries[k].alg);
	}
	return layout->entries_len / 4 < UINT32_MAX ? 0 : -E2BIG;
}

static int lay_out(const struct policy_builder *builder, struct layout *layout)
{
	int r = measure_entries(builder, layout);
	size_t at = IMAGE_HEAD_LEN;

	if (r < 0)
		return r;
	for (size_t i = 0; i < POLICY_NR_TEXTS; i++)
		layout->len[IMAGE_TEXTS] += builder->texts[i].len;
	layout->len[IMAGE_PACKAGES] = builder->packages.len;
	layout->len[IMAGE_WORDS] = builder->words.len;
	layout->len[IMAGE_SLOTS] =
		layout->nr_all > 0 ?
			IMAGE_SLOT_LEN * (layout->nr_all * 3 / 2 + 1) :
			0;
	layout->len[IMAGE_ENTRIES] = layout->entries_len;
	for (size_t i = 0; i < IMAGE_NR_SECTIONS; i++) {
		layout->offset[i] = at;
		at = (at + layout->len[i] + 7) & ~(size_t)7;
	}
	layout->total = at;
	return 0;
}

static void put_entry(const struct policy_builder *builder, size_t first,
		      size_t nr, uint8_t **at)
{
	const struct built *entry = &builder->entries[first];
	uint8_t *head = *at, *to = head + IMAGE_ENTRY_LEN;
	uint8_t *digests = to + image_pad(entry->name_len);
	size_t words;

	memcpy(to, builder->bytes.data + entry->name_at, entry->name_len);
	to = digests;
	for (size_t i = first; i < first + nr; i++) {
		struct imastage_bytes digest =
			digest_of(builder, &builder->entries[i]);

		image_set_u32(to,
			      builder->entries[i].package |
				      (uint32_t)builder->entries[i].alg << 24);
		memcpy(to + IMAGE_DIGEST_LEN, digest.data, digest.len);
		to += IMAGE_DIGEST_LEN + digest.len;
	}
	words = (size_t)(to - digests) / 4;
	head[0] = (uint8_t)entry->name_len;
	head[1] = (uint8_t)(entry->name_len >> 8);
	head[2] = entry->space;
	head[4] = (uint8_t)nr;
	head[5] = (uint8_t)(nr >> 8);
	head[6] = (uint8_t)words;
	head[7] = (uint8_t)(words >> 8);
	*at = to;
}

static void put_entries(const struct policy_builder *builder, uint8_t *at)
{
	size_t nr;

	for (size_t i = 0; i < builder->nr; i += nr) {
		nr = run_len(builder, i);
		put_entry(builder, i, nr, &at);
	}
}

/* False: a name lies further from its slot than is looked. */
static bool put_slot(uint8_t *slots, uint64_t nr_slots, uint64_t hash,
		     uint64_t place)
{
	uint64_t at = image_slot(hash, nr_slots);

	for (unsigned int i = 0; i < IMAGE_PROBES_MAX - 1; i++) {
		uint8_t *slot = slots + IMAGE_SLOT_LEN * at;

		if (image_u64(slot) == 0) {
			image_set_u64(slot, hash >> 32 << 32 | (place / 4 + 1));
			return true;
		}
		at = at + 1 < nr_slots ? at + 1 : 0;
	}
	return false;
}

static bool put_slots(uint8_t *image, const struct layout *layout,
		      const struct policy *policy)
{
	uint64_t nr = layout->len[IMAGE_SLOTS] / IMAGE_SLOT_LEN, place = 0;
	uint8_t *slots = image + layout->offset[IMAGE_SLOTS];
	struct policy_item item;

	memset(slots, 0, layout->len[IMAGE_SLOTS]);
	for (uint64_t at = 0; policy_next(policy, &place, &item) == 1;
	     at = place)
		if (!put_slot(slots, nr,
			      image_hash(policy->seed, item.space, item.name),
			      at))
			return false;
	return true;
}

static void put_head(const struct policy_builder *builder,
		     const struct layout *layout, uint8_t *head)
{
	const struct policy_switches *is = &builder->switches;

	memcpy(head, IMAGE_MAGIC, IMAGE_MAGIC_LEN);
	image_set_u64(head + HEAD_LEN_AT, layout->total);
	image_set_u32(head + HEAD_SWITCHES_AT,
		      (is->violations_warn ? IMAGE_VIOLATIONS_WARN : 0) |
			      (is->weak_allowed ? IMAGE_WEAK_ALLOWED : 0) |
			      (is->require_both ? IMAGE_REQUIRE_BOTH : 0) |
			      (is->withheld_warn ? IMAGE_WITHHELD_WARN : 0));
	image_set_u64(head + HEAD_DIGESTS_AT, builder->nr);
	for (size_t i = 0; i < POLICY_WITHHELD; i++)
		image_set_u64(head + HEAD_NAMES_AT + 8 * i,
			      layout->nr_names[i]);
	image_set_u32(head + HEAD_WITHHELD_AT,
		      (uint32_t)layout->nr_names[POLICY_WITHHELD]);
	for (size_t i = 0; i < POLICY_NR_TEXTS; i++)
		image_set_u32(head + HEAD_TEXTS_AT + 4 * i,
			      builder->nr_texts[i]);
	for (size_t i = 0; i < IMAGE_NR_SECTIONS; i++) {
		image_set_u64(head + HEAD_SECTIONS_AT + 16 * i,
			      layout->offset[i]);
		image_set_u64(head + HEAD_SECTIONS_AT + 16 * i + 8,
			      layout->len[i]);
	}
}

static void put_buffer(uint8_t **at, const struct imastage_buffer *buffer)
{
	if (buffer->len > 0)
		memcpy(*at, buffer->data, buffer->len);
	*at += buffer->len;
}

static void put_all(const struct policy_builder *builder,
		    const struct layout *layout, uint8_t *image)
{
	uint8_t *at = image + layout->offset[IMAGE_TEXTS];

	put_head(builder, layout, image);
	for (size_t i = 0; i < POLICY_NR_TEXTS; i++)
		put_buffer(&at, &builder->texts[i]);
	at = image + layout->offset[IMAGE_PACKAGES];
	put_buffer(&at, &builder->packages);
	at = image + layout->offset[IMAGE_WORDS];
	put_buffer(&at, &builder->words);
	put_entries(builder, image + layout->offset[IMAGE_ENTRIES]);
}

/* ---- numbers that follow from the contents ------------------------------------ */

static int hash_of(struct imastage_bytes bytes,
		   uint8_t ret_hash[POLICY_HASH_LEN])
{
	struct hash hash;
	int r = hash_init(&hash, IMASTAGE_SHA256);

	if (r < 0)
		return r;
	r = hash_two(&hash, bytes, bytes_of(NULL, 0), ret_hash);
	hash_fini(&hash);
	return r;
}

/*
 * The seed follows from the entries, so that the same policy is the same image, and nobody chooses
 * names for their slots. Of those tried the first one is taken with which each name is
 * found.
 */
static int place_names(struct policy *policy, const struct layout *layout)
{
	uint8_t hash[POLICY_HASH_LEN];
	int r = hash_of(policy->sections[IMAGE_ENTRIES], hash);

	if (r < 0)
		return r;
	policy->seed = image_u64(hash);
	for (unsigned int i = 0; i < SEEDS_MAX; i++) {
		policy->seed += i;
		image_set_u64(policy->owned + HEAD_SEED_AT, policy->seed);
		if (put_slots(policy->owned, layout, policy))
			return 0;
	}
	return -E2BIG;
}

static ssize_t hash_text(void *context, const char *text, size_t len)
{
	return hash_update(context, bytes_of(text, len)) < 0 ? -1 :
							       (ssize_t)len;
}

/* The hash of the text that policy_write() makes. */
static int hash_written(const struct policy *policy,
			uint8_t ret_hash[POLICY_HASH_LEN])
{
	const cookie_io_functions_t functions = { .write = hash_text };
	struct hash hash;
	FILE *file;
	int r = hash_init(&hash, IMASTAGE_SHA256);

	if (r < 0)
		return r;
	file = fopencookie(&hash, "w", functions);
	r = file ? hash_start(&hash) : -ENOMEM;
	if (r == 0)
		r = policy_write(policy, NULL, file);
	if (file && fclose(file) != 0)
		r = r < 0 ? r : -EIO;
	if (r == 0)
		r = hash_end(&hash, ret_hash);
	hash_fini(&hash);
	return r;
}

static int make(const struct policy_builder *builder,
		const struct layout *layout,
		const uint8_t hash[POLICY_HASH_LEN], struct policy *policy)
{
	struct policy_error error;
	int r;

	policy->owned = calloc(1, layout->total);
	if (!policy->owned)
		return -ENOMEM;
	policy->image = bytes_of(policy->owned, layout->total);
	put_all(builder, layout, policy->owned);
	r = policy_adopt(policy, &error);
	if (r == 0)
		r = place_names(policy, layout);
	if (r == 0 && hash)
		memcpy(policy->owned + HEAD_HASH_AT, hash, POLICY_HASH_LEN);
	else if (r == 0)
		r = hash_written(policy, policy->owned + HEAD_HASH_AT);
	return r == -EBADMSG ? -EINVAL : r;
}

int policy_finish(struct policy_builder *builder,
		  const uint8_t hash[POLICY_HASH_LEN],
		  struct policy **ret_policy)
{
	struct layout layout = { 0 };
	struct policy *policy;
	int r;

	sort(builder);
	r = lay_out(builder, &layout);
	if (r < 0)
		return r;
	policy = calloc(1, sizeof(*policy));
	if (!policy)
		return -ENOMEM;
	r = make(builder, &layout, hash, policy);
	if (r < 0)
		policy_free(policy);
	else
		*ret_policy = policy;
	return r;
}
