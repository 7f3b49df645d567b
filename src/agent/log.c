// SPDX-License-Identifier: MIT
/*
 * Lines for the journal or for people.
 */
#include "agent/log.h"
#include "agent/loop.h"
#include "base/text.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_LEN 1024

static bool to_journal;
static enum say_level level_max = SAY_INFO;

/* JOURNAL_STREAM is DEVICE:INODE of what the journal reads, systemd.exec(5). */
void log_init(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uint64_t device, inode;
	struct stat st;

	to_journal =
		stream &&
		sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) == 2 &&
		fstat(STDERR_FILENO, &st) == 0 &&
		(uint64_t)st.st_dev == device && (uint64_t)st.st_ino == inode;
}

void log_set_level(enum say_level level)
{
	level_max = level;
}

static void put(enum say_level level, char *text)
{
	char line[LINE_MAX_LEN + 16];
	int len;

	/* Nothing from outside can begin a line or move a cursor. */
	text_defuse(text);
	if (to_journal)
		len = snprintf(line, sizeof(line), "<%d>%s\n", (int)level,
			       text);
	else
		len = snprintf(line, sizeof(line), "imastaged: %s\n", text);
	if (len >= (int)sizeof(line))
		len = (int)sizeof(line) - 1;
	/* There is nobody to tell that it failed. */
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return;
}

void log_line(enum say_level level, const char *format, ...)
{
	char text[LINE_MAX_LEN];
	va_list arguments;

	if (level > level_max)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	put(level, text);
}

/* ---- libraries ------------------------------------------------------------- */

#define NR_RECENT 16

static struct recent {
	uint64_t hash; /* of a text; 0: none */
	uint64_t at;
} recent[NR_RECENT];
static pthread_mutex_t recent_lock = PTHREAD_MUTEX_INITIALIZER;

/* FNV-1a: whoever makes two texts meet has one of them said less often. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash ? hash : 1;
}

/* Notes it in the place of the oldest. */
static bool was_said(const char *text)
{
	uint64_t hash = hash_of(text), now = loop_now();
	struct recent *oldest = recent;
	bool said = false;

	pthread_mutex_lock(&recent_lock);
	for (size_t i = 0; i < NR_RECENT && !said; i++) {
		if (recent[i].hash == hash &&
		    now - recent[i].at < LOG_REPEAT_MS)
			said = true;
		if (recent[i].hash == hash || recent[i].at < oldest->at)
			oldest = &recent[i];
		if (recent[i].hash == hash)
			break;
	}
	if (!said)
		*oldest = (struct recent){ hash, now };
	pthread_mutex_unlock(&recent_lock);
	return said;
}

static void forget_said(void)
{
	pthread_mutex_lock(&recent_lock);
	memset(recent, 0, sizeof(recent));
	pthread_mutex_unlock(&recent_lock);
}

/* After a notice things are different: what is said again then, is news. */
static void write_say(void *context, enum say_level level, const char *text)
{
	(void)context;
	if (level == SAY_NOTICE)
		forget_said();
	if (level > level_max || (level <= SAY_WARNING && was_said(text)))
		return;
	log_line(level, "%s", text);
}

const struct say log_say = { write_say, NULL };
