// SPDX-License-Identifier: MIT
/*
 * What was booted, as a text that approves it.
 */
#include "policy/boot_learn.h"
#include "base/util.h"
#include "tool/json.h"

#include <errno.h>

struct boot_learnt {
	uint32_t pcr, kind;
	unsigned int banks;
	uint8_t digests[IMASTAGE_NR_BANKS][IMASTAGE_DIGEST_MAX];
	char what[BOOT_LEARN_WHAT_MAX + 1];
};

void boot_learn_fini(struct boot_learn *learn)
{
	free(learn->learnt);
}

/* ---- seeing --------------------------------------------------------------------- */

static int grow(struct boot_learn *learn)
{
	size_t capacity = learn->capacity ? 2 * learn->capacity : 64;
	struct boot_learnt *learnt;

	if (learn->nr == BOOT_RULES_MAX)
		return -E2BIG;
	if (learn->nr < learn->capacity)
		return 0;
	learnt = reallocarray(learn->learnt, capacity, sizeof(*learnt));
	if (!learnt)
		return -ENOMEM;
	learn->learnt = learnt;
	learn->capacity = capacity;
	return 0;
}

/* What an event says of itself, when that is text. */
static void set_what(struct boot_learnt *learnt,
		     const struct boot_log_event *event)
{
	struct boot_events main = { 0 };
	struct imastage_bytes data = event->data;
	size_t len = 0;

	boot_events_see(&main, event);
	if (main.nr > 0)
		data = bytes_of_text(main.of[0].text);
	while (len < data.len && len < BOOT_LEARN_WHAT_MAX &&
	       data.data[len] >= ' ' && data.data[len] <= '~') {
		learnt->what[len] = (char)data.data[len];
		len++;
	}
	learnt->what[len > 3 ? len : 0] = '\0';
}

/* Loaders measure the same thing again: it is learnt once. */
static bool is_known(const struct boot_learn *learn,
		     const struct boot_learnt *learnt)
{
	for (size_t i = 0; i < learn->nr; i++)
		if (learn->learnt[i].pcr == learnt->pcr &&
		    learn->learnt[i].kind == learnt->kind &&
		    learn->learnt[i].banks == learnt->banks &&
		    !memcmp(learn->learnt[i].digests, learnt->digests,
			    sizeof(learnt->digests)))
			return true;
	return false;
}

static int add(struct boot_learn *learn, const struct boot_log_event *event)
{
	struct boot_learnt learnt = { .pcr = event->pcr, .kind = event->kind };
	int r;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (event->digests[bank].len == 0)
			continue;
		learnt.banks |= 1u << bank;
		memcpy(learnt.digests[bank], event->digests[bank].data,
		       event->digests[bank].len);
	}
	if (is_known(learn, &learnt))
		return 0;
	set_what(&learnt, event);
	r = grow(learn);
	if (r == 0)
		learn->learnt[learn->nr++] = learnt;
	return r;
}

void boot_learn_see(void *context, const struct boot_log_event *event)
{
	struct boot_learn *learn = context;

	learn->nr_seen++;
	boot_events_see(&learn->main, event);
	boot_policy_watch(NULL, event, &learn->seen);
	if (learn->error == 0 && event->pcr < BOOT_PCRS &&
	    learn->events & 1u << event->pcr)
		learn->error = add(learn, event);
}

/* ---- checking ------------------------------------------------------------------- */

static bool find_bank(const struct pcr_values *quoted,
		      enum imastage_bank *ret_bank)
{
	for (enum imastage_bank bank = IMASTAGE_SHA1 + 1;
	     bank < IMASTAGE_NR_BANKS; bank++) {
		if ((quoted->set[bank] & BOOT_ALL_PCRS) != BOOT_ALL_PCRS)
			continue;
		*ret_bank = bank;
		return true;
	}
	return false;
}

/* Every event has a digest of the bank, and each of these PCRs has one. */
static bool has_events(const struct boot_learn *learn)
{
	uint32_t pcrs = 0;

	for (size_t i = 0; i < learn->nr; i++) {
		if (!(learn->learnt[i].banks & 1u << learn->bank))
			return false;
		pcrs |= 1u << learn->learnt[i].pcr;
	}
	return pcrs == learn->events;
}

int boot_learn_check(struct boot_learn *learn, const struct pcr_values *quoted,
		     bool has_log, const char **ret_reason)
{
	if (learn->error)
		return learn->error;
	learn->quoted = quoted;
	learn->has_log = has_log;
	*ret_reason = NULL;
	if (!find_bank(quoted, &learn->bank))
		*ret_reason = "PCR 0 to 9 are not quoted in a bank of SHA-256 "
			      "or better";
	else if (learn->events && !has_log)
		*ret_reason = "there is no event log that leads to the values "
			      "quoted, so no events can be approved";
	else if (!has_events(learn))
		*ret_reason = "a PCR that is to be judged by events has none";
	return *ret_reason ? -EINVAL : 0;
}

/* ---- writing -------------------------------------------------------------------- */

static bool has_command_line(const struct boot_learn *learn)
{
	bool has = false;

	for (size_t i = 0; i < learn->main.nr; i++)
		has |= learn->main.of[i].ima_policy;
	return learn->has_log && has && !(learn->any & 0x300);
}

static const char *secure_boot(const struct boot_learn *learn)
{
	unsigned int bank = 1u << learn->bank;

	if (!learn->has_log)
		return "any";
	return learn->seen.secure_on & bank  ? "on" :
	       learn->seen.secure_off & bank ? "off" :
					       "any";
}

static void write_event(struct json *json, const struct boot_learn *learn,
			const struct boot_learnt *learnt)
{
	char kind[16];

	snprintf(kind, sizeof(kind), "0x%08x", learnt->kind);
	json_open(json, NULL, '{');
	json_text(json, "kind", kind);
	json_hex(json, "digest",
		 bytes_of(learnt->digests[learn->bank],
			  imastage_bank_digest_len(learn->bank)));
	json_boolean(json, "required", true);
	if (learnt->what[0])
		json_text(json, "what", learnt->what);
	json_close(json, '}');
}

static void write_events(struct json *json, const struct boot_learn *learn,
			 unsigned int pcr)
{
	json_open(json, "events", '[');
	for (size_t i = 0; i < learn->nr; i++)
		if (learn->learnt[i].pcr == pcr)
			write_event(json, learn, &learn->learnt[i]);
	json_close(json, ']');
}

static void write_value(struct json *json, const struct boot_learn *learn,
			unsigned int pcr)
{
	json_open(json, "values", '[');
	json_hex(json, NULL,
		 bytes_of(learn->quoted->of[learn->bank][pcr],
			  imastage_bank_digest_len(learn->bank)));
	json_close(json, ']');
}

static void write_pcrs(struct json *json, const struct boot_learn *learn)
{
	json_open(json, "pcrs", '{');
	for (unsigned int pcr = 0; pcr < BOOT_PCRS; pcr++) {
		char name[4];

		snprintf(name, sizeof(name), "%u", pcr);
		if (learn->any & 1u << pcr) {
			json_text(json, name, "any");
			continue;
		}
		json_open(json, name, '{');
		if (learn->events & 1u << pcr)
			write_events(json, learn, pcr);
		else
			write_value(json, learn, pcr);
		json_close(json, '}');
	}
	json_close(json, '}');
}

void boot_learn_write(const struct boot_learn *learn,
		      const struct boot_approval *approval, FILE *file)
{
	struct json json;

	json_start(&json, file, '{');
	json_text(&json, "imastage", BOOT_POLICY_VERSION);
	json_open(&json, "generations", '[');
	json_open(&json, NULL, '{');
	json_text(&json, "name", approval->name);
	json_text(&json, "approved_by", approval->by);
	json_text(&json, "approved_at", approval->at);
	json_text(&json, "bank", imastage_bank_name(learn->bank));
	json_text(&json, "secure_boot", secure_boot(learn));
	json_text(&json, "ima_policy",
		  has_command_line(learn) ? "command-line" : "records");
	write_pcrs(&json, learn);
	json_close(&json, '}');
	json_close(&json, ']');
	json_end(&json, '}');
}
