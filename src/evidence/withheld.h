/* SPDX-License-Identifier: MIT */
/*
 * Records whose contents are withheld: a machine shows the template digests of a record and not
 * what was measured. docs/format-evidence.md, "Withheld records".
 *
 * The digests prove that a record was there, and which one to whoever knows it already. The
 * place of a violation has none: it extends all ones, whatever it is of.
 */
#ifndef EVIDENCE_WITHHELD_H
#define EVIDENCE_WITHHELD_H

#include <imastage/digest.h>
#include <imastage/writer.h>

/* Is it, by its template's name, one of these, and no violation? */
bool withheld_is(const struct imastage_record *record);

/*
 * The paths of which nothing is shown: each is absolute, and stands for itself and all that is
 * below it. A blank in it stands for the _ that kernels write, too.
 */
#define WITHHELD_PREFIXES_MAX 64
#define WITHHELD_WANTED \
	"an absolute path without . and .. in it (64 of them at most)"

struct withheld_prefixes {
	const char *of[WITHHELD_PREFIXES_MAX];
	size_t nr;
};

/* -EINVAL: not absolute, or with an empty name, "." or ".." in it; -E2BIG. @prefix must stay. */
int withheld_prefixes_add(struct withheld_prefixes *prefixes,
			  const char *prefix);

bool withheld_path(const struct withheld_prefixes *prefixes,
		   struct imastage_bytes path);

/*
 * Is the file of that record among them, of a violation, too? Of a template that is not known, nobody
 * can say what is in it: where anything is withheld, that is.
 */
bool withheld_wants(const struct withheld_prefixes *prefixes,
		    const struct imastage_record *record);

/*
 * What takes the place of @record, as the binary list of bank sha1 has it, with the digests of
 * the banks of @hasher, one of which is sha1. What sink and hasher return.
 */
int withheld_write(struct imastage_hasher *hasher, unsigned int banks,
		   const struct imastage_record *record,
		   struct imastage_sink sink);

/*
 * The digests that are given: that of sha1, and those of @banks. -EBADMSG, with *ret_reason: one
 * is missing, is not of its form, or is one that a violation extends.
 */
int withheld_read(const struct imastage_record *record, unsigned int banks,
		  struct imastage_digests *ret_digests,
		  const char **ret_reason);

#endif
