// SPDX-License-Identifier: MIT
/*
 * From lines to a struct config. One table says what keys there are; parsing,
 * printing and the question what needs a restart all go by it.
 */
#include "service/config.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/util.h"
#include "tpm/ak.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>

#define MINUTE ((uint64_t)60 * 1000)
#define DAY (24 * 60 * MINUTE)
#define GIB ((uint64_t)1 << 30)

enum kind {
	NUMBER,
	SIZE,
	DURATION,
	BOOL,
	METHOD,
	PATH, /* absolute */
	OPTIONAL_PATH, /* or "none" */
	TEXT, /* or "none" */
	PRESSURE, /* or "none" */
};

struct key {
	const char *name;
	enum kind kind;
	bool live; /* can change while the agent runs */
	size_t offset;
	uint64_t min, max; /* besides 0, where @zero */
	bool zero;
};

#define AT(member) offsetof(struct config, member)

static const struct key keys[] = {
	{ "archive", PATH, false, AT(archive), 0, 0, false },
	{ "source", PATH, false, AT(source), 0, 0, false },
	{ "tpm", TEXT, false, AT(tpm), 0, 0, false },
	{ "boot_id", PATH, false, AT(boot_id), 0, 0, false },
	{ "ak", TEXT, false, AT(ak), 0, 0, false },
	{ "ak_auth", OPTIONAL_PATH, false, AT(ak_auth), 0, 0, false },
	{ "enrolled", PATH, false, AT(enrolled), 0, 0, false },
	{ "method", METHOD, true, AT(method), 0, 0, false },
	{ "exclusive", BOOL, false, AT(exclusive), 0, 0, false },
	{ "drain_records", NUMBER, true, AT(drain_records), 1, UINT32_MAX,
	  true },
	{ "drain_bytes", SIZE, true, AT(drain_bytes), 4096, 1024 * GIB, true },
	{ "interval", DURATION, true, AT(interval), 1000, 366 * DAY, true },
	{ "poll", DURATION, true, AT(poll), 1000, 60 * MINUTE, false },
	{ "pressure", PRESSURE, false, AT(pressure), 0, 0, false },
	{ "leave", NUMBER, true, AT(leave), 1, UINT32_MAX, true },
	{ "wait", DURATION, false, AT(wait), 1, MINUTE, true },
	{ "stall_limit", DURATION, true, AT(stall_limit), 1000, 60 * MINUTE,
	  false },
	{ "segment_size", SIZE, false, AT(segment_size), 64 << 10, GIB, false },
	{ "compress", BOOL, false, AT(compress), 0, 0, false },
	{ "retain_bytes", SIZE, true, AT(retain_bytes), 1 << 20,
	  1024 * 1024 * GIB, true },
	{ "retain_age", DURATION, true, AT(retain_age), 60 * MINUTE,
	  36600 * DAY, true },
	{ "retain_boots", NUMBER, true, AT(retain_boots), 1, UINT32_MAX, true },
	{ "view", OPTIONAL_PATH, false, AT(view), 0, 0, false },
	{ "view_group", TEXT, false, AT(view_group), 0, 0, false },
	{ "view_bind", BOOL, false, AT(view_bind), 0, 0, false },
	{ "control", PATH, false, AT(control), 0, 0, false },
	{ "control_group", TEXT, false, AT(control_group), 0, 0, false },
	{ "metrics_file", OPTIONAL_PATH, true, AT(metrics_file), 0, 0, false },
	{ "metrics_socket", OPTIONAL_PATH, false, AT(metrics_socket), 0, 0,
	  false },
	{ "quote_interval", DURATION, true, AT(quote_interval), 1000, 366 * DAY,
	  true },
	{ "check_interval", DURATION, true, AT(check_interval), 10000,
	  366 * DAY, true },
};

static const char *const methods[] = { "stage", "trim", "copy" };

void config_defaults(struct config *ret_config)
{
	*ret_config = (struct config){
		.archive = "/var/lib/imastage",
		.source = "/sys/kernel/security/ima",
		.tpm = "auto",
		.boot_id = "/proc/sys/kernel/random/boot_id",
		.ak = TPM_AK_HANDLE_TEXT,
		.enrolled = "/var/lib/imastage/enrolled",
		.method = CONFIG_METHOD_STAGE,
		.drain_records = 10000,
		.drain_bytes = 4 << 20,
		.interval = 10 * MINUTE,
		.poll = 10 * 1000,
		.pressure = "some 150ms/2s",
		.wait = 1000,
		.stall_limit = 10 * 1000,
		.segment_size = 16 << 20,
		.compress = true,
		.control = "/run/imastage/control",
		.metrics_socket = "/run/imastage/metrics",
		.check_interval = 60 * MINUTE,
		.quote_interval = 10 * MINUTE,
	};
}

/* ---- values ---------------------------------------------------------------- */

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{ "", 1000 },	   { "ms", 1 },		 { "s", 1000 },
	{ "min", MINUTE }, { "h", 60 * MINUTE }, { "d", DAY },
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "K", 1 << 10 },
	{ "M", 1 << 20 },
	{ "G", GIB },
};

static const struct unit plain[] = { { "", 1 } };

/* Digits, then the name of a unit. */
static int parse_amount(struct imastage_bytes text, const struct unit *units,
			size_t nr_units, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t digits = 0;

	for (; digits < text.len && text.data[digits] >= '0' &&
	       text.data[digits] <= '9';
	     digits++) {
		uint64_t digit = text.data[digits] - (uint64_t)'0';

		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -ERANGE;
	}
	if (digits == 0)
		return -EINVAL;
	for (size_t i = 0; i < nr_units; i++) {
		if (!bytes_equal_text(bytes_skip(text, digits), units[i].name))
			continue;
		if (__builtin_mul_overflow(value, units[i].factor, &value))
			return -ERANGE;
		*ret_value = value;
		return 0;
	}
	return -EINVAL;
}

int config_parse_duration(struct imastage_bytes text, uint64_t *ret_ms)
{
	return parse_amount(text, durations, ARRAY_SIZE(durations), ret_ms);
}

int config_parse_size(struct imastage_bytes text, uint64_t *ret_bytes)
{
	return parse_amount(text, sizes, ARRAY_SIZE(sizes), ret_bytes);
}

/* "some 150ms/2s": stalled for so long in a window of that length. */
int config_pressure_trigger(const char *pressure, char *ret_trigger,
			    size_t size)
{
	const char *kind = strncmp(pressure, "full ", 5) ? "some" : "full";
	struct imastage_bytes text = bytes_of_text(pressure);
	uint64_t stall, window;
	size_t slash;

	if (strncmp(pressure, "some ", 5) && strncmp(pressure, "full ", 5))
		return -EINVAL;
	text = bytes_skip(text, 5);
	slash = bytes_find(text, '/');
	if (config_parse_duration(bytes_first(text, slash), &stall) < 0 ||
	    config_parse_duration(bytes_skip(text, slash + 1), &window) < 0)
		return -EINVAL;
	/* The kernel's own bounds. */
	if (window < 500 || window > 10000 || stall == 0 || stall > window)
		return -ERANGE;
	if (ret_trigger)
		snprintf(ret_trigger, size, "%s %" PRIu64 " %" PRIu64, kind,
			 stall * 1000, window * 1000);
	return 0;
}

static int parse_word(struct imastage_bytes text, const char *const *words,
		      size_t nr_words, uint64_t *ret_value)
{
	for (size_t i = 0; i < nr_words; i++) {
		if (bytes_equal_text(text, words[i])) {
			*ret_value = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_number(const struct key *key, struct imastage_bytes text,
			uint64_t *ret_value)
{
	uint64_t value = 0;
	int r;

	if (key->kind == DURATION)
		r = config_parse_duration(text, &value);
	else if (key->kind == SIZE)
		r = parse_amount(text, sizes, ARRAY_SIZE(sizes), &value);
	else
		r = parse_amount(text, plain, ARRAY_SIZE(plain), &value);
	if (r < 0)
		return r;
	if (value == 0 ? !key->zero : value < key->min || value > key->max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

/* Paths are absolute: the agent is not started where its user stands. */
static int parse_text(const struct key *key, struct imastage_bytes text,
		      char *ret_text)
{
	bool none = bytes_equal_text(text, "none");

	if (none && key->kind == PATH)
		return -EINVAL;
	if (none)
		text.len = 0;
	if (text.len >= CONFIG_TEXT_MAX)
		return -ENAMETOOLONG;
	if (!none && key->kind <= OPTIONAL_PATH && text.data[0] != '/')
		return -EINVAL;
	snprintf(ret_text, CONFIG_TEXT_MAX, "%.*s", (int)text.len,
		 text.len ? (const char *)text.data : "");
	if (!none && key->kind == PRESSURE)
		return config_pressure_trigger(ret_text, NULL, 0);
	return 0;
}

static int parse_value(const struct key *key, struct imastage_bytes text,
		       struct config *config)
{
	static const char *const bools[] = { "no", "yes" };
	void *at = (char *)config + key->offset;
	uint64_t word;
	int r;

	switch (key->kind) {
	case NUMBER:
	case SIZE:
	case DURATION:
		return parse_number(key, text, at);
	case METHOD:
		return parse_word(text, methods, ARRAY_SIZE(methods), at);
	case BOOL:
		r = parse_word(text, bools, ARRAY_SIZE(bools), &word);
		if (r == 0)
			*(bool *)at = word;
		return r;
	default:
		return parse_text(key, text, at);
	}
}

/* ---- printing -------------------------------------------------------------- */

/* The largest unit that holds it without a rest. */
static int print_amount(char *to, size_t size, uint64_t value,
			const struct unit *units, size_t nr_units)
{
	size_t best = nr_units > 1 && units[0].factor > 1 ? 1 : 0;

	for (size_t i = 0; value && i < nr_units; i++)
		if (value % units[i].factor == 0 &&
		    units[i].factor >= units[best].factor)
			best = i;
	return snprintf(to, size, "%" PRIu64 "%s", value / units[best].factor,
			value ? units[best].name : "");
}

static void print_value(const struct key *key, const struct config *config,
			char *to, size_t size)
{
	const void *at = (const char *)config + key->offset;
	const char *text = at;
	uint64_t value = 0;

	if (key->kind < BOOL || key->kind == METHOD)
		memcpy(&value, at, sizeof(value));
	if (key->kind == NUMBER)
		print_amount(to, size, value, plain, ARRAY_SIZE(plain));
	else if (key->kind == SIZE)
		print_amount(to, size, value, sizes, ARRAY_SIZE(sizes));
	else if (key->kind == DURATION)
		print_amount(to, size, value, durations, ARRAY_SIZE(durations));
	else if (key->kind == METHOD)
		snprintf(to, size, "%s", methods[value]);
	else if (key->kind == BOOL)
		snprintf(to, size, "%s", *(const bool *)at ? "yes" : "no");
	else
		snprintf(to, size, "%s", *text ? text : "none");
}

void config_print(FILE *file, const struct config *config)
{
	char value[CONFIG_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		print_value(&keys[i], config, value, sizeof(value));
		text_print_line(file, "%s = %s", keys[i].name, value);
	}
}

const char *config_needs_restart(const struct config *now,
				 const struct config *wanted)
{
	char a[CONFIG_TEXT_MAX], b[CONFIG_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].live)
			continue;
		print_value(&keys[i], now, a, sizeof(a));
		print_value(&keys[i], wanted, b, sizeof(b));
		if (strcmp(a, b))
			return keys[i].name;
	}
	return NULL;
}

/* ---- errors ---------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static int
refuse(struct config_error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static const char *wanted(const struct key *key, char *room, size_t size)
{
	char min[32], max[32];
	bool time = key->kind == DURATION;
	const struct unit *units = time ? durations : sizes;
	size_t nr = time ? ARRAY_SIZE(durations) : ARRAY_SIZE(sizes);

	if (key->kind == NUMBER) {
		units = plain;
		nr = 1;
	}
	print_amount(min, sizeof(min), key->min, units, nr);
	print_amount(max, sizeof(max), key->max, units, nr);
	snprintf(room, size, "%s%s to %s%s",
		 time ? "a time like 500ms, 10s, 5min, 1h or 7d, " :
		 key->kind == SIZE ? "bytes like 512K, 16M or 1G, " :
				     "a number, ",
		 min, max, key->zero ? ", or 0" : "");
	return room;
}

static int refuse_value(struct config_error *error, const struct key *key,
			struct imastage_bytes text, int r)
{
	static const char *const words[] = {
		[BOOL] = "yes or no",
		[METHOD] = "stage, trim or copy",
		[PATH] = "a path from / on",
		[OPTIONAL_PATH] = "a path from / on, or none",
		[TEXT] = "text, or none",
		[PRESSURE] = "none, or the stall in a window of 500ms to 10s: "
			     "some 150ms/2s",
	};
	char room[128];

	if (r == -ENAMETOOLONG)
		return refuse(error, "%s: longer than %d characters", key->name,
			      CONFIG_TEXT_MAX - 1);
	return refuse(error, "%s wants %s, not '%.*s'", key->name,
		      key->kind < BOOL ? wanted(key, room, sizeof(room)) :
					 words[key->kind],
		      (int)(text.len < 64 ? text.len : 64),
		      (const char *)text.data);
}

/* ---- lines ----------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct imastage_bytes strip(struct imastage_bytes text)
{
	while (text.len && is_blank(text.data[0]))
		text = bytes_skip(text, 1);
	while (text.len && is_blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

static bool is_text(struct imastage_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < ' ' || text.data[i] == 0x7f)
			return false;
	return true;
}

static const struct key *find_key(struct imastage_bytes name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (bytes_equal_text(name, keys[i].name))
			return &keys[i];
	return NULL;
}

static int refuse_key(struct config_error *error, struct imastage_bytes name)
{
	struct suggest suggest = { .word = name };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		suggest_try(&suggest, keys[i].name);
	return refuse(error, "there is no key '%.*s'%s",
		      (int)(name.len < 64 ? name.len : 64),
		      (const char *)name.data, suggest_text(&suggest));
}

struct parse {
	struct config config;
	struct config_error *error;
	unsigned int line;
	unsigned int given[ARRAY_SIZE(keys)]; /* line of each key, or 0 */
};

static int parse_setting(struct parse *parse, struct imastage_bytes name,
			 struct imastage_bytes value)
{
	const struct key *key = find_key(name);
	unsigned int *given;
	int r;

	if (!key)
		return refuse_key(parse->error, name);
	given = &parse->given[key - keys];
	if (*given)
		return refuse(parse->error, "%s was given in line %u before",
			      key->name, *given);
	*given = parse->line;
	if (value.len == 0)
		return refuse(parse->error, "%s has no value", key->name);
	r = parse_value(key, value, &parse->config);
	return r < 0 ? refuse_value(parse->error, key, value, r) : 0;
}

static int parse_line(struct parse *parse, struct imastage_bytes line)
{
	size_t equals;

	line = strip(line);
	if (line.len == 0 || line.data[0] == '#')
		return 0;
	if (!is_text(line))
		return refuse(parse->error, "a control character");
	equals = bytes_find(line, '=');
	if (equals == line.len || strip(bytes_first(line, equals)).len == 0)
		return refuse(parse->error, "not of the form 'key = value'");
	return parse_setting(parse, strip(bytes_first(line, equals)),
			     strip(bytes_skip(line, equals + 1)));
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && !strcmp(text + len - end_len, end);
}

static bool is_ak(const char *text)
{
	struct tpm_ak_place place;

	return !*text || (tpm_ak_place_parse(text, &place) == 0 &&
			  (place.handle || *place.file == '/'));
}

/* What single values cannot show. */
static int check(const struct config *c, struct config_error *error)
{
	error->line = 0;
	if (!is_ak(c->ak))
		return refuse(error,
			      "ak wants a handle like " TPM_AK_HANDLE_TEXT
			      ", a path from / on, or none, not '%s'",
			      c->ak);
	if (c->view_bind && !*c->view)
		return refuse(error, "view_bind needs a view");
	if (c->drain_records && c->leave >= c->drain_records)
		return refuse(error,
			      "leave (%" PRIu64 ") must be below drain_records "
			      "(%" PRIu64 "), or every look finds too many",
			      c->leave, c->drain_records);
	if (*c->metrics_file && !ends_with(c->metrics_file, ".prom"))
		return refuse(error,
			      "metrics_file %s: must end in .prom, or "
			      "node_exporter passes over it",
			      c->metrics_file);
	if (!strcmp(c->control, c->metrics_socket))
		return refuse(error, "control and metrics_socket are the same");
	return 0;
}

int config_parse(struct imastage_bytes text, struct config *ret_config,
		 struct config_error *ret_error)
{
	struct parse parse = { .error = ret_error };
	int r = 0;

	*ret_error = (struct config_error){ 0 };
	config_defaults(&parse.config);
	while (text.len && r == 0) {
		size_t len = bytes_find(text, '\n');

		ret_error->line = ++parse.line;
		r = parse_line(&parse, bytes_first(text, len));
		text = bytes_skip(text, len + 1);
	}
	if (r == 0)
		r = check(&parse.config, ret_error);
	if (r == 0)
		*ret_config = parse.config;
	return r;
}

void config_name_file(const char *path, char *ret_name, size_t size)
{
	const char *name = path ? path : CONFIG_PATH;
	bool missing = !path && access(name, F_OK) < 0 && errno == ENOENT;

	snprintf(ret_name, size, "%s%s", name,
		 missing ? " (not there: defaults)" : "");
}

int config_read(const char *path, struct config *ret_config,
		struct config_error *ret_error)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int r = file_read(path ? path : CONFIG_PATH, CONFIG_FILE_MAX, &data,
			  &len);

	if (r == -ENOENT && !path)
		return config_parse(bytes_of(NULL, 0), ret_config, ret_error);
	if (r < 0) {
		*ret_error = (struct config_error){ 0 };
		refuse(ret_error, "%s",
		       r == -EFBIG ? "too large for a configuration" :
				     strerror(-r));
		return r;
	}
	return config_parse(bytes_of(data, len), ret_config, ret_error);
}
