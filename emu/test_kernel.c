// SPDX-License-Identifier: MIT
/*
 * Lists of a real kernel, restored as after a kexec: every byte must come back out
 * of the file, with digests computed anew, and go through another kexec.
 */
#include "emu/event.h"
#include "emu/kernel.h"
#include "emu/list_file.h"
#include "emu/setup.h"
#include "lib/testing.h"

#include <errno.h>
#include <stdio.h>

#define HEADER_LEN 24

static const struct algo *sha256(void)
{
	return algo_by_name("sha256");
}

static void config_init(struct kernel_config *config)
{
	*config = (struct kernel_config){
		.hash = sha256(),
		.template = template_get("ima-ng"),
		.buf_template = template_get("ima-buf"),
		.kexec_digests = true,
		.profile = PROFILE_IMASTAGE,
	};
	banks_init(&config->banks, NULL);
}

/* A header that claims no number of records: they end where the bytes do. */
static void put_header(struct out *image, uint64_t len)
{
	uint64_t version = 1, nr = UINT64_MAX - 1;

	emu_out_bytes(image, &version, sizeof(version));
	len += HEADER_LEN;
	emu_out_bytes(image, &len, sizeof(len));
	emu_out_bytes(image, &nr, sizeof(nr));
}

static void read_golden(const char *name, struct out *ret_list)
{
	cleanup_free uint8_t *data = NULL;
	char path[256];
	size_t len;

	snprintf(path, sizeof(path), TEST_DATA "/golden/%s.hex", name);
	assert_int_equal(hexfile_read(path, &data, &len), 0);
	*ret_list = (struct out){ 0 };
	emu_out_bytes(ret_list, data, len);
}

static void read_list(struct kernel *kernel, const struct tpm_bank *bank,
		      bool ascii, size_t piece, struct out *ret_list)
{
	struct list_view view = { .bank = bank, .ascii = ascii };
	struct list_file *file;
	size_t before;

	*ret_list = (struct out){ 0 };
	assert_int_equal(list_file_open(kernel, &view, 0, &file), 0);
	do {
		before = ret_list->len;
		assert_int_equal(list_file_read(file, before, piece, ret_list),
				 0);
		assert_true(ret_list->len - before <= piece);
	} while (ret_list->len > before);
	list_file_close(file);
}

static void check_begins(struct kernel *kernel, const struct out *list,
			 size_t piece)
{
	struct kernel_counts counts;
	struct out got;

	read_list(kernel, &kernel_config(kernel)->banks.bank[0], false, piece,
		  &got);
	kernel_counts(kernel, &counts);
	assert_true(got.len > list->len);
	assert_memory_equal(got.data, list->data, list->len);
	emu_out_fini(&got);
}

static void check_golden(const char *name)
{
	struct kernel_config config;
	struct out list, image = { 0 }, next_image;
	struct kernel *kernel, *next;

	config_init(&config);
	read_golden(name, &list);
	put_header(&image, list.len);
	emu_out_bytes(&image, list.data, list.len);
	assert_int_equal(kernel_boot(&config, &image, &kernel), 0);
	check_begins(kernel, &list, 65536);
	check_begins(kernel, &list, 7);

	assert_int_equal(kernel_dump(kernel, &next_image), 0);
	assert_int_equal(kernel_boot(&config, &next_image, &next), 0);
	kernel_retire(kernel);
	check_begins(next, &list, 4096);
	kernel_put(next);
	emu_out_fini(&list);
	emu_out_fini(&image);
	emu_out_fini(&next_image);
}

TEST(real_lists_come_back)
{
	check_golden("kernel-ima-sig-buf");
	check_golden("kernel-custom");
	check_golden("kernel-snapshot");
}

/* What IMA records where there is no TPM, on any machine. */
TEST(boot_aggregate_without_tpm)
{
	static const char want[] =
		"10 0adefe762c149c7cec19da62f0da1297fcfbffff ima-ng sha256:"
		"00000000000000000000000000000000"
		"00000000000000000000000000000000 boot_aggregate\n";
	struct kernel_config config;
	struct kernel *kernel;
	struct out got;

	config_init(&config);
	assert_int_equal(kernel_boot(&config, NULL, &kernel), 0);
	read_list(kernel, &config.banks.bank[0], true, 10, &got);
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.data, want, got.len);
	emu_out_fini(&got);
	kernel_put(kernel);
}

/* The template digest of another bank: sha256 of u32 length, field, and so on. */
TEST(other_banks_are_computed)
{
	const struct tpm_bank bank = { .digest_len = 32, .algo = sha256() };
	const struct tpm_bank other = {
		.digest_len = 48,
		.algo = algo_by_name("sha384"),
	};
	struct out kept, computed;
	uint8_t want[ALGO_DIGEST_MAX];
	struct kernel_config config;
	struct kernel *kernel;
	size_t data_off;

	config_init(&config);
	assert_int_equal(kernel_boot(&config, NULL, &kernel), 0);
	read_list(kernel, &bank, false, 4096, &kept);
	read_list(kernel, &other, false, 4096, &computed);
	data_off = 4 + 32 + 4 + strlen("ima-ng") + 4;
	assert_int_equal(computed.len, kept.len + 48 - 32);
	assert_memory_equal(computed.data + data_off + 48 - 32,
			    kept.data + data_off, kept.len - data_off);

	algo_hash(bank.algo,
		  &(struct algo_part){ kept.data + data_off,
				       kept.len - data_off },
		  1, want);
	assert_memory_equal(kept.data + 4, want, 32);
	algo_hash(other.algo,
		  &(struct algo_part){ kept.data + data_off,
				       kept.len - data_off },
		  1, want);
	assert_memory_equal(computed.data + 4, want, 48);
	emu_out_fini(&kept);
	emu_out_fini(&computed);
	kernel_put(kernel);
}

static int record_buffer(struct kernel *kernel, const char *name,
			 const char *text, bool violation)
{
	uint8_t digest[ALGO_DIGEST_MAX];
	struct event event = {
		.name = name,
		.fd = -1,
		.algo = sha256(),
		.digest = digest,
		.buf = text,
		.buf_len = strlen(text),
		.violation = violation,
	};

	algo_hash(sha256(), &(struct algo_part){ text, strlen(text) }, 1,
		  digest);
	return kernel_measure(kernel, &event,
			      kernel_config(kernel)->buf_template);
}

TEST(duplicates_violations_suspension)
{
	struct kernel_counts counts;
	struct kernel_config config;
	struct kernel *kernel;

	config_init(&config);
	assert_int_equal(kernel_boot(&config, NULL, &kernel), 0);
	assert_int_equal(record_buffer(kernel, "a b", "x", false), 0);
	assert_int_equal(record_buffer(kernel, "a b", "x", false), -EEXIST);
	assert_int_equal(record_buffer(kernel, "a b", "y", false), 0);
	assert_int_equal(record_buffer(kernel, "a b", "x", true), 0);
	assert_int_equal(record_buffer(kernel, "a b", "x", true), 0);
	kernel_suspend(kernel);
	assert_int_equal(record_buffer(kernel, "a b", "z", false), -EACCES);
	assert_int_equal(kernel_snapshot(kernel), -EACCES);
	kernel_counts(kernel, &counts);
	assert_int_equal(counts.current, 5);
	assert_int_equal(counts.violations, 2);
	kernel_put(kernel);
}

/* What is staged comes first again, and the next kernel knows it all. */
TEST(kexec_carries_staged_and_digests)
{
	struct kernel_config config;
	struct kernel *kernel, *next;
	struct list_view view = { .staged = true };
	struct kernel_counts counts;
	struct list_file *file;
	struct out image;

	config_init(&config);
	view.bank = &config.banks.bank[0];
	assert_int_equal(kernel_boot(&config, NULL, &kernel), 0);
	record_buffer(kernel, "one", "1", false);
	record_buffer(kernel, "two", "2", false);
	assert_int_equal(list_file_open(kernel, &view, 1, &file), 0);
	assert_int_equal(list_file_write(file, "2\n", 2, 0), 0);
	assert_int_equal(list_file_write(file, "D\n", 2, 0), 0);
	assert_int_equal(list_file_write(file, "A\n", 2, 0), 0);

	assert_int_equal(kernel_dump(kernel, &image), 0);
	assert_int_equal(kernel_boot(&config, &image, &next), 0);
	kernel_retire(kernel);
	assert_int_equal(list_file_write(file, "D\n", 2, 0), -EIO);
	list_file_close(file);
	kernel_counts(next, &counts);
	assert_int_equal(counts.deleted, 2);
	assert_int_equal(counts.staged, 0);
	assert_int_equal(counts.current, 2);
	assert_int_equal(record_buffer(next, "one", "1", false), -EEXIST);
	assert_int_equal(record_buffer(next, "two", "2", false), -EEXIST);
	assert_int_equal(record_buffer(next, "six", "6", false), 0);
	kernel_put(next);
	emu_out_fini(&image);
}

static int boot_with(const void *data, size_t len, long long *ret_current)
{
	struct out image = { 0 };
	struct kernel_config config;
	struct kernel_counts counts;
	struct kernel *kernel;
	int ret;

	config_init(&config);
	emu_out_bytes(&image, data, len);
	ret = kernel_boot(&config, &image, &kernel);
	emu_out_fini(&image);
	if (ret)
		return ret;
	kernel_counts(kernel, &counts);
	*ret_current = counts.current;
	kernel_put(kernel);
	return 0;
}

/* Cut off anywhere, what is whole is taken over, and nothing else happens. */
TEST(damaged_images)
{
	struct out list, image = { 0 };
	long long current, last = 1;

	read_golden("kernel-ima-sig-buf", &list);
	for (size_t len = 0; len <= list.len; len++) {
		image.len = 0;
		put_header(&image, len);
		emu_out_bytes(&image, list.data, len);
		assert_int_equal(boot_with(image.data, image.len, &current), 0);
		assert_true(current >= last);
		last = current;
	}
	for (size_t len = 1; len < HEADER_LEN; len++)
		assert_int_equal(boot_with(image.data, len, &current), -EINVAL);
	assert_int_equal(boot_with(image.data, image.len - 1, &current),
			 -EINVAL);
	emu_out_fini(&list);
	emu_out_fini(&image);
}

/* A list with records of each kind, deleted ones and their digests behind it. */
static void dump_some(struct out *ret_image)
{
	struct list_view view = { .staged = true };
	struct kernel_config config;
	struct list_file *file;
	struct kernel *kernel;

	config_init(&config);
	view.bank = &config.banks.bank[0];
	assert_int_equal(kernel_boot(&config, NULL, &kernel), 0);
	for (char name[] = "a"; *name < 'p'; ++*name)
		record_buffer(kernel, name, name, *name == 'c');
	assert_int_equal(list_file_open(kernel, &view, 1, &file), 0);
	assert_int_equal(list_file_write(file, "7\n", 2, 0), 0);
	assert_int_equal(list_file_write(file, "D\n", 2, 0), 0);
	assert_int_equal(list_file_write(file, "3\n", 2, 0), 0);
	list_file_close(file);
	assert_int_equal(kernel_dump(kernel, ret_image), 0);
	kernel_put(kernel);
}

static void damage(struct out *image)
{
	static const uint8_t bytes[] = { 0, 1, 0x7f, 0x80, 0xff };

	for (int i = random() % 4; i >= 0; i--)
		image->data[random() % image->len] =
			random() % 2 ? random() :
				       bytes[random() % sizeof(bytes)];
	if (random() % 8 == 0)
		image->len = random() % image->len;
}

/* Whatever comes of it, it is a kernel or an error. */
TEST(images_damaged_at_random)
{
	struct out good, bad = { 0 };
	long long current;

	srandom(5);
	dump_some(&good);
	for (int i = 0; i < 3000; i++) {
		bad.len = 0;
		emu_out_bytes(&bad, good.data, good.len);
		damage(&bad);
		if (!boot_with(bad.data, bad.len, &current))
			assert_in_range(current, 1, 20);
	}
	emu_out_fini(&good);
	emu_out_fini(&bad);
}

TEST_MAIN(cmocka_unit_test(real_lists_come_back),
	  cmocka_unit_test(boot_aggregate_without_tpm),
	  cmocka_unit_test(other_banks_are_computed),
	  cmocka_unit_test(duplicates_violations_suspension),
	  cmocka_unit_test(kexec_carries_staged_and_digests),
	  cmocka_unit_test(damaged_images),
	  cmocka_unit_test(images_damaged_at_random))
