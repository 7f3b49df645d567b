// SPDX-License-Identifier: MIT
/*
 * Main events of a boot. Each role has a function that looks whether an event plays it.
 */
#include "evidence/boot_events.h"
#include "base/hex.h"
#include "base/util.h"
#include "log/hash.h"

#include <inttypes.h>

#define COMMAND_LINE "kernel_cmdline: "
#define EACH_MAX 6 /* events of one role */

static const char *const roles[BOOT_NR_ROLES] = {
	[BOOT_SECURE_BOOT] = "secure-boot",
	[BOOT_APPLICATION] = "application",
	[BOOT_COMMAND_LINE] = "command-line",
	[BOOT_FILE] = "file",
};

const char *boot_event_role_name(enum boot_event_role role)
{
	return roles[role];
}

/* ---- text and digest ------------------------------------------------------------ */

static void put_text(struct boot_event *event, struct imastage_bytes text)
{
	size_t len = text.len < BOOT_EVENT_TEXT_MAX ? text.len :
						      BOOT_EVENT_TEXT_MAX;

	for (size_t i = 0; i < len; i++)
		event->text[i] = text.data[i] < ' ' || text.data[i] > '~' ?
					 '?' :
					 (char)text.data[i];
	event->text[len] = '\0';
	event->cut = len < text.len;
}

/* SHA-256 where it is there; else the longest. */
static bool put_digest(struct boot_event *to,
		       const struct boot_log_event *event)
{
	bool found = false;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (event->digests[bank].len == 0 ||
		    (found && to->bank == IMASTAGE_SHA256))
			continue;
		to->bank = bank;
		memcpy(to->digest, event->digests[bank].data,
		       event->digests[bank].len);
		found = true;
	}
	return found;
}

/* What cannot be calculated is not proved. */
static bool is_digest_of(const struct boot_event *event,
			 struct imastage_bytes data)
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	struct hash hash;
	int r;

	if (hash_init(&hash, event->bank) < 0)
		return false;
	r = hash_two(&hash, data, bytes_of(NULL, 0), digest);
	hash_fini(&hash);
	return r == 0 && !memcmp(digest, event->digest,
				 imastage_bank_digest_len(event->bank));
}

/* ---- secure boot ------------------------------------------------------------------ */

/* UEFI_VARIABLE_DATA: GUID of EFI_GLOBAL_VARIABLE, u64 lengths, UTF-16, the value */
#define SECURE_BOOT(value)                                                 \
	"\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c" \
	"\x0a\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"                             \
	"S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0" value

struct imastage_bytes boot_events_secure_boot(bool on)
{
	static const char is_on[] = SECURE_BOOT("\x01");
	static const char is_off[] = SECURE_BOOT("\x00");

	return bytes_of(on ? is_on : is_off, sizeof(is_on) - 1);
}

static bool see_secure_boot(struct boot_event *to,
			    const struct boot_log_event *event)
{
	bool on = bytes_equal(event->data, boot_events_secure_boot(true));

	if (event->pcr != 7 || event->kind != BOOT_EVENT_VARIABLE ||
	    (!on && !bytes_equal(event->data, boot_events_secure_boot(false))))
		return false;
	to->proved = is_digest_of(to, event->data);
	put_text(to, bytes_of_text(on ? "on" : "off"));
	return true;
}

/* ---- programs of the firmware ------------------------------------------------------- */

/* UTF-16 up to a NUL; the other characters are not ASCII. */
static void put_wide(struct boot_event *to, struct cursor *cursor)
{
	uint8_t text[BOOT_EVENT_TEXT_MAX + 1];
	size_t len = 0;
	uint16_t c;

	while (len < sizeof(text) && cursor_read_u16(cursor, &c) == 0 && c)
		text[len++] = c < 0x80 ? (uint8_t)c : 0;
	put_text(to, bytes_of(text, len));
}

#define PATH_MEDIA 4
#define PATH_FILE 4
#define PATH_END 0x7f

/* The node of a device path that is a file's name. */
static void put_file_path(struct boot_event *to, struct imastage_bytes path)
{
	struct imastage_bytes body;
	uint8_t type, subtype;
	struct cursor cursor, name;
	uint16_t len;

	cursor_init(&cursor, path, IMASTAGE_LITTLE);
	while (cursor_read_u8(&cursor, &type) == 0 && type != PATH_END &&
	       cursor_read_u8(&cursor, &subtype) == 0 &&
	       cursor_read_u16(&cursor, &len) == 0 && len >= 4 &&
	       cursor_read_bytes(&cursor, len - 4u, &body) == 0) {
		if (type != PATH_MEDIA || subtype != PATH_FILE)
			continue;
		cursor_init(&name, body, IMASTAGE_LITTLE);
		put_wide(to, &name);
		return;
	}
}

/* UEFI_IMAGE_LOAD_EVENT: u64 where, length, link address, length of the path; the path */
static bool see_application(struct boot_event *to,
			    const struct boot_log_event *event)
{
	if (event->kind != BOOT_EVENT_APPLICATION)
		return false;
	put_file_path(to, bytes_skip(event->data, 4 * sizeof(uint64_t)));
	return true;
}

/* ---- GRUB --------------------------------------------------------------------------- */

/* Texts may end in a NUL, which is not hashed. */
static struct imastage_bytes without_nul(struct imastage_bytes text)
{
	return text.len > 0 && text.data[text.len - 1] == '\0' ?
		       bytes_first(text, text.len - 1) :
		       text;
}

static bool chooses_policy(struct imastage_bytes line)
{
	static const char name[] = " ima_policy=";

	return line.len > 0 &&
	       memmem(line.data, line.len, name, sizeof(name) - 1);
}

static bool see_command_line(struct boot_event *to,
			     const struct boot_log_event *event)
{
	struct imastage_bytes line = without_nul(event->data);
	size_t len = sizeof(COMMAND_LINE) - 1;

	if (event->pcr != 8 || event->kind != BOOT_EVENT_IPL ||
	    !bytes_equal_text(bytes_first(line, len), COMMAND_LINE))
		return false;
	line = bytes_skip(line, len);
	to->proved = event->data_len == event->data.len &&
		     is_digest_of(to, line);
	to->ima_policy = to->proved && chooses_policy(line);
	put_text(to, line);
	return true;
}

static bool see_file(struct boot_event *to, const struct boot_log_event *event)
{
	if (event->pcr != 9 || event->kind != BOOT_EVENT_IPL)
		return false;
	put_text(to, without_nul(event->data));
	return true;
}

/* ---- all ---------------------------------------------------------------------------- */

static bool is_room(const struct boot_events *events, enum boot_event_role role)
{
	size_t nr = 0;

	for (size_t i = 0; i < events->nr; i++)
		nr += events->of[i].role == role;
	return nr < EACH_MAX && events->nr < BOOT_EVENTS_MAX;
}

void boot_events_see(void *context, const struct boot_log_event *event)
{
	static bool (*const see[BOOT_NR_ROLES])(
		struct boot_event * to, const struct boot_log_event *event) = {
		[BOOT_SECURE_BOOT] = see_secure_boot,
		[BOOT_APPLICATION] = see_application,
		[BOOT_COMMAND_LINE] = see_command_line,
		[BOOT_FILE] = see_file,
	};
	struct boot_events *events = context;
	struct boot_event is = { .pcr = event->pcr, .number = event->number };

	if (!put_digest(&is, event))
		return;
	for (is.role = 0; is.role < BOOT_NR_ROLES; is.role++) {
		if (!see[is.role](&is, event))
			continue;
		if (is_room(events, is.role))
			events->of[events->nr++] = is;
		else
			events->nr_more++;
		return;
	}
}

static void print_one(FILE *file, const struct boot_event *event)
{
	char hex[HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];

	hex_encode(bytes_of(event->digest,
			    imastage_bank_digest_len(event->bank)),
		   hex);
	fprintf(file, "boot: PCR %" PRIu32 ": %s %s%s%s; %s:%s\n", event->pcr,
		roles[event->role], event->text, event->cut ? "..." : "",
		event->proved || event->role == BOOT_APPLICATION ||
				event->role == BOOT_FILE ?
			"" :
			" (not what was measured)",
		imastage_bank_name(event->bank), hex);
}

void boot_events_print(FILE *file, const struct boot_events *events)
{
	for (size_t i = 0; i < events->nr; i++)
		print_one(file, &events->of[i]);
	if (events->nr_more > 0)
		fprintf(file, "boot: %" PRIu64 " more\n", events->nr_more);
}
