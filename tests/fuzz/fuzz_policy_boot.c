// SPDX-License-Identifier: MIT
/*
 * Fuzz target: boot policies and the events that they are about. The first two bytes are the
 * length of a policy's text, an event log follows. Nobody approved what the text does not say;
 * what is learnt of a log is read again.
 */
#include "base/bytes.h"
#include "fuzz/promises.h"
#include "policy/boot_learn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct fed {
	struct imastage_bytes left;
};

static ssize_t feed(void *context, void *data, size_t len)
{
	struct fed *fed = context;

	if (len > fed->left.len)
		len = fed->left.len;
	if (len > 0)
		memcpy(data, fed->left.data, len);
	fed->left = bytes_skip(fed->left, len);
	return (ssize_t)len;
}

struct seen {
	const struct boot_policy *policy;
	struct boot_policy_seen seen;
	struct boot_learn learn;
};

static void see(void *context, const struct boot_log_event *event)
{
	struct seen *seen = context;

	boot_policy_watch(seen->policy, event, &seen->seen);
	boot_learn_see(&seen->learn, event);
}

static struct boot_policy *read_policy(struct imastage_bytes text)
{
	struct evidence_error error = { 0, "" };
	struct boot_policy *policy;
	int r;

	must(boot_policy_new(&policy) == 0);
	r = boot_policy_add(policy, text, &error);
	must(r == 0 ||
	     (r == -EBADMSG && error.reason[0] && error.offset <= text.len));
	if (r == 0) {
		must(boot_policy_count(policy) > 0);
		return policy;
	}
	boot_policy_free(policy);
	return NULL;
}

static void must_approve(struct seen *seen, const struct pcr_values *quoted)
{
	const struct boot_approval approval = { "fuzz", "fuzz",
						"2026-12-01T03:00:00Z" };
	struct boot_policy_answer answer;
	struct boot_policy *policy;
	char *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	boot_learn_write(&seen->learn, &approval, file);
	must(fclose(file) == 0);
	policy = read_policy(bytes_of(text, len));
	must(policy != NULL);
	boot_policy_judge(policy, quoted, NULL, &seen->seen, &answer);
	must((answer.approved != NULL) ==
	     (seen->learn.events == 0 && !answer.secure_differs));
	boot_policy_free(policy);
	free(text);
}

static void check_log(struct seen *seen, struct imastage_bytes bytes)
{
	struct fed fed = { bytes };
	const struct imastage_source source = { feed, &fed };
	const struct boot_log_watcher watcher = { see, seen };
	struct boot_policy_answer answer;
	struct evidence_error error;
	struct boot_log log;
	const char *reason;

	if (boot_log_watch(source, &watcher, &log, &error) < 0)
		return;
	must(seen->learn.main.nr <= BOOT_EVENTS_MAX);
	for (size_t i = 0; i < seen->learn.main.nr; i++)
		must(strlen(seen->learn.main.of[i].text) <=
		     BOOT_EVENT_TEXT_MAX);
	if (seen->policy) {
		boot_policy_judge(seen->policy, &log.values, &log, &seen->seen,
				  &answer);
		must(answer.nearest != NULL);
		must(!answer.approved || answer.approved->approved_by[0]);
	}
	if (boot_learn_check(&seen->learn, &log.values, true, &reason) == 0)
		must_approve(seen, &log.values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = { .learn = { .events = 1u << 4 } };
	struct imastage_bytes bytes = bytes_of(data, size), text;
	struct boot_policy *policy;

	if (size < 2)
		return 0;
	text = bytes_first(bytes_skip(bytes, 2),
			   (size_t)data[0] << 8 | data[1]);
	policy = read_policy(text);
	seen.policy = policy;
	check_log(&seen, bytes_skip(bytes, 2 + text.len));
	boot_learn_fini(&seen.learn);
	boot_policy_free(policy);
	return 0;
}
