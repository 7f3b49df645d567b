// SPDX-License-Identifier: MIT
/*
 * Looking into the image of a policy. Whatever comes from it is checked against its
 * section before it is used: what is damaged is -EBADMSG, never a wrong answer about
 * memory that is not the image's.
 */
#include "policy/image.h"
#include "base/util.h"

#include <errno.h>
#include <sys/mman.h>

/* ---- the head -------------------------------------------------------------- */

static int bad(struct policy_error *error, size_t offset, const char *reason)
{
	error->offset = offset;
	snprintf(error->reason, sizeof(error->reason), "%s", reason);
	return -EBADMSG;
}

static int read_sections(struct policy *policy, struct policy_error *error)
{
	const uint8_t *head = policy->image.data;

	for (size_t i = 0; i < IMAGE_NR_SECTIONS; i++) {
		size_t at = HEAD_SECTIONS_AT + 16 * i;
		uint64_t offset = image_u64(head + at);
		uint64_t len = image_u64(head + at + 8);

		if (offset < IMAGE_HEAD_LEN || offset % 8 != 0 ||
		    offset > policy->image.len ||
		    len > policy->image.len - offset)
			return bad(error, at,
				   "a part lies outside of the file");
		policy->sections[i] =
			bytes_of(policy->image.data + offset, (size_t)len);
	}
	return 0;
}

static int read_numbers(struct policy *policy, struct policy_error *error)
{
	const uint8_t *head = policy->image.data;
	uint32_t switches = image_u32(head + HEAD_SWITCHES_AT);

	if (switches & ~IMAGE_SWITCHES)
		return bad(error, HEAD_SWITCHES_AT,
			   "a switch that this version does not know");
	policy->switches = (struct policy_switches){
		.violations_warn = switches & IMAGE_VIOLATIONS_WARN,
		.weak_allowed = switches & IMAGE_WEAK_ALLOWED,
		.require_both = switches & IMAGE_REQUIRE_BOTH,
		.withheld_warn = switches & IMAGE_WITHHELD_WARN,
	};
	policy->seed = image_u64(head + HEAD_SEED_AT);
	policy->nr_digests = image_u64(head + HEAD_DIGESTS_AT);
	for (size_t i = 0; i < POLICY_WITHHELD; i++)
		policy->nr_names[i] = image_u64(head + HEAD_NAMES_AT + 8 * i);
	policy->nr_names[POLICY_WITHHELD] = image_u32(head + HEAD_WITHHELD_AT);
	for (size_t i = 0; i < POLICY_NR_TEXTS; i++)
		policy->nr_texts[i] = image_u32(head + HEAD_TEXTS_AT + 4 * i);
	return 0;
}

static int read_head(struct policy *policy, struct policy_error *error)
{
	const uint8_t *head = policy->image.data;
	int r;

	if (policy->image.len < IMAGE_HEAD_LEN)
		return bad(error, policy->image.len, "it ends in its head");
	if (memcmp(head, IMAGE_MAGIC, IMAGE_MAGIC_LEN) != 0)
		return bad(error, 0, "not a compiled policy of version 1");
	if (image_u64(head + HEAD_LEN_AT) != policy->image.len)
		return bad(error, HEAD_LEN_AT, "it has another length");
	if (!bytes_are_all(bytes_of(head + HEAD_END, IMAGE_HEAD_LEN - HEAD_END),
			   0) ||
	    image_u32(head + HEAD_ZERO_AT) != 0)
		return bad(error, HEAD_ZERO_AT, "not zero where zeros are due");
	r = read_numbers(policy, error);
	return r < 0 ? r : read_sections(policy, error);
}

/* ---- texts ----------------------------------------------------------------- */

/* Takes a text off the front of what is left of their section. */
static int take_text(struct imastage_bytes *left, struct imastage_bytes *ret)
{
	size_t len;

	if (left->len < 4)
		return -EBADMSG;
	len = image_u32(left->data);
	*left = bytes_skip(*left, 4);
	if (len == 0 || len > POLICY_TEXT_LEN_MAX || left->len < image_pad(len))
		return -EBADMSG;
	*ret = bytes_first(*left, len);
	*left = bytes_skip(*left, image_pad(len));
	return 0;
}

static int read_kind(struct policy *policy, enum policy_text kind,
		     struct imastage_bytes *left)
{
	size_t nr = policy->nr_texts[kind];

	if (nr > POLICY_TEXTS_MAX)
		return -EBADMSG;
	policy->texts[kind] = calloc(nr + 1, sizeof(*policy->texts[kind]));
	if (!policy->texts[kind])
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		if (take_text(left, &policy->texts[kind][i]) < 0)
			return -EBADMSG;
	return 0;
}

static int compile_excludes(struct policy *policy, struct policy_error *error)
{
	size_t nr = policy->nr_texts[POLICY_EXCLUDE];

	policy->excludes = calloc(nr + 1, sizeof(*policy->excludes));
	if (!policy->excludes)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		struct imastage_bytes text = policy->texts[POLICY_EXCLUDE][i];
		int r = policy_exclude_new(text, &policy->excludes[i], error);

		if (r == -EBADMSG)
			error->offset +=
				(size_t)(text.data - policy->image.data);
		if (r < 0)
			return r;
	}
	return 0;
}

int policy_adopt(struct policy *policy, struct policy_error *ret_error)
{
	struct imastage_bytes left;
	int r = read_head(policy, ret_error);

	if (r < 0) {
		memset(policy->nr_texts, 0, sizeof(policy->nr_texts));
		return r;
	}
	left = policy->sections[IMAGE_TEXTS];
	for (enum policy_text kind = 0; r == 0 && kind < POLICY_NR_TEXTS;
	     kind++)
		r = read_kind(policy, kind, &left);
	if (r == -EBADMSG || (r == 0 && left.len > 0))
		return bad(ret_error,
			   (size_t)(policy->sections[IMAGE_TEXTS].data -
				    policy->image.data),
			   "its texts are malformed");
	return r < 0 ? r : compile_excludes(policy, ret_error);
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0;
	     policy->excludes && i < policy->nr_texts[POLICY_EXCLUDE]; i++)
		policy_exclude_free(policy->excludes[i]);
	free(policy->excludes);
	for (size_t i = 0; i < POLICY_NR_TEXTS; i++)
		free(policy->texts[i]);
	if (!policy->owned && policy->image.len > 0)
		munmap((void *)(uintptr_t)policy->image.data,
		       policy->image.len);
	free(policy->owned);
	free(policy);
}

/* ---- entries --------------------------------------------------------------- */

/* The entry @offset bytes into their section. */
static int read_item(const struct policy *policy, uint64_t offset,
		     struct policy_item *ret_item, uint64_t *ret_end)
{
	struct imastage_bytes all = policy->sections[IMAGE_ENTRIES], left;
	size_t name_len, digests_len;

	if (offset > all.len || all.len - offset < IMAGE_ENTRY_LEN)
		return -EBADMSG;
	left = bytes_of(all.data + offset, all.len - (size_t)offset);
	name_len = image_u16(left.data);
	digests_len = 4 * (size_t)image_u16(left.data + 6);
	if (left.data[2] >= POLICY_NR_SPACES || name_len == 0 ||
	    left.data[IMAGE_EXCLUDED_AT] > POLICY_EXCLUDE_TAKES ||
	    left.len - IMAGE_ENTRY_LEN < image_pad(name_len) + digests_len)
		return -EBADMSG;
	ret_item->space = left.data[2];
	ret_item->excluded = left.data[IMAGE_EXCLUDED_AT];
	ret_item->nr_digests = image_u16(left.data + 4);
	ret_item->name = bytes_of(left.data + IMAGE_ENTRY_LEN, name_len);
	ret_item->digests = bytes_of(
		left.data + IMAGE_ENTRY_LEN + image_pad(name_len), digests_len);
	*ret_end = offset + IMAGE_ENTRY_LEN + image_pad(name_len) + digests_len;
	return 0;
}

/* 1: the entry of this slot is of that name. */
static int try_slot(const struct policy *policy, uint32_t slot,
		    enum policy_space space, struct imastage_bytes name,
		    struct policy_item *ret_item)
{
	uint64_t end;
	int r = read_item(policy, ((uint64_t)slot - 1) * 4, ret_item, &end);

	return r < 0 ? r :
		       ret_item->space == space &&
			       bytes_equal(ret_item->name, name);
}

static uint64_t nr_slots(const struct policy *policy)
{
	return policy->sections[IMAGE_SLOTS].len / IMAGE_SLOT_LEN;
}

static uint64_t slot_at(const struct policy *policy, uint64_t at)
{
	return image_u64(policy->sections[IMAGE_SLOTS].data +
			 IMAGE_SLOT_LEN * at);
}

uint64_t policy_name_hash(const struct policy *policy, enum policy_space space,
			  struct imastage_bytes name)
{
	return image_hash(policy->seed, space, name);
}

void policy_expect_slot(const struct policy *policy, uint64_t hash)
{
	uint64_t nr = nr_slots(policy);

	if (nr > 0)
		__builtin_prefetch(policy->sections[IMAGE_SLOTS].data +
				   IMAGE_SLOT_LEN * image_slot(hash, nr));
}

/* Most names are in the first slot or the second. */
void policy_expect(const struct policy *policy, uint64_t hash)
{
	struct imastage_bytes all = policy->sections[IMAGE_ENTRIES];
	uint64_t nr = nr_slots(policy), at, slot, next, place;

	if (nr == 0)
		return;
	at = image_slot(hash, nr);
	slot = slot_at(policy, at);
	next = slot_at(policy, at + 1 < nr ? at + 1 : 0);
	slot = slot >> 32 == hash >> 32 ? slot : next;
	place = ((slot & UINT32_MAX) - 1) * 4;
	place = place < all.len ? place : 0;
	__builtin_prefetch(all.data + place);
	__builtin_prefetch(all.data + place + 64);
}

int policy_find_hash(const struct policy *policy, uint64_t hash,
		     enum policy_space space, struct imastage_bytes name,
		     struct policy_item *ret_item)
{
	uint64_t nr = nr_slots(policy), at;
	int r = 0;

	if (nr == 0 || name.len == 0 || name.len > POLICY_NAME_LEN_MAX)
		return 0;
	at = image_slot(hash, nr);
	for (unsigned int i = 0; i < IMAGE_PROBES_MAX; i++) {
		uint64_t slot = slot_at(policy, at);

		if (slot == 0)
			return 0;
		if (slot >> 32 == hash >> 32 && (slot & UINT32_MAX) > 0)
			r = try_slot(policy, (uint32_t)slot, space, name,
				     ret_item);
		if (r != 0)
			return r;
		at = at + 1 < nr ? at + 1 : 0;
	}
	return -EBADMSG;
}

int policy_find(const struct policy *policy, enum policy_space space,
		struct imastage_bytes name, struct policy_item *ret_item)
{
	return policy_find_hash(policy, policy_name_hash(policy, space, name),
				space, name, ret_item);
}

int policy_find_digest(const struct policy *policy, enum policy_space space,
		       uint8_t alg, struct imastage_bytes digest,
		       struct policy_item *ret_item)
{
	uint8_t name[1 + IMASTAGE_DIGEST_MAX];

	if (policy_nr_names(policy, space) == 0 ||
	    digest.len > IMASTAGE_DIGEST_MAX)
		return 0;
	name[0] = alg;
	if (digest.len > 0)
		memcpy(name + 1, digest.data, digest.len);
	return policy_find(policy, space, bytes_of(name, 1 + digest.len),
			   ret_item);
}

int policy_next(const struct policy *policy, uint64_t *place,
		struct policy_item *ret_item)
{
	uint64_t end;
	int r;

	if (*place == policy->sections[IMAGE_ENTRIES].len)
		return 0;
	r = read_item(policy, *place, ret_item, &end);
	if (r < 0)
		return r;
	*place = end;
	return 1;
}

int policy_item_next(struct policy_item *item, struct policy_entry *ret_entry)
{
	struct imastage_bytes *left = &item->digests;
	size_t len;

	if (left->len == 0)
		return 0;
	if (left->len < IMAGE_DIGEST_LEN)
		return -EBADMSG;
	len = policy_algorithm_len(left->data[3]);
	if (len == 0 || left->len - IMAGE_DIGEST_LEN < len)
		return -EBADMSG;
	ret_entry->space = item->space;
	ret_entry->name = item->name;
	ret_entry->alg = left->data[3];
	ret_entry->package = image_u32(left->data) & (IMAGE_PACKAGES_MAX - 1);
	ret_entry->digest = bytes_of(left->data + IMAGE_DIGEST_LEN, len);
	*left = bytes_skip(*left, IMAGE_DIGEST_LEN + len);
	return 1;
}

/* ---- excludes -------------------------------------------------------------- */

int policy_excludes(const struct policy *policy, struct imastage_bytes path,
		    unsigned int *nr_tired)
{
	for (size_t i = 0; i < policy->nr_texts[POLICY_EXCLUDE]; i++) {
		int r;

		if (*nr_tired >= IMAGE_TIRED_MAX)
			return EXCLUDE_TIRED;
		r = policy_exclude_match(policy->excludes[i], path);
		if (r == 1 || r < 0)
			return r;
		*nr_tired += r == EXCLUDE_TIRED;
	}
	return 0;
}

/* What took too many steps stays unknown: it is said of each record. */
static int note_one(struct policy *policy, uint64_t place,
		    struct imastage_bytes name, unsigned int *nr_tired)
{
	size_t entries = (size_t)(policy->sections[IMAGE_ENTRIES].data -
				  policy->image.data);
	unsigned int before = *nr_tired;
	int r = policy_excludes(policy, name, nr_tired);

	if (r < 0)
		return r;
	if (r == 1)
		policy->owned[entries + place + IMAGE_EXCLUDED_AT] =
			POLICY_EXCLUDE_TAKES;
	else if (r == 0 && *nr_tired == before)
		policy->owned[entries + place + IMAGE_EXCLUDED_AT] =
			POLICY_EXCLUDE_PASSES;
	return 0;
}

int policy_note_excluded(struct policy *policy)
{
	uint64_t place = 0, next = 0;
	unsigned int nr_tired = 0;
	struct policy_item item;
	int r = 0;

	while (policy->owned && r == 0) {
		r = policy_next(policy, &next, &item);
		if (r <= 0)
			return r;
		r = item.space > POLICY_BUFFERS ?
			    0 :
			    note_one(policy, place, item.name, &nr_tired);
		place = next;
	}
	return r;
}

/* ---- the rest -------------------------------------------------------------- */

static struct imastage_bytes word(const struct policy *policy, uint64_t at,
				  size_t len)
{
	struct imastage_bytes all = policy->sections[IMAGE_WORDS];

	if (at > all.len || all.len - at < len)
		return bytes_of(NULL, 0);
	return bytes_of(all.data + at, len);
}

struct policy_package policy_package_of(const struct policy *policy,
					uint32_t package)
{
	struct imastage_bytes all = policy->sections[IMAGE_PACKAGES];
	struct policy_package is = { 0 };
	const uint8_t *at;
	uint64_t words;

	if (package == 0 || package > all.len / IMAGE_PACKAGE_LEN)
		return is;
	at = all.data + (size_t)IMAGE_PACKAGE_LEN * (package - 1);
	is.retires = image_u64(at);
	words = image_u32(at + 8);
	is.name = word(policy, words, at[12]);
	is.version = word(policy, words + at[12], at[13]);
	return is;
}

const uint8_t *policy_hash(const struct policy *policy)
{
	return policy->image.data + HEAD_HASH_AT;
}

const struct policy_switches *policy_switches(const struct policy *policy)
{
	return &policy->switches;
}

uint64_t policy_nr_names(const struct policy *policy, enum policy_space space)
{
	return policy->nr_names[space];
}

uint64_t policy_nr_digests(const struct policy *policy)
{
	return policy->nr_digests;
}

size_t policy_nr_texts(const struct policy *policy, enum policy_text kind)
{
	return policy->nr_texts[kind];
}

struct imastage_bytes policy_text(const struct policy *policy,
				  enum policy_text kind, size_t index)
{
	return policy->texts[kind][index];
}

struct imastage_bytes policy_image(const struct policy *policy)
{
	return policy->image;
}
