// SPDX-License-Identifier: MIT
/*
 * The text of a boot policy. A function for each kind of value; all of them say where and
 * why the text is none.
 */
#include "base/hex.h"
#include "base/json_text.h"
#include "base/util.h"
#include "policy/boot_policy_private.h"

#include <errno.h>

struct reader {
	struct boot_policy *policy;
	struct imastage_bytes text;
	struct evidence_error *error;
};

static int fail(struct reader *reader, struct imastage_bytes at,
		const char *reason)
{
	reader->error->offset =
		at.data ? (size_t)(at.data - reader->text.data) : 0;
	reader->error->reason = reason;
	return -EBADMSG;
}

/* The object @text with all of these members; those from @nr_needed on may be missing. */
static int read_members(struct reader *reader, struct imastage_bytes text,
			const char *const *names, size_t nr, size_t nr_needed,
			struct imastage_bytes *ret_values)
{
	if (json_text_only(text, names, nr, ret_values) < 0)
		return fail(reader, text,
			    "it is no object, or has a member that is there "
			    "twice or not known");
	for (size_t i = 0; i < nr_needed; i++)
		if (ret_values[i].len == 0)
			return fail(reader, text, "a member is missing");
	return 0;
}

/* ---- words ------------------------------------------------------------------------- */

static int read_word(struct reader *reader, struct imastage_bytes value,
		     char ret_word[BOOT_WORD_MAX + 1])
{
	struct imastage_bytes string;
	size_t len = 0;
	uint8_t c;
	int r = json_text_string(value, &string);

	while (r == 0 && (r = json_text_character(&string, &c)) == 1) {
		r = len < BOOT_WORD_MAX && c >= ' ' && c <= '~' ? 0 : -EBADMSG;
		if (r == 0)
			ret_word[len++] = (char)c;
	}
	if (r < 0)
		return fail(reader, value,
			    "it is no string of at most 127 printable ASCII "
			    "characters");
	ret_word[len] = '\0';
	return 0;
}

/* Which of @words is it? */
static int read_choice(struct reader *reader, struct imastage_bytes value,
		       const char *const *words, size_t nr, size_t *ret_choice)
{
	struct imastage_bytes string;

	for (size_t i = 0; json_text_string(value, &string) == 0 && i < nr; i++)
		if (json_text_is(string, words[i])) {
			*ret_choice = i;
			return 0;
		}
	return fail(reader, value, "it is none of the words that may be there");
}

static int read_bank(struct reader *reader, struct imastage_bytes value,
		     enum imastage_bank *ret_bank)
{
	struct imastage_bytes name;

	if (json_text_string(value, &name) < 0 ||
	    imastage_bank_by_name(name, ret_bank) < 0 ||
	    *ret_bank == IMASTAGE_SHA1)
		return fail(reader, value,
			    "it is no bank of SHA-256 or better");
	return 0;
}

static int read_digest(struct reader *reader, struct imastage_bytes value,
		       enum imastage_bank bank,
		       uint8_t ret_digest[IMASTAGE_DIGEST_MAX])
{
	struct imastage_bytes hex;
	size_t len;

	if (json_text_string(value, &hex) < 0 ||
	    hex_decode(hex, IMASTAGE_DIGEST_MAX, ret_digest, &len) < 0 ||
	    len != imastage_bank_digest_len(bank))
		return fail(reader, value, "it is no digest of the bank");
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 2026-12-01T03:00:00Z */
static bool is_time(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? !is_digit(text[i]) : text[i] != form[i])
			return false;
	return true;
}

/* ---- PCRs --------------------------------------------------------------------------- */

/* Where in the policy something goes. */
struct place {
	uint8_t generation, pcr;
	struct boot_generation *of;
};

static int read_value(struct reader *reader, const struct place *place,
		      struct imastage_bytes element)
{
	struct boot_policy *policy = reader->policy;
	struct boot_value *value = &policy->values[policy->nr_values];

	if (policy->nr_values == BOOT_VALUES_MAX)
		return fail(reader, element, "there are too many values");
	policy->nr_values++;
	value->generation = place->generation;
	value->pcr = place->pcr;
	return read_digest(reader, element, place->of->bank, value->digest);
}

/* "0x80000003" */
static int read_kind(struct reader *reader, struct imastage_bytes value,
		     uint32_t *ret_kind)
{
	struct imastage_bytes hex;
	uint8_t bytes[4];
	size_t len;

	if (json_text_string(value, &hex) < 0 || hex.len != 10 ||
	    !bytes_equal_text(bytes_first(hex, 2), "0x") ||
	    hex_decode(bytes_skip(hex, 2), sizeof(bytes), bytes, &len) < 0)
		return fail(reader, value,
			    "it is not 0x and eight hexadecimal digits");
	*ret_kind = 0;
	for (size_t i = 0; i < sizeof(bytes); i++)
		*ret_kind = *ret_kind << 8 | bytes[i];
	return 0;
}

static int read_boolean(struct reader *reader, struct imastage_bytes value,
			bool *ret_is)
{
	*ret_is = bytes_equal_text(value, "true");
	return *ret_is || bytes_equal_text(value, "false") ?
		       0 :
		       fail(reader, value, "it is neither true nor false");
}

static int read_rule(struct reader *reader, const struct place *place,
		     struct imastage_bytes element)
{
	static const char *const names[] = { "kind", "digest", "required",
					     "what" };
	struct boot_policy *policy = reader->policy;
	struct boot_rule *rule = &policy->rules[policy->nr_rules];
	struct imastage_bytes is[4], what;
	int r;

	if (policy->nr_rules == BOOT_RULES_MAX)
		return fail(reader, element, "there are too many events");
	policy->nr_rules++;
	rule->generation = place->generation;
	rule->pcr = place->pcr;
	r = read_members(reader, element, names, 4, 3, is);
	if (r == 0)
		r = read_kind(reader, is[0], &rule->kind);
	if (r == 0)
		r = read_digest(reader, is[1], place->of->bank, rule->digest);
	if (r == 0)
		r = read_boolean(reader, is[2], &rule->required);
	if (r == 0 && is[3].len > 0 && json_text_string(is[3], &what) < 0)
		r = fail(reader, is[3], "it is no string");
	return r;
}

static int read_each(struct reader *reader, const struct place *place,
		     struct imastage_bytes array,
		     int (*read)(struct reader *reader,
				 const struct place *place,
				 struct imastage_bytes element))
{
	struct imastage_bytes left = array, element;
	size_t nr = 0;
	int r;

	while ((r = json_text_element(&left, &element)) == 1) {
		r = read(reader, place, element);
		if (r < 0)
			return r;
		nr++;
	}
	return r < 0 || left.len > 0 || nr == 0 ?
		       fail(reader, array, "it is no array with elements") :
		       0;
}

/* "any", {"values": []} or {"events": []} */
static int read_pcr(struct reader *reader, const struct place *place,
		    struct imastage_bytes value)
{
	static const char *const names[] = { "values", "events" };
	struct imastage_bytes is[2], string;
	int r;

	if (json_text_string(value, &string) == 0 &&
	    json_text_is(string, "any"))
		return 0;
	r = read_members(reader, value, names, 2, 0, is);
	if (r < 0)
		return r;
	if (!is[0].len == !is[1].len)
		return fail(reader, value,
			    "it has not one of values and events");
	if (is[0].len > 0) {
		place->of->by_values |= 1u << place->pcr;
		return read_each(reader, place, is[0], read_value);
	}
	place->of->by_events |= 1u << place->pcr;
	return read_each(reader, place, is[1], read_rule);
}

static int read_pcrs(struct reader *reader, struct place *place,
		     struct imastage_bytes value)
{
	static const char *const names[BOOT_PCRS] = { "0", "1", "2", "3", "4",
						      "5", "6", "7", "8", "9" };
	struct imastage_bytes is[BOOT_PCRS];
	int r = read_members(reader, value, names, BOOT_PCRS, BOOT_PCRS, is);

	for (unsigned int pcr = 0; r == 0 && pcr < BOOT_PCRS; pcr++) {
		place->pcr = (uint8_t)pcr;
		r = read_pcr(reader, place, is[pcr]);
	}
	if (r == 0 && !(place->of->by_values | place->of->by_events))
		return fail(reader, value, "it looks at no PCR");
	return r;
}

/* ---- a generation --------------------------------------------------------------------- */

enum {
	NAME,
	APPROVED_BY,
	APPROVED_AT,
	BANK,
	SECURE_BOOT,
	IMA_POLICY,
	PCRS,
	NR_MEMBERS,
};

static int read_words(struct reader *reader, const struct imastage_bytes *is,
		      struct boot_generation *generation)
{
	int r = read_word(reader, is[NAME], generation->name);

	if (r == 0)
		r = read_word(reader, is[APPROVED_BY], generation->approved_by);
	if (r == 0)
		r = read_word(reader, is[APPROVED_AT], generation->approved_at);
	if (r < 0)
		return r;
	if (!generation->name[0])
		return fail(reader, is[NAME], "it is empty");
	if (generation->approved_by[0] ? !is_time(generation->approved_at) :
					 generation->approved_at[0] != '\0')
		return fail(reader, is[APPROVED_AT],
			    "it is not as 2026-12-31T23:59:59Z, with approved_"
			    "by");
	return 0;
}

static int read_choices(struct reader *reader, const struct imastage_bytes *is,
			struct boot_generation *generation)
{
	static const char *const states[] = { "any", "on", "off" };
	static const char *const policies[] = { "records", "command-line" };
	size_t state, policy;
	int r = read_bank(reader, is[BANK], &generation->bank);

	if (r == 0)
		r = read_choice(reader, is[SECURE_BOOT], states, 3, &state);
	if (r == 0)
		r = read_choice(reader, is[IMA_POLICY], policies, 2, &policy);
	if (r < 0)
		return r;
	generation->secure = (enum boot_secure)state;
	generation->command_line = policy == 1;
	return 0;
}

/* Which PCR the command line is in depends on the loader. */
static int check_command_line(struct reader *reader,
			      struct imastage_bytes value,
			      const struct boot_generation *generation)
{
	uint32_t looked_at = generation->by_values | generation->by_events;

	if (generation->command_line && (looked_at & 0x300) != 0x300)
		return fail(reader, value,
			    "a command line counts only where PCR 8 and 9 are "
			    "looked at");
	return 0;
}

static int read_generation(struct reader *reader, const struct place *nothing,
			   struct imastage_bytes element)
{
	static const char *const names[NR_MEMBERS] = {
		"name",	       "approved_by", "approved_at", "bank",
		"secure_boot", "ima_policy",  "pcrs"
	};
	struct boot_policy *policy = reader->policy;
	struct place place = { .generation = (uint8_t)policy->nr_generations };
	struct imastage_bytes is[NR_MEMBERS];
	int r;

	(void)nothing;
	if (policy->nr_generations == BOOT_GENERATIONS_MAX)
		return fail(reader, element, "there are too many generations");
	place.of = &policy->generations[policy->nr_generations++];
	r = read_members(reader, element, names, NR_MEMBERS, NR_MEMBERS, is);
	if (r == 0)
		r = read_words(reader, is, place.of);
	if (r == 0)
		r = read_choices(reader, is, place.of);
	if (r == 0)
		r = read_pcrs(reader, &place, is[PCRS]);
	return r < 0 ? r : check_command_line(reader, is[IMA_POLICY], place.of);
}

/* ---- kexec ------------------------------------------------------------------------------ */

/* "sha256:..." */
static int read_file(struct reader *reader, struct imastage_bytes element,
		     bool is_image)
{
	struct boot_policy *policy = reader->policy;
	struct boot_file *file = &policy->files[policy->nr_files];
	struct imastage_bytes string, name;
	size_t colon, len;

	if (policy->nr_files == BOOT_FILES_MAX)
		return fail(reader, element, "there are too many digests");
	policy->nr_files++;
	file->is_image = is_image;
	if (json_text_string(element, &string) < 0)
		return fail(reader, element, "it is no string");
	colon = bytes_find(string, ':');
	name = bytes_first(string, colon);
	if (imastage_bank_by_name(name, &file->bank) < 0 ||
	    file->bank == IMASTAGE_SHA1 ||
	    hex_decode(bytes_skip(string, colon + 1), sizeof(file->digest),
		       file->digest, &len) < 0 ||
	    len != imastage_bank_digest_len(file->bank))
		return fail(reader, element,
			    "it is no digest of SHA-256 or better, as "
			    "sha256:00...");
	return 0;
}

static int read_image(struct reader *reader, const struct place *nothing,
		      struct imastage_bytes element)
{
	(void)nothing;
	return read_file(reader, element, true);
}

static int read_command_line(struct reader *reader, const struct place *nothing,
			     struct imastage_bytes element)
{
	(void)nothing;
	return read_file(reader, element, false);
}

static int read_kexec(struct reader *reader, struct imastage_bytes value)
{
	static const char *const names[] = { "images", "command_lines" };
	struct imastage_bytes is[2];
	int r = read_members(reader, value, names, 2, 0, is);

	if (r == 0 && is[0].len > 0)
		r = read_each(reader, NULL, is[0], read_image);
	if (r == 0 && is[1].len > 0)
		r = read_each(reader, NULL, is[1], read_command_line);
	return r;
}

/* ---- all of it --------------------------------------------------------------------------- */

static int read_all(struct reader *reader)
{
	static const char *const names[] = { "imastage", "generations",
					     "kexec" };
	struct imastage_bytes is[3], version;
	int r = read_members(reader, reader->text, names, 3, 2, is);

	if (r < 0)
		return r;
	if (json_text_string(is[0], &version) < 0 ||
	    !json_text_is(version, BOOT_POLICY_VERSION))
		return fail(reader, is[0],
			    "it is of no version that is known here");
	r = read_each(reader, NULL, is[1], read_generation);
	return r == 0 && is[2].len > 0 ? read_kexec(reader, is[2]) : r;
}

int boot_policy_add(struct boot_policy *policy, struct imastage_bytes text,
		    struct evidence_error *ret_error)
{
	struct reader reader = { .policy = policy, .text = text };
	int r;

	reader.error = ret_error;
	r = text.len > BOOT_POLICY_LEN_MAX ? fail(&reader, bytes_of(NULL, 0),
						  "it is longer than 1 MiB") :
					     read_all(&reader);
	if (r == 0)
		qsort(policy->rules, policy->nr_rules, sizeof(*policy->rules),
		      boot_rule_compare);
	return r;
}
