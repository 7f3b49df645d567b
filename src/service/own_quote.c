// SPDX-License-Identifier: MIT
/*
 * The keeper's own quotes: kept, noted, looked at.
 */
#include "service/own_quote.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void words_of(int r, char *text)
{
	if (r == 0)
		text[0] = '\0';
	else if (r == -EAGAIN)
		snprintf(text, JOB_TEXT_MAX,
			 "what is archived does not lead to it (yet)");
	else if (r == -ESTALE)
		snprintf(text, JOB_TEXT_MAX, "another boot has begun");
	else
		snprintf(text, JOB_TEXT_MAX, "it cannot be kept: %s",
			 strerror(-r));
}

static int copy(struct keep *keep, enum own_quote_when when)
{
	struct keep_result result;

	return when == OWN_QUOTE_BEFORE_KEXEC ?
		       keep_flush_before_kexec(keep, NULL, &result) :
		       keep_copy(keep, &result);
}

int own_quote_keep(struct keep *keep, struct archive *archive,
		   const struct self_quote *quote, enum own_quote_when when,
		   const struct say *log, char *text)
{
	uint64_t end = 0;
	int r = self_quote_keep(archive, quote, &end);

	if (r == -EAGAIN) {
		r = copy(keep, when);
		if (r == 0)
			r = self_quote_keep(archive, quote, &end);
	}
	words_of(r, text);
	if (r == 0)
		say(log, SAY_DEBUG,
		    "a quote of our own proves the records before %" PRIu64,
		    end);
	return r;
}

void own_quote_note(struct facts_quote *facts, const struct say *log, int r,
		    const char *text)
{
	if (r < 0 && strcmp(facts->text, text) != 0)
		say(log, SAY_WARNING, "a quote of our own failed: %s", text);
	facts->off = false;
	facts->error = r;
	snprintf(facts->text, sizeof(facts->text), "%s", r < 0 ? text : "");
}

static int see(void *context, const struct archive_quote *quote)
{
	struct facts_quote *newest = context;

	newest->time = quote->created;
	newest->end = quote->end;
	return 0;
}

void own_quote_survey(struct facts *facts, struct archive *archive)
{
	int64_t boot = facts->survey.boot.id;

	facts->quote.time = 0;
	facts->quote.end = 0;
	if (!facts->survey.has_boot)
		return;
	(void)archive_chain(archive, boot, facts->chain.value,
			    &facts->chain.chained);
	(void)archive_each_quote(archive, boot, see, &facts->quote);
}
