/* SPDX-License-Identifier: MIT */
/*
 * The events of a boot that tell people what was booted: the state of secure boot, what the
 * firmware started, the command line of the kernel, the files that the loader read.
 *
 * What an event says of itself is worth something only where the digest is that of what it
 * says, which is so for the state of secure boot and for command lines; names of files and
 * programs are hints beside their digests.
 */
#ifndef EVIDENCE_BOOT_EVENTS_H
#define EVIDENCE_BOOT_EVENTS_H

#include "evidence/boot_log.h"

#define BOOT_EVENTS_MAX 24
#define BOOT_EVENT_TEXT_MAX 255

/* TCG PC Client Platform Firmware Profile, table of events */
#define BOOT_EVENT_IPL 0xdu
#define BOOT_EVENT_VARIABLE 0x80000001u
#define BOOT_EVENT_APPLICATION 0x80000003u

enum boot_event_role {
	BOOT_SECURE_BOOT, /* text "on" or "off" */
	BOOT_APPLICATION, /* started by the firmware: shim, loader, kernel */
	BOOT_COMMAND_LINE, /* of the kernel, as GRUB measures it */
	BOOT_FILE, /* read by GRUB: kernel, initial RAM disk */
	BOOT_NR_ROLES
};

struct boot_event {
	enum boot_event_role role;
	uint32_t pcr;
	uint64_t number; /* in the log */
	bool proved; /* the digest is that of the text */
	enum imastage_bank bank; /* of the digest: the best one there is */
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	char text[BOOT_EVENT_TEXT_MAX + 1]; /* printable ASCII, '?' for others */
	bool cut; /* the text was longer */
	bool ima_policy; /* a command line that chooses a policy of IMA's */
};

/* As long as they fit: of each role the first ones. */
struct boot_events {
	size_t nr;
	uint64_t nr_more; /* that did not fit */
	struct boot_event of[BOOT_EVENTS_MAX];
};

/* "secure-boot", "application", "command-line", "file" */
const char *boot_event_role_name(enum boot_event_role role);

/* A line for each: "boot: PCR 7: secure-boot on; sha256:..." */
void boot_events_print(FILE *file, const struct boot_events *events);

/* A watcher's function, of struct boot_events. */
void boot_events_see(void *events, const struct boot_log_event *event);

/*
 * The data of the event by which firmware measures that secure boot is on, or off:
 * always the same bytes.
 */
struct imastage_bytes boot_events_secure_boot(bool on);

#endif
