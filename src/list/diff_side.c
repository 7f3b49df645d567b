// SPDX-License-Identifier: MIT
/*
 * One of two lists that are compared: a window on its records.
 */
#include "base/bytes.h"
#include "base/cursor.h"
#include "tool/cli.h"
#include "list/diff.h"
#include "list/record.h"

#include <errno.h>
#include <stdlib.h>

/* 1 when the record's digest is that of its data, 0 when not, or not to be told. */
static int digest_is_right(struct diff_side *side,
			   const struct imastage_record *record)
{
	struct imastage_digests digests;
	int r = 0;

	if (record->opaque)
		return 0;
	if (!side->hasher || side->hasher_bank != record->bank) {
		imastage_hasher_free(side->hasher);
		side->hasher = NULL;
		side->hasher_bank = record->bank;
		r = imastage_hasher_new(1u << record->bank, &side->hasher);
	}
	if (r == 0)
		r = imastage_hasher_template(side->hasher, record, &digests);
	if (r < 0)
		return r;
	return imastage_record_check_digest(record, &digests) !=
	       IMASTAGE_DIGEST_DIFFERS;
}

static int prepare_writer(struct diff_side *side, enum imastage_bank bank)
{
	const struct imastage_writer_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = bank,
		.endian = IMASTAGE_LITTLE,
	};

	if (side->writer && side->writer_bank == bank)
		return 0;
	imastage_writer_free(side->writer);
	side->writer = NULL;
	side->writer_bank = bank;
	return imastage_writer_new(imastage_sink_buffer(&side->buffer),
				   &options, &side->writer);
}

/* The template data in little-endian order. */
static int little_data(struct diff_side *side,
		       const struct imastage_record *record,
		       struct imastage_bytes *ret_data)
{
	int r;

	*ret_data = record->data;
	if (record->endian == IMASTAGE_LITTLE || record->opaque)
		return 0;
	side->buffer.len = 0;
	r = prepare_writer(side, record->bank);
	if (r == 0)
		r = imastage_writer_put(side->writer, record);
	if (r == 0)
		*ret_data = bytes_skip(bytes_of(side->buffer.data,
						side->buffer.len),
				       side->buffer.len - record->data.len);
	return r;
}

static int identify(struct diff *diff, struct diff_side *side,
		    const struct imastage_record *record, uint8_t ret_id[16])
{
	uint8_t digest[IMASTAGE_DIGEST_MAX];
	struct {
		uint32_t pcr, violation, digest_is_wrong, name_len;
	} head = { record->pcr, imastage_record_is_violation(record), 0,
		   (uint32_t)record->name.len };
	struct imastage_bytes data;
	int right = digest_is_right(side, record);
	int r = right < 0 ? right : little_data(side, record, &data);

	if (r == 0)
		r = hash_start(&diff->hash);
	if (r < 0)
		return r;
	head.digest_is_wrong = !right;
	r = hash_update(&diff->hash, bytes_of(&head, sizeof(head)));
	if (r == 0)
		r = hash_update(&diff->hash, record->name);
	if (r == 0 && !right)
		r = hash_update(&diff->hash, record->digest);
	if (r == 0)
		r = hash_update(&diff->hash, data);
	if (r == 0)
		r = hash_end(&diff->hash, digest);
	if (r == 0)
		memcpy(ret_id, digest, 16);
	return r;
}

static struct diff_entry *new_entry(const struct imastage_record *record,
				    uint64_t index)
{
	struct imastage_bytes name =
		bytes_first(record_event_name(record), DIFF_NAME_MAX);
	struct diff_entry *entry =
		malloc(sizeof(*entry) + record->name.len + name.len);

	if (!entry)
		return NULL;
	entry->index = index;
	entry->pcr = record->pcr;
	entry->digest_len = record->digest.len;
	memcpy(entry->digest, record->digest.data, record->digest.len);
	entry->template_len = record->name.len;
	entry->name_len = name.len;
	memcpy(entry->text, record->name.data, record->name.len);
	if (name.len > 0)
		memcpy(entry->text + record->name.len, name.data, name.len);
	return entry;
}

static size_t entry_len(const struct diff_entry *entry)
{
	return sizeof(*entry) + entry->template_len + entry->name_len;
}

static int keep(struct diff *diff, struct diff_side *side,
		const struct imastage_record *record)
{
	struct diff_entry *entry = new_entry(record, input_index(&side->input));
	int r = entry ? identify(diff, side, record, entry->id) : -ENOMEM;

	if (r < 0) {
		free(entry);
		cli_error("%s", strerror(-r));
		return r;
	}
	side->window[(side->first + side->nr++) % DIFF_WINDOW] = entry;
	side->bytes += entry_len(entry);
	side->nr_records++;
	return 0;
}

int diff_side_fill(struct diff *diff, struct diff_side *side, size_t nr)
{
	struct imastage_record record;

	if (!side->window)
		side->window = calloc(DIFF_WINDOW, sizeof(struct diff_entry *));
	if (!side->window) {
		cli_error("out of memory");
		return -ENOMEM;
	}
	while (side->nr < nr && !side->at_end &&
	       (side->nr == 0 || side->bytes < DIFF_BYTES_MAX)) {
		int r = input_next(&side->input, &record);

		if (r == IMASTAGE_END)
			side->at_end = true;
		else if (r == 0)
			r = keep(diff, side, &record);
		if (r < 0)
			return r;
	}
	return 0;
}

struct diff_entry *diff_side_take(struct diff_side *side)
{
	struct diff_entry *entry = diff_side_at(side, 0);

	side->first = (side->first + 1) % DIFF_WINDOW;
	side->nr--;
	side->bytes -= entry_len(entry);
	return entry;
}

void diff_side_fini(struct diff_side *side)
{
	while (side->nr > 0)
		free(diff_side_take(side));
	free(side->window);
	free(side->buffer.data);
	imastage_hasher_free(side->hasher);
	imastage_writer_free(side->writer);
	input_fini(&side->input);
}
