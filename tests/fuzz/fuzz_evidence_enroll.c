// SPDX-License-Identifier: MIT
/*
 * Fuzz target: texts of enrolment, and challenges. Whatever is taken is written, and read
 * again as the same; the same text is taken by one form at most.
 */
#include "base/util.h"
#include "evidence/challenge.h"
#include "evidence/enroll.h"
#include "fuzz/promises.h"

#include <errno.h>

static struct imastage_buffer written, again;

#define DEFINE_CHECK(type, name)                                           \
	static bool check_##name(struct imastage_bytes text)               \
	{                                                                  \
		static struct type message;                                \
		struct evidence_error error;                               \
		int r = name##_parse(text, &message, &error);              \
                                                                           \
		if (r < 0) {                                               \
			must(r == -EBADMSG);                               \
			must(error.offset <= text.len && error.reason[0]); \
			return false;                                      \
		}                                                          \
		written.len = again.len = 0;                               \
		must(name##_write(&message, &written) == 0);               \
		must(name##_parse(bytes_of(written.data, written.len),     \
				  &message, &error) == 0);                 \
		must(name##_write(&message, &again) == 0);                 \
		must(bytes_equal(bytes_of(written.data, written.len),      \
				 bytes_of(again.data, again.len)));        \
		return true;                                               \
	}

DEFINE_CHECK(enroll_request, enroll_request)
DEFINE_CHECK(enroll_challenge, enroll_challenge)
DEFINE_CHECK(enroll_answer, enroll_answer)
DEFINE_CHECK(challenge, challenge)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imastage_bytes text = bytes_of(data, size);

	must(check_enroll_request(text) + check_enroll_challenge(text) +
		     check_enroll_answer(text) + check_challenge(text) <=
	     1);
	return 0;
}
