// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a request to the agent. What is refused has a sentence; what is
 * accepted keeps within the bounds of what is done with it.
 */
#include "base/bytes.h"
#include "fuzz/promises.h"
#include "service/request.h"

#include <errno.h>
#include <json-c/json.h>

static bool ends(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[JOB_TEXT_MAX] = "";
	struct json_object *reply;
	struct request rq;
	int r = request_parse(bytes_of(data, size), &rq, error);

	if (r < 0) {
		must(r == -EINVAL && error[0] && ends(error, sizeof(error)));
		return 0;
	}
	must(rq.job.kind < JOB_NR_KINDS);
	must(ends(rq.job.name, sizeof(rq.job.name)));
	must(ends(rq.job.boot, sizeof(rq.job.boot)));
	must(ends(rq.job.reason, sizeof(rq.job.reason)));
	must(rq.job.from <= INT64_MAX && rq.job.prune.max_age <= INT64_MAX);
	reply = request_reply(&rq.job);
	must(reply != NULL);
	must(json_object_to_json_string(reply) != NULL);
	json_object_put(reply);
	return 0;
}
