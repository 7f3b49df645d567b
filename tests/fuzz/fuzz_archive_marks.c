// SPDX-License-Identifier: MIT
/*
 * Fuzz target: what an index says of a segment, and names of files. What passes
 * the checks is searched from every side; whatever was asked, the answer is
 * inside of the segment.
 *
 * The input is: u32 count, bytes, ascii, stored bytes; u16 length of the marks;
 * marks; frames, or, all of it again, the name of a file.
 */
#include "archive/marks.h"
#include "archive/segment.h"
#include "base/cursor.h"
#include "fuzz/promises.h"
#include "log/buffer.h"

#include <stdlib.h>

static void check_place(const struct row *row,
			const struct archive_place *place)
{
	must(place->index >= row->is.first && place->index < row_end(row));
	must((place->index - row->is.first) % ARCHIVE_MARK_RECORDS == 0);
	must(place->binary - row->is.binary_start < row->is.bytes);
	must(place->ascii - row->is.ascii_start < row->is.ascii);
}

static void search(const struct row *row, enum archive_unit unit,
		   uint64_t per_record)
{
	const struct position position = { unit, per_record };
	const struct archive_place start = { row->is.first,
					     row->is.binary_start,
					     row->is.ascii_start };
	uint64_t before = 0;

	for (unsigned int i = 0; i < 64; i++) {
		uint64_t offset = position_of(&position, &start) +
				  (((uint64_t)1 << i) - 1);
		struct archive_place place =
			marks_find(&row->marks, &start, &position, offset);

		check_place(row, &place);
		must(place.index >= before);
		must(position_of(&position, &place) <= offset ||
		     place.index == row->is.first);
		before = offset < position_of(&position, &start) ? before :
								   place.index;
	}
}

static void check_segment(struct row *row)
{
	if (row_check(row) || marks_check(row))
		return;
	must(marks_nr(&row->marks) == row_nr_marks(row->is.count));
	search(row, ARCHIVE_INDEX, 0);
	search(row, ARCHIVE_BINARY, 0);
	search(row, ARCHIVE_BINARY, 44);
	search(row, ARCHIVE_ASCII, 88);
	if (frames_check(row))
		return;
	for (size_t i = 0; i < marks_nr(&row->marks); i++)
		must(frame_get(&row->frames, i) < row->is.stored_bytes);
}

static int read_row(struct cursor *c, struct row *row)
{
	uint32_t numbers[4] = { 0 };
	struct imastage_bytes view;
	uint16_t len = 0;
	int r = 0;

	for (int i = 0; i < 4 && r == 0; i++)
		r = cursor_read_u32(c, &numbers[i]);
	if (r == 0)
		r = cursor_read_u16(c, &len);
	if (r == 0)
		r = cursor_read_bytes(c, len, &view);
	if (r < 0)
		return r;
	row->is.count = numbers[0];
	row->is.bytes = numbers[1];
	row->is.ascii = numbers[2];
	row->is.stored_bytes = numbers[3];
	row->is.compressed = numbers[3] != numbers[1];
	must(buffer_put(&row->marks, view) == 0);
	(void)cursor_read_bytes(c, cursor_remaining(c), &view);
	must(buffer_put(&row->frames, view) == 0);
	return 0;
}

/* A name that is taken for a segment's, or a folder's, is the one it would get. */
static void check_name(const char *name)
{
	struct segment_path path;
	uint64_t first;
	int64_t boot;
	enum segment_kind kind = segment_parse_name(name, &first);

	if (kind != SEGMENT_OTHER) {
		path = segment_path("dir", 1, first, kind);
		must(!strcmp(strrchr(path.text, '/') + 1, name));
	}
	if (segment_parse_folder(name, &boot) == 0) {
		path = segment_folder("dir", boot);
		must(!strcmp(path.text + 4, name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct row row = { .is = { .boot = 1,
				   .first = 1000,
				   .binary_start = 100000,
				   .ascii_start = 200000 } };
	struct cursor c;
	char *name = malloc(size + 1);

	must(name != NULL);
	if (size)
		memcpy(name, data, size);
	name[size] = '\0';
	check_name(name);
	free(name);
	cursor_init(&c, bytes_of(data, size), IMASTAGE_LITTLE);
	if (read_row(&c, &row) == 0)
		check_segment(&row);
	row_fini(&row);
	return 0;
}
