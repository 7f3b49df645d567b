// SPDX-License-Identifier: MIT
/*
 * Fuzz target: any list of sha1, rendered in a form by reads at any offsets and of
 * any lengths, beside the same list converted at once.
 *
 *	u8	form: bank * 2 + 1 if it is ASCII
 *	u8	records between marks - 1
 *	u8	number of reads
 *	reads	u16 offset, from the last one's end if it is odd; u8 length
 *	list
 */
#include "base/cursor.h"
#include "fuzz/promises.h"
#include "lib/memory_list.h"

#include <stdlib.h>

static struct imastage_buffer convert(struct imastage_bytes bytes,
				      const struct form *form)
{
	const struct imastage_reader_options from = {
		.format = IMASTAGE_FORMAT_BINARY,
		.endian = IMASTAGE_HOST,
	};
	const struct imastage_writer_options to = {
		.format = form->format,
		.bank = form->bank,
		.endian = IMASTAGE_HOST,
		.bare = true,
	};
	struct imastage_buffer all = { 0 };
	struct imastage_record record;
	struct imastage_reader *reader;
	struct imastage_writer *writer;

	must(imastage_reader_new_memory(bytes, &from, &reader) == 0);
	must(imastage_writer_new(imastage_sink_buffer(&all), &to, &writer) ==
	     0);
	while (imastage_reader_next(reader, &record) == 0)
		must(imastage_writer_put(writer, &record) == 0);
	imastage_writer_free(writer);
	imastage_reader_free(reader);
	return all;
}

static void check_read(struct render *render, const struct imastage_buffer *all,
		       uint64_t offset, size_t len)
{
	struct imastage_bytes want = bytes_first(
		bytes_skip(bytes_of(all->data, all->len), (size_t)offset), len);
	uint8_t *data = malloc(len ? len : 1);
	ssize_t n = render_read(render, offset, data, len);

	must(n >= 0);
	must(bytes_equal(bytes_of(data, (size_t)n), want));
	free(data);
}

static void check_reads(struct memory_list *list, const struct form *form,
			struct imastage_bytes reads)
{
	struct imastage_buffer all = convert(list->bytes, form);
	struct render *render;
	struct cursor c;
	uint64_t at = 0;
	uint16_t offset;
	uint8_t len;

	cursor_init(&c, reads, IMASTAGE_LITTLE);
	must(render_new(memory_list_view(list), form, &render) == 0);
	while (cursor_read_u16(&c, &offset) == 0 &&
	       cursor_read_u8(&c, &len) == 0) {
		if (offset % 2 == 0)
			at = offset;
		check_read(render, &all, at, len);
		at += len;
	}
	render_free(render);
	free(all.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imastage_bytes reads, bytes;
	uint8_t nr_form, mark, nr_reads;
	struct memory_list *list;
	struct form form;
	struct cursor c;

	cursor_init(&c, bytes_of(data, size), IMASTAGE_LITTLE);
	if (cursor_read_u8(&c, &nr_form) || cursor_read_u8(&c, &mark) ||
	    cursor_read_u8(&c, &nr_reads) ||
	    cursor_read_bytes(&c, (size_t)nr_reads * 3, &reads))
		return 0;
	bytes = bytes_skip(bytes_of(data, size), cursor_offset(&c));
	form.bank = (enum imastage_bank)(nr_form / 2 % IMASTAGE_SM3);
	form.format = nr_form % 2 ? IMASTAGE_FORMAT_ASCII :
				    IMASTAGE_FORMAT_BINARY;
	list = memory_list_new(bytes);
	if (!list)
		return 0;
	list->mark_every = mark + 1u;
	check_reads(list, &form, reads);
	memory_list_free(list);
	return 0;
}
