/* SPDX-License-Identifier: MIT */
/*
 * What a record says beside its name and digests, in words.
 */
#ifndef LIST_DETAIL_H
#define LIST_DETAIL_H

#include <imastage/imastage.h>
#include <stdio.h>

#define DETAIL_LEN 160 /* bytes that are shown of one in a table, */
#define DETAIL_LEN_FULL 16384 /* or where all is wanted */

/*
 * Is a buffer of template "ima-buf" text? Printable ASCII and what sets lines apart,
 * with nothing but NULs behind it, which *ret_text is without.
 */
bool detail_is_text(struct imastage_bytes buffer,
		    struct imastage_bytes *ret_text);

/*
 * The name in the subject of an X.509 certificate, as keys are measured in this form.
 * No more of it is looked at than leads there.
 */
bool detail_certificate_name(struct imastage_bytes der,
			     struct imastage_bytes *ret_name);

/* What the line of an opaque record has behind the template's name. */
struct imastage_bytes detail_opaque_text(const struct imastage_record *record);

/*
 * Behind a space, and escaped: the text, the certificate's name or the first bytes of
 * a measured buffer, at most @max of them; what a boot_aggregate that is not the usual
 * one means; the fields of a record without an event name. Nothing where there is
 * nothing to say.
 */
void detail_print(FILE *file, const struct imastage_record *record, size_t max);

#endif
