// SPDX-License-Identifier: MIT
/* See render.h. */
#include "view/render.h"
#include "archive/counter.h"
#include "base/bytes.h"
#include "base/util.h"

#include <errno.h>

/*
 * Where the bytes of a record go: those before @skip nowhere, then to the
 * reader, then to what is kept for its next call.
 */
struct split {
	uint64_t skip; /* bytes still to be left out */
	uint8_t *data; /* the reader's, room for the next */
	size_t room;
	size_t done; /* bytes in @data before it moved on */
	struct imastage_buffer rest;
	bool overflow; /* the rest is longer than RENDER_REST_MAX */
};

/*
 * Invariant: with a cursor, @end is the offset of the record that it gives
 * next, and split.rest holds the bytes right before @end.
 */
struct render {
	struct view_list list;
	struct form form;
	struct view_cursor *cursor; /* NULL: nowhere */
	uint64_t end;
	uint64_t wanted; /* the offset that is read from */
	struct split split;
	unsigned int nr_singly; /* records taken since bytes were, at most... */
	unsigned int singly_max; /* ...before that is tried again */
	enum imastage_endian endian; /* of the writer */
	struct imastage_writer *writer; /* to @split, in the form */
};

/* ---- sinks --------------------------------------------------------------- */

static int keep_rest(struct split *split, struct imastage_bytes bytes)
{
	struct imastage_sink sink = imastage_sink_buffer(&split->rest);

	if (split->overflow || bytes.len == 0)
		return 0;
	if (bytes.len > RENDER_REST_MAX - split->rest.len) {
		split->overflow = true;
		return 0;
	}
	return sink.write(sink.context, bytes.data, bytes.len);
}

static int split_write(void *context, const void *data, size_t len)
{
	struct split *split = context;
	struct imastage_bytes bytes = bytes_of(data, len);
	size_t part = split->skip < len ? (size_t)split->skip : len;

	split->skip -= part;
	bytes = bytes_skip(bytes, part);
	part = bytes.len < split->room ? bytes.len : split->room;
	if (part > 0)
		memcpy(split->data, bytes.data, part);
	split->data += part;
	split->room -= part;
	split->done += part;
	return keep_rest(split, bytes_skip(bytes, part));
}

/* ---- the writer ----------------------------------------------------------- */

static int make_writer(struct render *render, enum imastage_endian endian)
{
	const struct imastage_sink sink = { split_write, &render->split };
	const struct imastage_writer_options options = {
		.format = render->form.format,
		.bank = render->form.bank,
		.endian = endian,
		.bare = true,
	};

	render->endian = endian;
	return imastage_writer_new(sink, &options, &render->writer);
}

/* The kernel writes numbers in the order that the record came in. */
static int fit_writer(struct render *render, enum imastage_endian endian)
{
	if (render->writer && render->endian == endian)
		return 0;
	imastage_writer_free(render->writer);
	render->writer = NULL;
	return make_writer(render, endian);
}

int render_new(struct view_list list, const struct form *form,
	       struct render **ret_render)
{
	struct render *render = calloc(1, sizeof(*render));
	int r;

	if (!render)
		return -ENOMEM;
	render->list = list;
	render->form = *form;
	r = make_writer(render, IMASTAGE_HOST);
	if (r < 0)
		render_free(render);
	else
		*ret_render = render;
	return r;
}

static void leave(struct render *render)
{
	if (render->cursor)
		render->list.ops->close(render->cursor);
	render->cursor = NULL;
	render->split.rest.len = 0;
	render->split.overflow = false;
}

void render_free(struct render *render)
{
	if (!render)
		return;
	leave(render);
	imastage_writer_free(render->writer);
	free(render->split.rest.data);
	free(render);
}

/* ---- where it is --------------------------------------------------------- */

bool render_is_at(const struct render *render, uint64_t offset)
{
	return render->cursor && offset <= render->end &&
	       render->end - offset <= render->split.rest.len;
}

static int seek(struct render *render, uint64_t offset)
{
	const struct view_list *list = &render->list;
	struct form_place place;
	int r;

	leave(render);
	r = list->ops->locate(list->list, &render->form, offset, &place);
	if (r < 0)
		return r;
	render->end = form_offset(&render->form, &place);
	if (render->end > offset)
		return -EIO;
	return list->ops->open(list->list, place.index, &render->cursor);
}

/* ---- one record ---------------------------------------------------------- */

/* What is archived is what the kernel shows in binary with its own digest. */
static bool is_own_form(const struct form *form)
{
	return form->format == IMASTAGE_FORMAT_BINARY &&
	       form->bank == IMASTAGE_SHA1;
}

/* Bytes of a record in the form, without a digest being computed. */
static uint64_t length(const struct render *render,
		       const struct imastage_record *record)
{
	bool ascii = render->form.format == IMASTAGE_FORMAT_ASCII;

	return (ascii ? record_ascii_len(record) : record->raw.len) +
	       form_per_record(&render->form);
}

static int show(struct render *render, const struct imastage_record *record)
{
	if (render->form.format == IMASTAGE_FORMAT_BINARY &&
	    render->form.bank == record->bank)
		return split_write(&render->split, record->raw.data,
				   record->raw.len);
	return imastage_writer_put(render->writer, record);
}

/* All of it, where there surely is room. Returns false when that is not known. */
static bool put_whole(struct render *render,
		      const struct imastage_record *record, uint64_t offset)
{
	struct split *split = &render->split;
	ssize_t n = -ENOBUFS;

	if (offset == render->end && !is_own_form(&render->form))
		n = imastage_writer_put_to(render->writer, record, split->data,
					   split->room);
	if (n < 0)
		return false;
	split->data += n;
	split->room -= (size_t)n;
	split->done += (size_t)n;
	render->end += (uint64_t)n;
	return true;
}

/* Renders @record, from @offset on, and moves on behind it. */
static int put(struct render *render, const struct imastage_record *record,
	       uint64_t offset)
{
	struct split *split = &render->split;
	size_t before = split->done;
	int r;

	split->skip = offset - render->end;
	r = show(render, record);
	if (r < 0)
		return r;
	render->end = offset + (split->done - before) + split->rest.len;
	return 0;
}

static bool has_enough(const struct split *split)
{
	return split->room == 0 || split->overflow;
}

/* Of each(): bytes may be had again, without records being told apart. */
#define TRY_BYTES 4

/* After so many that could not be had so. */
#define SINGLY_MAX 32

/* What each() is to do after a record. */
static int go_on(struct render *render)
{
	if (has_enough(&render->split))
		return VIEW_ENOUGH;
	if (render->form.bank != IMASTAGE_SHA1 ||
	    ++render->nr_singly < render->singly_max)
		return 0;
	return TRY_BYTES;
}

/* Takes the next record, as far as its bytes are wanted. */
static int take_record(void *context, const struct imastage_record *record)
{
	struct render *render = context;
	uint64_t offset = render->wanted + render->split.done;
	int r = fit_writer(render, record->endian);

	if (r < 0)
		return r;
	if (offset > render->end) {
		uint64_t len = length(render, record);

		if (len <= offset - render->end) {
			render->end += len;
			return 0;
		}
	}
	r = put_whole(render, record, offset) ? 0 : put(render, record, offset);
	return r == 0 ? go_on(render) : r;
}

/* ---- reading ------------------------------------------------------------- */

/* What was left of the record before. */
static void take_rest(struct render *render, uint64_t offset)
{
	struct split *split = &render->split;
	size_t left = (size_t)(render->end - offset);
	struct imastage_bytes rest = { split->rest.data, split->rest.len };
	size_t part = left < split->room ? left : split->room;

	rest = bytes_skip(rest, rest.len - left);
	if (part > 0)
		memcpy(split->data, rest.data, part);
	split->data += part;
	split->room -= part;
	split->done += part;
	if (part == left)
		split->rest.len = 0;
}

/* Bytes of many records, for as long as there are such. */
static int take_bytes(struct render *render)
{
	const struct view_list_ops *ops = render->list.ops;
	struct split *split = &render->split;
	ssize_t n;

	if (render->form.bank != IMASTAGE_SHA1 ||
	    render->end != render->wanted + split->done)
		return 0;
	do {
		n = (is_own_form(&render->form) ? ops->copy : ops->show)(
			render->cursor, split->data, split->room);
		if (n < 0)
			return (int)n;
		split->data += n;
		split->room -= (size_t)n;
		split->done += (size_t)n;
		render->end += (uint64_t)n;
	} while (n > 0 && split->room > 0);
	return 0;
}

/* Many at once where that can be, and one by one in between. */
static int take_on(struct render *render)
{
	int r;

	render->singly_max = 1; /* a cursor has bytes once it gave a record */
	do {
		render->nr_singly = 0;
		r = take_bytes(render);
		if (r < 0 || has_enough(&render->split))
			return r;
		r = render->list.ops->each(render->cursor, take_record, render);
		render->singly_max = SINGLY_MAX;
	} while (r == TRY_BYTES);
	return r;
}

static int fill(struct render *render, uint64_t offset)
{
	int r = 0;

	render->wanted = offset;
	if (!render_is_at(render, offset))
		r = seek(render, offset);
	else
		take_rest(render, offset);
	if (r < 0 || has_enough(&render->split))
		return r;
	r = take_on(render);
	return r == VIEW_GAP ? -ENODATA : r;
}

ssize_t render_read(struct render *render, uint64_t offset, void *data,
		    size_t len)
{
	struct split *split = &render->split;
	bool anew = !render_is_at(render, offset);
	int r;

	split->data = data;
	split->room = len;
	split->done = 0;
	r = fill(render, offset);
	if (r == -ESTALE && !anew && split->done == 0) {
		leave(render);
		r = fill(render, offset);
	}
	if (r == -ESTALE)
		r = -ENODATA;
	split->data = NULL;
	split->room = 0;
	if (r < 0 || split->overflow)
		leave(render);
	if (r < 0 && split->done == 0)
		return r;
	return (ssize_t)split->done;
}
