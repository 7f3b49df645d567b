// SPDX-License-Identifier: MIT
/*
 * Excludes, matched by PCRE2: without JIT, so that the steps it takes are counted alike
 * everywhere and no memory is made executable.
 */
#include "policy/exclude.h"
#include "base/bytes.h"
#include "base/text.h"
#include "base/util.h"
#include "log/buffer.h"
#include "policy/regex.h"

#include <errno.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define HEAP_MAX_KIB 1024

struct policy_exclude {
	struct imastage_buffer prefix; /* owned; literal */
	bool whole; /* what begins with it matches */
	pcre2_code *code; /* owned */
	pcre2_match_context *limits; /* owned */
};

static int compile(struct policy_exclude *exclude,
		   struct imastage_bytes pattern, struct policy_error *error)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	uint32_t options = PCRE2_ANCHORED | PCRE2_UTF | PCRE2_UCP |
			   PCRE2_NEVER_BACKSLASH_C;
	PCRE2_SIZE at;
	int code;

	if (!context)
		return -ENOMEM;
	(void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	exclude->code = pcre2_compile(pattern.data, pattern.len, options, &code,
				      &at, context);
	pcre2_compile_context_free(context);
	if (exclude->code)
		return 0;
	if (code == PCRE2_ERROR_NOMEMORY)
		return -ENOMEM;
	/* What was rewritten is longer: the place is that of the whole. */
	error->offset = 0;
	if (pcre2_get_error_message(code, (PCRE2_UCHAR *)error->reason,
				    sizeof(error->reason)) < 0)
		snprintf(error->reason, sizeof(error->reason),
			 "no regular expression");
	return -EBADMSG;
}

static int set_limits(struct policy_exclude *exclude)
{
	exclude->limits = pcre2_match_context_create(NULL);
	if (!exclude->limits)
		return -ENOMEM;
	(void)pcre2_set_match_limit(exclude->limits, EXCLUDE_STEPS_MAX);
	(void)pcre2_set_depth_limit(exclude->limits, EXCLUDE_STEPS_MAX);
	(void)pcre2_set_heap_limit(exclude->limits, HEAP_MAX_KIB);
	return 0;
}

int policy_exclude_new(struct imastage_bytes pattern,
		       struct policy_exclude **ret_exclude,
		       struct policy_error *ret_error)
{
	struct policy_exclude *exclude = calloc(1, sizeof(*exclude));
	struct imastage_buffer rewritten = { 0 };
	int r;

	if (!exclude)
		return -ENOMEM;
	r = regex_rewrite(pattern, &rewritten, ret_error);
	if (r == 0)
		r = compile(exclude, bytes_of(rewritten.data, rewritten.len),
			    ret_error);
	if (r == 0)
		r = regex_prefix(pattern, &exclude->prefix, &exclude->whole);
	if (r == 0)
		r = set_limits(exclude);
	free(rewritten.data);
	if (r < 0) {
		policy_exclude_free(exclude);
		return r;
	}
	*ret_exclude = exclude;
	return 0;
}

void policy_exclude_free(struct policy_exclude *exclude)
{
	if (!exclude)
		return;
	pcre2_code_free(exclude->code);
	pcre2_match_context_free(exclude->limits);
	free(exclude->prefix.data);
	free(exclude);
}

struct imastage_bytes
policy_exclude_prefix(const struct policy_exclude *exclude, bool *ret_whole)
{
	*ret_whole = exclude->whole;
	return bytes_of(exclude->prefix.data, exclude->prefix.len);
}

static int run(const struct policy_exclude *exclude, struct imastage_bytes path)
{
	/* Of this call alone: several threads may look into one policy. */
	pcre2_match_data *result = pcre2_match_data_create(1, NULL);
	int r;

	if (!result)
		return -ENOMEM;
	r = pcre2_match(exclude->code, path.data, path.len, 0, 0, result,
			exclude->limits);
	pcre2_match_data_free(result);
	/* 0: more groups than room for them. */
	if (r >= 0)
		return 1;
	if (r == PCRE2_ERROR_NOMEMORY)
		return -ENOMEM;
	return r == PCRE2_ERROR_MATCHLIMIT || r == PCRE2_ERROR_DEPTHLIMIT ||
			       r == PCRE2_ERROR_HEAPLIMIT ?
		       EXCLUDE_TIRED :
		       0;
}

int policy_exclude_match(const struct policy_exclude *exclude,
			 struct imastage_bytes path)
{
	if (path.len < exclude->prefix.len || path.len > EXCLUDE_PATH_MAX ||
	    (exclude->prefix.len > 0 &&
	     memcmp(path.data, exclude->prefix.data, exclude->prefix.len) != 0))
		return 0;
	if (exclude->whole)
		return text_is_utf8(path);
	if (path.len == 0)
		path.data = (const uint8_t *)"";
	return run(exclude, path);
}
