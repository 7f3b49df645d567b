/* SPDX-License-Identifier: MIT */
/*
 * An evidence file, verified as it is read: container, firmware's log, quote, list. Memory
 * is that of the container and of a few records, whatever comes.
 *
 *	verify_file_new(source, 0, &file);
 *	r = verify_file_open(file, &small);
 *	if (r == 0) {
 *		... a request that fits small->manifest, which is believed in nothing ...
 *		r = verify_file_run(file, &request, &verdict);
 *	}
 *	if (r == VERIFY_FILE_REFUSED)
 *		verify_file_refuse(file, &verdict);
 *	verify_file_free(file);
 */
#ifndef VERIFY_FILE_H
#define VERIFY_FILE_H

#include "evidence/container.h"
#include "verify/verify.h"

#define VERIFY_FILE_REFUSED 1

struct verify_file;

/* @records_max: as container_new(). -ENOMEM */
int verify_file_new(struct imastage_source source, uint64_t records_max,
		    struct verify_file **ret_file);
void verify_file_free(struct verify_file *file);

/*
 * Reads what comes before the list. VERIFY_FILE_REFUSED; -ENOMEM; or the error of the source.
 * *ret_small is valid as long as the file.
 */
int verify_file_open(struct verify_file *file,
		     const struct container_small **ret_small);

/* The verdict of a file that could not be opened: rejected, with the reason. */
void verify_file_refuse(struct verify_file *file,
			struct verify_verdict *ret_verdict);

/*
 * Verifies the rest, up to the file's last byte. As verify_quote(); a file that turns out to
 * be none is rejected, and nothing of it is proved. The same of one whose manifest
 * contradicts quote or records.
 */
int verify_file_run(struct verify_file *file,
		    const struct verify_request *request,
		    struct verify_verdict *ret_verdict);

#endif
