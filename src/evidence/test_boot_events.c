// SPDX-License-Identifier: MIT
/*
 * Main events of a boot: which ones they are, what they say, and whether that was measured.
 */
#include "base/bytes.h"
#include "evidence/boot_events.h"
#include "lib/testing.h"

#include <openssl/sha.h>

static struct boot_events events;

static int begin(void **state)
{
	(void)state;
	memset(&events, 0, sizeof(events));
	return 0;
}

/* Measured is @data from @skip on. */
static const struct boot_event *see(uint32_t pcr, uint32_t kind,
				    const void *data, size_t len, size_t skip)
{
	uint8_t digest[32];
	struct boot_log_event event = { .number = 5,
					.pcr = pcr,
					.kind = kind,
					.data = bytes_of(data, len),
					.data_len = (uint32_t)len };

	SHA256((const uint8_t *)data + skip, len - skip, digest);
	event.digests[IMASTAGE_SHA1] = bytes_of(digest, 20);
	event.digests[IMASTAGE_SHA256] = bytes_of(digest, 32);
	event.digests[IMASTAGE_SHA512] = bytes_of(digest, 32);
	boot_events_see(&events, &event);
	return events.nr ? &events.of[events.nr - 1] : NULL;
}

TEST(secure_boot)
{
	const struct imastage_bytes on = boot_events_secure_boot(true);
	const struct imastage_bytes off = boot_events_secure_boot(false);
	const struct boot_event *event;

	assert_int_equal(on.len, 53);
	assert_int_equal(off.len, on.len);
	event = see(7, BOOT_EVENT_VARIABLE, on.data, on.len, 0);
	assert_int_equal(event->role, BOOT_SECURE_BOOT);
	assert_string_equal(event->text, "on");
	assert_true(event->proved);
	assert_int_equal(event->bank, IMASTAGE_SHA256);
	assert_int_equal(event->number, 5);
	event = see(7, BOOT_EVENT_VARIABLE, off.data, off.len, 1);
	assert_string_equal(event->text, "off");
	assert_false(event->proved);
	(void)see(6, BOOT_EVENT_VARIABLE, on.data, on.len, 0);
	(void)see(7, BOOT_EVENT_IPL, on.data, on.len, 0);
	(void)see(7, BOOT_EVENT_VARIABLE, on.data, on.len - 1, 0);
	assert_int_equal(events.nr, 2);
}

TEST(command_lines)
{
	static const char line[] = "kernel_cmdline: /vmlinuz ima_policy=tcb";
	const struct boot_event *event;

	event = see(8, BOOT_EVENT_IPL, line, sizeof(line) - 1, 16);
	assert_int_equal(event->role, BOOT_COMMAND_LINE);
	assert_string_equal(event->text, "/vmlinuz ima_policy=tcb");
	assert_true(event->proved && event->ima_policy);
	event = see(8, BOOT_EVENT_IPL, line, sizeof(line) - 1, 15);
	assert_false(event->proved || event->ima_policy);
	event = see(8, BOOT_EVENT_IPL, "kernel_cmdline: a xima_policy=tcb", 33,
		    16);
	assert_true(event->proved);
	assert_false(event->ima_policy);
	(void)see(8, BOOT_EVENT_IPL, "grub_cmd: ls ima_policy=tcb", 27, 10);
	(void)see(12, BOOT_EVENT_IPL, line, sizeof(line) - 1, 16);
	assert_int_equal(events.nr, 3);
}

/* u64 location, length, link address, length of the path; nodes */
TEST(applications)
{
	static const uint8_t data[] = "--------================"
				      "\x26\0\0\0\0\0\0\0"
				      "\x01\x01\x06\0xx"
				      "\x04\x04\x18\0\\\0E\0F\0I\0\\\0\xe9\0"
				      "\x1b\0x\0\0\0"
				      "\x7f\xff\x04\0";
	const struct boot_event *event;

	event = see(4, BOOT_EVENT_APPLICATION, data, sizeof(data) - 1, 0);
	assert_int_equal(event->role, BOOT_APPLICATION);
	assert_string_equal(event->text, "\\EFI\\??x");
	assert_false(event->proved);
	for (size_t len = 0; len < sizeof(data) - 1; len++) {
		begin(NULL);
		event = see(4, BOOT_EVENT_APPLICATION, data, len, 0);
		assert_int_equal(events.nr, 1);
	}
}

TEST(files_and_long_texts)
{
	char path[BOOT_EVENT_TEXT_MAX + 3];
	const struct boot_event *event;

	memset(path, 'x', sizeof(path));
	path[1] = '\033';
	event = see(9, BOOT_EVENT_IPL, path, sizeof(path), 0);
	assert_int_equal(event->role, BOOT_FILE);
	assert_true(event->cut);
	assert_int_equal(strlen(event->text), BOOT_EVENT_TEXT_MAX);
	assert_memory_equal(event->text, "x?x", 3);
}

/* One role leaves room for the others. */
TEST(they_are_bounded)
{
	for (int i = 0; i < 100; i++)
		(void)see(9, BOOT_EVENT_IPL, "/vmlinuz", 8, 0);
	assert_int_equal(events.nr + events.nr_more, 100);
	assert_true(events.nr < 10);
	(void)see(8, BOOT_EVENT_IPL, "kernel_cmdline: a", 17, 16);
	assert_int_equal(events.of[events.nr - 1].role, BOOT_COMMAND_LINE);
}

TEST(they_are_printed)
{
	char *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	(void)see(8, BOOT_EVENT_IPL, "kernel_cmdline: a", 17, 16);
	(void)see(8, BOOT_EVENT_IPL, "kernel_cmdline: a", 17, 15);
	boot_events_print(file, &events);
	assert_int_equal(fclose(file), 0);
	assert_non_null(
		strstr(text, "boot: PCR 8: command-line a; sha256:ca9"));
	assert_non_null(strstr(text, "a (not what was measured); sha256:"));
	free(text);
}

#define CASE(name) cmocka_unit_test_setup(name, begin)

TEST_MAIN(CASE(secure_boot), CASE(command_lines), CASE(applications),
	  CASE(files_and_long_texts), CASE(they_are_bounded),
	  CASE(they_are_printed))
