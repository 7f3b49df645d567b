// SPDX-License-Identifier: MIT
/*
 * The bytes of an open file, in two ways.
 *
 * Here, where a byte is in the list is known for the record that was shown last, and
 * only until the lists are cut. Then it is found anew, from the first record on.
 *
 * Linux 7.2 leaves that to seq_file, which knows nothing of cuts. What it has shown
 * and nobody has read yet is read next, whatever has become of the record; and
 * then the one at the number that it was to go on with, in the list as it is now.
 * Only a read from another place than the last one ended at, or from the first byte,
 * makes it look anew.
 */

#include "emu/list_file_private.h"

#include "emu/show.h"

/* A page, of which one byte always stays free. */
#define SEQ_ROOM 4095

static void rewind_to_first(struct list_file *file)
{
	file->index = 0;
	file->start = 0;
	file->generation = file->list.generation;
}

/*
 * The record at @offset or one before it. Nothing is cut from the lists until
 * ima_staging_stop().
 */
static struct ima_queue_entry *start_near(struct list_file *file, u64 offset)
{
	struct ima_queue_entry *qe;

	if (offset < file->start)
		rewind_to_first(file);
	for (;;) {
		qe = ima_staging_start(&file->list, file->index);
		if (file->generation == file->list.generation)
			return qe;
		ima_staging_stop(&file->list);
		rewind_to_first(file);
	}
}

static int show(struct list_file *file, const struct ima_queue_entry *qe)
{
	file->record.len = 0;
	if (file->view.ascii)
		return show_ascii(qe, file->view.bank, &file->record);
	return show_binary(qe, file->view.bank, &file->record);
}

/* What of the record shown is wanted. Returns whether it is over with that. */
static bool take(struct list_file *file, u64 offset, size_t len,
		 struct out *out)
{
	u64 end = file->start + file->record.len;
	size_t skip, part;

	if (offset >= end)
		return true;

	skip = offset - file->start;
	part = min_t(size_t, file->record.len - skip, len);
	emu_out_bytes(out, file->record.data + skip, part);
	return offset + part == end;
}

int list_read(struct list_file *file, u64 offset, size_t len, struct out *out)
{
	struct ima_queue_entry *qe = start_near(file, offset);
	size_t begin = out->len;
	int ret = 0;

	while (qe && out->len - begin < len) {
		size_t done = out->len - begin;

		ret = show(file, qe);
		if (ret || !take(file, offset + done, len - done, out))
			break;
		file->start += file->record.len;
		file->index++;
		qe = ima_staging_next(&file->list);
	}
	ima_staging_stop(&file->list);
	return ret;
}

/* ---- Linux 7.2 ----------------------------------------------------------- */

static size_t seq_left(const struct seq *seq)
{
	return seq->rest.len - seq->from;
}

/* To the byte at @offset, by walking there from the first record on. */
static int seq_seek(struct list_file *file, u64 offset)
{
	struct seq *seq = &file->seq;
	struct ima_queue_entry *qe;
	int ret = 0;
	u64 pos = 0;

	seq->rest.len = seq->from = seq->index = 0;
	seq->next = offset;
	if (!offset)
		return 0;
	qe = ima_staging_start(&file->list, 0);
	for (; qe && !ret && pos < offset; qe = ima_staging_next(&file->list)) {
		ret = show(file, qe);
		seq->index++;
		pos += file->record.len;
	}
	ima_staging_stop(&file->list);
	if (!ret && pos > offset) {
		emu_out_bytes(&seq->rest, file->record.data, file->record.len);
		seq->from = file->record.len - (pos - offset);
	}
	return ret;
}

/* Whole records: as many as are wanted and fit, but one in any case. */
static int seq_fill(struct list_file *file, size_t len)
{
	struct seq *seq = &file->seq;
	struct ima_queue_entry *qe;
	int ret = 0;

	seq->rest.len = seq->from = 0;
	qe = ima_staging_start(&file->list, seq->index);
	for (; qe && seq->rest.len < len; qe = ima_staging_next(&file->list)) {
		ret = show(file, qe);
		if (ret || (seq->rest.len &&
			    seq->rest.len + file->record.len > SEQ_ROOM))
			break;
		emu_out_bytes(&seq->rest, file->record.data, file->record.len);
		seq->index++;
	}
	ima_staging_stop(&file->list);
	return seq->rest.len ? 0 : ret;
}

static size_t seq_take(struct seq *seq, size_t len, struct out *out)
{
	size_t part = min_t(size_t, seq_left(seq), len);

	emu_out_bytes(out, seq->rest.data + seq->from, part);
	seq->from += part;
	seq->next += part;
	return part;
}

int list_read_as_seq_file(struct list_file *file, u64 offset, size_t len,
			  struct out *out)
{
	struct seq *seq = &file->seq;
	int ret = 0;

	if (!offset || offset != seq->next)
		ret = seq_seek(file, offset);
	if (!ret)
		len -= seq_take(seq, len, out);
	if (!ret && len)
		ret = seq_fill(file, len);
	if (!ret && len)
		seq_take(seq, len, out);
	return ret;
}
