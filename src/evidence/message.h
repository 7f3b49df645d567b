/* SPDX-License-Identifier: MIT */
/*
 * Messages between a machine and a verifier that are carried as files: one JSON object
 * (RFC 8259) with exactly the members of its form, each once, in any order. Values are
 * strings but for those of MESSAGE_JSON. The member "imastage" names the form and its version. A form is a table:
 *
 *	static const struct message_member members[] = {
 *		MESSAGE_MEMBER(struct hello, MESSAGE_TEXT, name, 1, 64),
 *	};
 *
 * reads and writes struct hello { char name[64 + 1]; } as
 * {"imastage":"hello-1","name":"..."}. Nothing in a message is signed.
 */
#ifndef EVIDENCE_MESSAGE_H
#define EVIDENCE_MESSAGE_H

#include "evidence/wire.h"

enum message_kind {
	MESSAGE_BASE64, /* MESSAGE_BYTES(max) of @min to @max bytes */
	MESSAGE_HEX, /* the same, in hexadecimal of either case */
	MESSAGE_TEXT, /* char[max + 1]: @min to @max printable ASCII characters */
	MESSAGE_NUMBER, /* uint64_t in decimal; @min, @max are not looked at */
	/*
	 * struct evidence_selections: "sha256:0-10+sha1:10". At least one, each of a bank
	 * that is known and not there before, with at least one PCR.
	 */
	MESSAGE_PCRS,
	/*
	 * struct imastage_bytes: an object or array of at most @max bytes, as it is in the text;
	 * whoever writes it answers for its form.
	 */
	MESSAGE_JSON,
};

/* clang-format off */
#define MESSAGE_BYTES(max) struct { size_t len; uint8_t data[max]; }
/* clang-format on */

/* A view of one. */
#define message_view(member) bytes_of((member)->data, (member)->len)

struct message_member {
	const char *name;
	enum message_kind kind;
	size_t min, max;
	size_t at; /* in the struct */
};

/* clang-format off */
#define MESSAGE_MEMBER(type, kind, name, min, max) \
	{ #name, kind, min, max, __builtin_offsetof(type, name) }
/* clang-format on */

#define MESSAGE_MEMBERS_MAX 24 /* without "imastage" */
#define MESSAGE_VALUE_MAX 8192 /* bytes of one */
#define MESSAGE_LEN_MAX ((size_t)64 << 10) /* of a text */

struct message_form {
	/* "hello-1"; NULL: an object in another one, without a member "imastage" */
	const char *name;
	const struct message_member *members;
	size_t nr;
};

/*
 * -EBADMSG, with a place in @text and a reason. No memory is allocated; *ret_message is
 * untouched on failure but for members that were read.
 */
int message_parse(const struct message_form *form, struct imastage_bytes text,
		  void *ret_message, struct evidence_error *ret_error);

/*
 * Appends the text, a line unless it is an object in another one. -EINVAL for what could not be read again; -ENOMEM. What was
 * appended before a failure stays.
 */
int message_write(const struct message_form *form, const void *message,
		  struct imastage_buffer *text);

#endif
