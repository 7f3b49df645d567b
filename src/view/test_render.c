// SPDX-License-Identifier: MIT
/*
 * Rendering: random reads of random lengths, in every form, against the whole
 * list converted by the library; reading on while the list grows; what cannot
 * be shown; what seeking costs.
 */
#include "view/pool.h"

#include "base/bytes.h"
#include "lib/listbuilder.h"
#include "lib/lists.h"
#include "lib/memory_list.h"
#include "lib/testing.h"

#include <errno.h>

#define NR_RECORDS 300

static const struct imastage_reader_options sha1_binary = {
	.format = IMASTAGE_FORMAT_BINARY,
	.bank = IMASTAGE_SHA1,
	.endian = IMASTAGE_HOST,
};

struct fixture {
	struct imastage_buffer bytes;
	struct memory_list *list;
};

static struct fixture fixture_new(unsigned int nr, uint32_t seed)
{
	struct fixture fixture = {
		.bytes = random_list(IMASTAGE_SHA1, IMASTAGE_HOST, nr, &seed),
	};

	fixture.list = memory_list_new(
		bytes_of(fixture.bytes.data, fixture.bytes.len));
	assert_non_null(fixture.list);
	assert_int_equal(fixture.list->nr, nr);
	return fixture;
}

static void fixture_free(struct fixture *fixture)
{
	assert_int_equal(fixture->list->nr_open, 0);
	memory_list_free(fixture->list);
	free(fixture->bytes.data);
}

static struct imastage_buffer whole(const struct fixture *fixture,
				    const struct form *form)
{
	const struct imastage_writer_options to = {
		.format = form->format,
		.bank = form->bank,
		.endian = IMASTAGE_HOST,
	};
	struct imastage_buffer all = { 0 };

	assert_int_equal(
		convert_list(bytes_of(fixture->bytes.data, fixture->bytes.len),
			     &sha1_binary, &to, &all),
		IMASTAGE_END);
	return all;
}

static struct form form_nr(unsigned int nr)
{
	struct form form = {
		.format = nr % 2 ? IMASTAGE_FORMAT_ASCII :
				   IMASTAGE_FORMAT_BINARY,
		.bank = (enum imastage_bank)(nr / 2),
	};

	return form;
}

static bool is_available(const struct form *form)
{
	return imastage_banks_available() & 1u << form->bank;
}

/* Reads, and compares with what must be there. Returns how much it was. */
static size_t check_read(struct render *render,
			 const struct imastage_buffer *all, uint64_t offset,
			 size_t len)
{
	/* On the heap, so that the sanitizer sees any step beyond. */
	uint8_t *data = malloc(len ? len : 1);
	struct imastage_bytes want = bytes_first(
		bytes_skip(bytes_of(all->data, all->len), (size_t)offset), len);
	ssize_t n = render_read(render, offset, data, len);

	assert_int_equal(n, want.len);
	assert_true(bytes_equal(bytes_of(data, (size_t)n), want));
	free(data);
	return (size_t)n;
}

static void read_at_random(struct render *render,
			   const struct imastage_buffer *all, uint32_t *seed)
{
	uint64_t offset = 0;

	for (int i = 0; i < 400; i++) {
		size_t len = next_random(seed, 3) ? next_random(seed, 300) :
						    next_random(seed, 9000);

		if (next_random(seed, 3) == 0)
			offset = next_random(seed, (uint32_t)all->len + 10);
		offset += check_read(render, all, offset, len);
	}
}

TEST(any_bytes_of_any_form)
{
	struct fixture fixture = fixture_new(NR_RECORDS, 1);
	uint32_t seed = 2;

	for (unsigned int nr = 0; nr < 2 * IMASTAGE_NR_BANKS; nr++) {
		struct form form = form_nr(nr);
		struct imastage_buffer all;
		struct render *render;

		if (!is_available(&form))
			continue;
		all = whole(&fixture, &form);
		assert_int_equal(render_new(memory_list_view(fixture.list),
					    &form, &render),
				 0);
		read_at_random(render, &all, &seed);
		render_free(render);
		free(all.data);
	}
	fixture_free(&fixture);
}

TEST(every_byte_by_itself_forwards_and_backwards)
{
	struct fixture fixture = fixture_new(8, 5);

	for (unsigned int nr = 0; nr < 4; nr++) {
		struct form form = form_nr(nr);
		struct imastage_buffer all = whole(&fixture, &form);
		struct render *render;

		assert_int_equal(render_new(memory_list_view(fixture.list),
					    &form, &render),
				 0);
		for (size_t at = 0; at < all.len; at++)
			assert_int_equal(check_read(render, &all, at, 1), 1);
		assert_int_equal(check_read(render, &all, all.len, 1), 0);
		for (size_t at = all.len; at-- > 0;)
			assert_int_equal(check_read(render, &all, at, 1), 1);
		render_free(render);
		free(all.data);
	}
	fixture_free(&fixture);
}

/* Each record is looked at once, however small the pieces are. */
TEST(reading_on_costs_what_is_read)
{
	struct fixture fixture = fixture_new(NR_RECORDS, 3);
	struct form form = form_nr(1);
	struct imastage_buffer all = whole(&fixture, &form);
	struct render *render;

	assert_int_equal(
		render_new(memory_list_view(fixture.list), &form, &render), 0);
	for (size_t at = 0; at < all.len;)
		at += check_read(render, &all, at, 61);
	assert_int_equal(fixture.list->nr_located, 1);
	assert_int_equal(fixture.list->nr_next, NR_RECORDS);
	render_free(render);
	free(all.data);
	fixture_free(&fixture);
}

/* From the last mark on, and one place looked for, wherever it is. */
TEST(seeking_costs_at_most_what_is_between_marks)
{
	struct fixture fixture = fixture_new(NR_RECORDS, 3);
	struct form form = form_nr(3);
	struct imastage_buffer all = whole(&fixture, &form);
	struct render *render;

	fixture.list->mark_every = 32;
	assert_int_equal(
		render_new(memory_list_view(fixture.list), &form, &render), 0);
	for (uint64_t at = all.len; at > 4000; at -= 3000) {
		unsigned int before = fixture.list->nr_next;

		check_read(render, &all, at - 1, 1);
		assert_true(fixture.list->nr_next - before <= 32);
	}
	render_free(render);
	free(all.data);
	fixture_free(&fixture);
}

TEST(a_list_that_grows_is_read_on)
{
	struct fixture fixture = fixture_new(NR_RECORDS, 4);
	struct form form = form_nr(2);
	struct imastage_buffer all = whole(&fixture, &form);
	uint8_t *got = malloc(all.len);
	struct render *render;
	size_t done = 0;

	fixture.list->shown = 0;
	assert_int_equal(
		render_new(memory_list_view(fixture.list), &form, &render), 0);
	while (done < all.len || fixture.list->shown < NR_RECORDS) {
		ssize_t n =
			render_read(render, done, got + done, all.len - done);

		assert_true(n >= 0);
		done += (size_t)n;
		if (fixture.list->shown < NR_RECORDS)
			fixture.list->shown++;
		if (fixture.list->shown % 7 == 0)
			fixture.list->generation++;
	}
	assert_memory_equal(got, all.data, all.len);
	assert_int_equal(render_read(render, done, got, 1), 0);
	render_free(render);
	free(got);
	free(all.data);
	fixture_free(&fixture);
}

TEST(a_gap_is_an_error_where_it_is)
{
	struct fixture fixture = fixture_new(20, 6);
	struct form form = form_nr(3);
	struct imastage_buffer all = whole(&fixture, &form);
	uint64_t gap = form_offset(&form, &fixture.list->places[11]);
	uint8_t *got = malloc(all.len);
	struct render *render;

	fixture.list->gap = 11;
	assert_int_equal(
		render_new(memory_list_view(fixture.list), &form, &render), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(render_read(render, 0, got, all.len), gap);
		assert_int_equal(render_read(render, gap, got, 1), -ENODATA);
	}
	assert_int_equal(render_read(render, gap - 1, got, 9), 1);
	render_free(render);
	free(got);
	free(all.data);
	fixture_free(&fixture);
}

/* ---- odd records --------------------------------------------------------- */

/* Three records, the second of a template that Linux does not have. */
static size_t unknown_list(uint8_t *memory, size_t capacity)
{
	static const char *const names[] = { "n-ng", "n-ng|strange", "n-ng" };
	const struct imastage_bytes fields[] = { bytes_of("/a", 3),
						 bytes_of("xy", 2) };
	struct built_record built;
	size_t len = 0;

	for (unsigned int i = 0; i < 3; i++) {
		build_record(&built, IMASTAGE_SHA1, 10, names[i], fields,
			     i == 1 ? 2 : 1);
		len += put_record(&built.record, memory + len, capacity - len);
	}
	return len;
}

TEST(an_unknown_template_is_a_line_without_fields)
{
	static const char line[] =
		"10 1111111111111111111111111111111111111111 n-ng|strange\n";
	uint8_t memory[4096], got[4096];
	size_t len = unknown_list(memory, sizeof(memory));
	struct memory_list *list = memory_list_new(bytes_of(memory, len));
	struct form form = form_nr(1);
	uint64_t at = list->places[1].ascii;
	struct render *render;

	assert_int_equal(list->places[2].ascii - at, strlen(line));
	assert_int_equal(render_new(memory_list_view(list), &form, &render), 0);
	assert_int_equal(render_read(render, at, got, sizeof(got)),
			 list->places[3].ascii - at);
	assert_memory_equal(got, line, strlen(line));
	render_free(render);
	form.format = IMASTAGE_FORMAT_BINARY;
	assert_int_equal(render_new(memory_list_view(list), &form, &render), 0);
	assert_int_equal(render_read(render, 0, got, sizeof(got)), len);
	assert_memory_equal(got, memory, len);
	render_free(render);
	memory_list_free(list);
}

/* One record longer than what a renderer keeps of it. */
TEST(a_very_long_record_in_small_pieces)
{
	size_t data_len = 300000, len = 4 + 20 + 4 + 4 + 4 + 4 + data_len;
	uint8_t *memory = calloc(1, len);
	const uint32_t numbers[] = { 4, (uint32_t)data_len + 4,
				     (uint32_t)data_len };
	struct form form = form_nr(0);
	struct fixture fixture;
	struct imastage_buffer all;
	struct render *render;

	memory[0] = 10;
	memcpy(memory + 24, &numbers[0], 4);
	memcpy(memory + 28, "n-ng", 4);
	memcpy(memory + 32, &numbers[1], 4);
	memcpy(memory + 36, &numbers[2], 4);
	for (size_t i = 0; i < data_len; i++)
		memory[40 + i] = (uint8_t)(i % 251 + 1);
	fixture.bytes = (struct imastage_buffer){ memory, len, len };
	fixture.list = memory_list_new(bytes_of(memory, len));
	assert_non_null(fixture.list);
	for (unsigned int nr = 0; nr < 4; nr++) {
		form = form_nr(nr);
		all = whole(&fixture, &form);
		assert_int_equal(render_new(memory_list_view(fixture.list),
					    &form, &render),
				 0);
		for (size_t at = 0; at < all.len;)
			at += check_read(render, &all, at, 40000);
		render_free(render);
		free(all.data);
	}
	fixture_free(&fixture);
}

/* ---- many readers -------------------------------------------------------- */

/* More readers than renderers, each of its own form and place. */
TEST(a_pool_serves_more_readers_than_it_has_renderers)
{
	struct fixture fixture = fixture_new(NR_RECORDS, 8);
	struct view_list list = memory_list_view(fixture.list);
	struct imastage_buffer all[4];
	size_t done[40] = { 0 };
	bool more = true;
	uint8_t got[500];
	struct pool pool;

	for (unsigned int i = 0; i < 4; i++) {
		struct form form = form_nr(i);

		all[i] = whole(&fixture, &form);
	}
	pool_init(&pool);
	while (more) {
		more = false;
		for (unsigned int i = 0; i < ARRAY_SIZE(done); i++) {
			struct form form = form_nr(i % 4);
			ssize_t n = pool_read(&pool, list, 7, &form, done[i],
					      got, 100 + 10 * i);

			assert_true(n >= 0);
			assert_memory_equal(got, all[i % 4].data + done[i], n);
			done[i] += (size_t)n;
			more = more || n > 0;
		}
		assert_true(fixture.list->nr_open <= POOL_LEN);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(done); i++)
		assert_int_equal(done[i], all[i % 4].len);
	pool_forget(&pool, 7);
	assert_int_equal(fixture.list->nr_open, 0);
	pool_fini(&pool);
	for (unsigned int i = 0; i < 4; i++)
		free(all[i].data);
	fixture_free(&fixture);
}

TEST_MAIN(cmocka_unit_test(any_bytes_of_any_form),
	  cmocka_unit_test(every_byte_by_itself_forwards_and_backwards),
	  cmocka_unit_test(reading_on_costs_what_is_read),
	  cmocka_unit_test(seeking_costs_at_most_what_is_between_marks),
	  cmocka_unit_test(a_list_that_grows_is_read_on),
	  cmocka_unit_test(a_gap_is_an_error_where_it_is),
	  cmocka_unit_test(an_unknown_template_is_a_line_without_fields),
	  cmocka_unit_test(a_very_long_record_in_small_pieces),
	  cmocka_unit_test(a_pool_serves_more_readers_than_it_has_renderers))
