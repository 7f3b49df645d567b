/* SPDX-License-Identifier: MIT */
/*
 * A machine that is made: it measures files, extends PCR 10, and answers with a quote and
 * its list (binary, sha1 column, template ima-ng). For tests of what is kept from one
 * round to the next.
 */
#ifndef LIB_ROUNDMAKER_H
#define LIB_ROUNDMAKER_H

#include "evidence/container.h"
#include "lib/quotemaker.h"
#include "verify/verify.h"

struct made_machine {
	struct maker_key key;
	struct maker_quote quote;
	struct imastage_replay *replay; /* what the TPM's PCR 10 holds */
	struct imastage_hasher *hasher;
	uint8_t list[32768];
	size_t len;
	size_t ends[256]; /* of its records, in the list */
	size_t nr;
	struct made_quote made;
};

/* Booted, with a boot_aggregate and three files: four records. */
void made_machine_init(struct made_machine *machine);
void made_machine_fini(struct made_machine *machine);

/* A hard boot. */
void made_machine_boot(struct made_machine *machine);
/* @nr files that were not measured before. */
void made_machine_measure(struct made_machine *machine, unsigned int nr);

/* @digest: 32 bytes of sha256 */
void made_machine_file(struct made_machine *machine, const char *path,
		       const uint8_t digest[32]);
void made_machine_buffer(struct made_machine *machine, const char *name,
			 const char *text);
/* Of any template. */
void made_machine_record(struct made_machine *machine, const char *template,
			 const struct imastage_bytes *fields, unsigned int nr);
void made_machine_violation(struct made_machine *machine, const char *path);
/* The first record of a boot, or of a kernel that was started by kexec. */
void made_machine_aggregate(struct made_machine *machine);

/* Quotes @qualifying, so many ms after the last time. */
void made_machine_quote(struct made_machine *machine,
			struct imastage_bytes qualifying);

/*
 * As verify_quote(), of that quote and the list from the request's first index on. Where
 * the request has no ak, it is the machine's.
 */
int made_machine_verify(const struct made_machine *machine,
			struct verify_request *request,
			struct verify_verdict *ret_verdict);

/*
 * An evidence file of the last quote and the records from @first on, as @manifest says; an
 * honest one where @manifest is NULL. @file is emptied first.
 */
void made_machine_pack(const struct made_machine *machine, size_t first,
		       const struct manifest *manifest,
		       struct imastage_buffer *file);
/* What an honest machine says of it. */
struct manifest made_machine_describe(const struct made_machine *machine,
				      size_t first);
/* Quotes as the keeper does by itself, and what is said of that. */
struct manifest made_machine_quote_history(struct made_machine *machine,
					   size_t first, uint64_t chained);

#endif
