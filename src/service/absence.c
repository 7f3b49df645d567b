// SPDX-License-Identifier: MIT
/*
 * Three signs of a keeper that should run.
 */
#include "service/absence.h"
#include "service/ask.h"
#include "service/words.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BOOTED_BY_SYSTEMD "/run/systemd/system"
#define UNIT_ENABLED "/etc/systemd/system/*.wants/imastaged.service"

static bool is_enabled(void)
{
	glob_t found = { 0 };
	bool is;

	if (access(BOOTED_BY_SYSTEMD, F_OK) < 0)
		return false;
	is = glob(UNIT_ENABLED, 0, NULL, &found) == 0;
	globfree(&found);
	return is;
}

/* The sign that there is, in words; empty: none. */
static void find_sign(const struct absence *absence, char *to, size_t size)
{
	char note[ARCHIVE_VALUE_MAX];

	*to = '\0';
	if (absence->archive && archive_get_note(absence->archive, ABSENCE_NOTE,
						 note, sizeof(note)) == 0)
		snprintf(to, size, "%.128s was not told to end", note);
	else if (absence->asked == -ECONNREFUSED)
		snprintf(to, size, "its socket is left");
	else if (absence->usual && is_enabled())
		snprintf(to, size, "imastaged.service is enabled");
}

static void find_nobody(const struct absence *absence, struct facts *facts)
{
	char sign[JOB_TEXT_MAX / 2], owner[64];

	find_sign(absence, sign, sizeof(sign));
	facts->absence = *sign ? FACTS_DEAD : FACTS_NOT_EXPECTED;
	if (!*sign)
		return;
	if (words_of_owner(absence->config->archive, owner, sizeof(owner))) {
		facts->absence = FACTS_SILENT;
		snprintf(facts->absence_text, sizeof(facts->absence_text),
			 "nobody answers at %s, but %s has the archive",
			 absence->config->control, owner);
		return;
	}
	snprintf(facts->absence_text, sizeof(facts->absence_text),
		 "no keeper runs, and one should (%s): records stay in the "
		 "kernel; start it: systemctl start imastaged",
		 sign);
}

void absence_find(const struct absence *absence, struct facts *facts)
{
	if (ask_is_nobody(absence->asked)) {
		find_nobody(absence, facts);
		return;
	}
	facts->absence = FACTS_SILENT;
	snprintf(facts->absence_text, sizeof(facts->absence_text),
		 "the keeper at %s does not answer: %s; what is said here of "
		 "kernel and archive was looked up without it",
		 absence->config->control, strerror(-absence->asked));
}

void absence_note(struct archive *archive, bool begins)
{
	char room[SURVEY_TIME_LEN], note[128];

	snprintf(note, sizeof(note), "pid %d since %s", (int)getpid(),
		 survey_time((int64_t)time(NULL), room));
	(void)archive_note(archive, ABSENCE_NOTE, begins ? note : NULL);
}
