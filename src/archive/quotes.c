// SPDX-License-Identifier: MIT
/*
 * The keeper's own quotes, which prove an archive to who was not there.
 */
#include "archive/query.h"
#include "archive/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the chain ------------------------------------------------------------- */

int archive_chain(struct archive *archive, int64_t boot,
		  uint8_t ret_chain[ARCHIVE_SHA256_LEN], uint64_t *ret_chained)
{
	struct index_base base = { 0 };
	struct row row = { 0 };
	int r = index_segment_at(&archive->index, boot, INT64_MAX, 0, &row);

	if (r == 0) {
		memcpy(ret_chain, row.is.chain, ARCHIVE_SHA256_LEN);
		*ret_chained = row_end(&row);
	} else if (r == IMASTAGE_END) {
		r = index_get_base(&archive->index, boot, &base);
		if (r == IMASTAGE_END)
			r = -ENOENT;
	}
	if (r == 0 && !row.id) {
		memcpy(ret_chain, base.chain, ARCHIVE_SHA256_LEN);
		*ret_chained = base.place.index;
	}
	free(base.state.data);
	row_fini(&row);
	return r;
}

/* ---- adding ---------------------------------------------------------------- */

static bool is_sized(struct imastage_bytes bytes)
{
	return bytes.len > 0 && bytes.len <= ARCHIVE_QUOTE_PART_MAX;
}

static int check(struct archive *archive, const struct archive_quote *quote)
{
	struct archive_boot boot;
	int r = archive_last_boot(archive, &boot);

	if (r < 0)
		return r;
	if (r == IMASTAGE_END || boot.id != quote->boot)
		return -ESTALE;
	if (quote->chained > quote->end || quote->end > boot.end)
		return -ERANGE;
	return is_sized(quote->msg) && is_sized(quote->sig) &&
			       is_sized(quote->pcrs) && is_sized(quote->ak) ?
		       0 :
		       -EINVAL;
}

int archive_add_quote(struct archive *archive,
		      const struct archive_quote *quote)
{
	int r = store_idle(archive);

	if (r == 0)
		r = check(archive, quote);
	if (r == 0)
		r = index_begin(&archive->index);
	if (r < 0)
		return r;
	r = index_add_quote(&archive->index, quote);
	if (r == 0)
		r = index_thin_quotes(&archive->index, quote->boot);
	return archive_finish(archive, r);
}

/* ---- reading --------------------------------------------------------------- */

int archive_each_quote(struct archive *archive, int64_t boot,
		       int (*each)(void *context,
				   const struct archive_quote *quote),
		       void *context)
{
	struct index_quote quote = { 0 };
	int r;

	while ((r = index_next_quote(&archive->index, boot, &quote)) == 0) {
		r = each(context, &quote.is);
		if (r)
			break;
	}
	index_quote_fini(&quote);
	return r == IMASTAGE_END ? 0 : r;
}
