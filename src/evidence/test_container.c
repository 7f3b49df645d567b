// SPDX-License-Identifier: MIT
/*
 * Evidence files: golden ones, what we write, what tar and zstd make of it, and what is
 * no evidence.
 */
#include "base/bytes.h"
#include "base/hex.h"
#include "evidence/container.h"
#include "evidence/members.h"
#include "evidence/qualifying.h"
#include "evidence/tar_write.h"
#include "lib/lists.h"
#include "lib/testing.h"

#include <errno.h>
#include <sys/wait.h>

#define BLOCK TAR_BLOCK_LEN

/* ---- reading all of it ------------------------------------------------------- */

struct contents {
	int end; /* what reading ended with */
	struct manifest manifest;
	struct imastage_buffer whole[NR_MEMBERS];
	bool has_boot_log;
	struct container_error error;
};

static void keep(struct imastage_buffer *buffer, struct imastage_bytes bytes)
{
	struct imastage_sink sink = imastage_sink_buffer(buffer);

	if (bytes.len > 0)
		assert_int_equal(
			sink.write(sink.context, bytes.data, bytes.len), 0);
}

static void keep_small(struct contents *contents,
		       const struct container_small *small)
{
	contents->manifest = small->manifest;
	keep(&contents->whole[MEMBER_MSG], small->msg);
	keep(&contents->whole[MEMBER_SIG], small->sig);
	keep(&contents->whole[MEMBER_PCRS], small->pcrs);
	keep(&contents->whole[MEMBER_AK], small->ak);
}

static ssize_t keep_stream(struct container *container,
			   struct imastage_buffer *buffer)
{
	struct imastage_source source = container_source(container);
	uint8_t data[1000];
	ssize_t n;

	while ((n = source.read(source.context, data, sizeof(data))) > 0)
		keep(buffer, bytes_of(data, (size_t)n));
	return n;
}

static void read_streams(struct container *container, struct contents *contents)
{
	enum container_part part;
	uint64_t len;

	while ((contents->end = container_next(container, &part, &len)) == 0) {
		struct imastage_buffer *buffer =
			&contents->whole[part == CONTAINER_RECORDS ?
						 MEMBER_RECORDS :
						 MEMBER_BOOT_LOG];

		if (part == CONTAINER_BOOT_LOG)
			contents->has_boot_log = true;
		if (keep_stream(container, buffer) == 0)
			assert_int_equal(buffer->len, len);
	}
}

static struct contents read_file(struct imastage_bytes file, size_t step,
				 uint64_t records_max)
{
	struct slow_source slow = { .rest = file, .step = step };
	struct contents contents = { 0 };
	struct container *container;
	struct container_small small;

	assert_int_equal(
		container_new(slow_source(&slow), records_max, &container), 0);
	contents.end = container_small(container, &small);
	if (contents.end == 0) {
		keep_small(&contents, &small);
		read_streams(container, &contents);
	}
	contents.error = *container_error(container);
	container_free(container);
	return contents;
}

static void contents_fini(struct contents *contents)
{
	for (size_t i = 0; i < NR_MEMBERS; i++)
		free(contents->whole[i].data);
}

static struct imastage_bytes view(const struct contents *contents,
				  enum member member)
{
	return bytes_of(contents->whole[member].data,
			contents->whole[member].len);
}

static void must_equal(const struct contents *a, const struct contents *b)
{
	assert_int_equal(a->end, CONTAINER_END);
	assert_int_equal(b->end, CONTAINER_END);
	assert_memory_equal(&a->manifest, &b->manifest, sizeof(a->manifest));
	assert_int_equal(a->has_boot_log, b->has_boot_log);
	for (size_t i = 0; i < NR_MEMBERS; i++)
		assert_true(bytes_equal(view(a, (enum member)i),
					view(b, (enum member)i)));
}

/* ---- writing it -------------------------------------------------------------- */

/* Writes the bytes that it looks at, in pieces. */
static int write_bytes(void *context, struct imastage_sink sink)
{
	struct imastage_bytes rest = *(const struct imastage_bytes *)context;
	int r = 0;

	while (r == 0 && rest.len > 0) {
		struct imastage_bytes piece = bytes_first(rest, 100);

		r = sink.write(sink.context, piece.data, piece.len);
		rest = bytes_skip(rest, piece.len);
	}
	return r;
}

static int write_contents(const struct contents *contents, bool packed,
			  struct imastage_sink sink)
{
	struct imastage_bytes boot_log = view(contents, MEMBER_BOOT_LOG);
	struct imastage_bytes records = view(contents, MEMBER_RECORDS);
	const struct container_stream boot_stream = { write_bytes, &boot_log };
	const struct container_stream list = { write_bytes, &records };
	const struct container_small small = {
		.manifest = contents->manifest,
		.msg = view(contents, MEMBER_MSG),
		.sig = view(contents, MEMBER_SIG),
		.pcrs = view(contents, MEMBER_PCRS),
		.ak = view(contents, MEMBER_AK),
	};

	return container_write(sink, packed, &small,
			       contents->has_boot_log ? &boot_stream : NULL,
			       &list);
}

/* ---- golden files ------------------------------------------------------------- */

static struct imastage_buffer golden(const char *name)
{
	struct imastage_buffer file = { 0 };
	char path[4096];

	snprintf(path, sizeof(path), "%s/evidence/%s", TEST_DATA, name);
	assert_int_equal(hexfile_read(path, &file.data, &file.len), 0);
	return file;
}

static struct contents read_golden(const char *name)
{
	struct imastage_buffer file = golden(name);
	struct contents contents =
		read_file(bytes_of(file.data, file.len), 7, 0);

	free(file.data);
	return contents;
}

TEST(golden_files)
{
	struct contents live = read_golden("live.hex");
	struct contents packed = read_golden("live-packed.hex");

	must_equal(&live, &packed);
	assert_int_equal(live.manifest.kind, MANIFEST_LIVE);
	assert_int_equal(live.manifest.records, 6);
	assert_int_equal(live.manifest.bytes, 608);
	assert_string_equal(live.manifest.kernel, "6.12.48");
	assert_int_equal(live.whole[MEMBER_MSG].len, 145);
	assert_int_equal(live.whole[MEMBER_SIG].len, 72);
	assert_int_equal(live.whole[MEMBER_PCRS].len, 1200);
	assert_int_equal(live.whole[MEMBER_AK].len, 90);
	assert_int_equal(live.whole[MEMBER_BOOT_LOG].len, 65);
	assert_int_equal(live.whole[MEMBER_RECORDS].len, 608);
	assert_memory_equal(live.whole[MEMBER_MSG].data, "\xffTCG", 4);
	contents_fini(&live);
	contents_fini(&packed);
}

/* docs/format-evidence.md: the second test vector, and where it is in the quote. */
TEST(the_golden_quote_is_bound)
{
	static const char text[] =
		"e121561e0bcd05c3aadbb1224a43192be1647ecfe61761db6524c5fdc87d38aa";
	static const char nonce[] =
		"991c44dbcb780872d332509af250f9a96f12579a25e2dd9a";
	struct contents live = read_golden("live.hex");
	uint8_t asked[24], data[EVIDENCE_BOUND_LEN];
	char hex[HEX_TEXT_LEN(EVIDENCE_BOUND_LEN)];
	size_t len;

	assert_int_equal(hex_decode(bytes_of_text(nonce), sizeof(asked), asked,
				    &len),
			 0);
	assert_int_equal(evidence_bind(bytes_of(asked, len),
				       bytes_of_text("verifier-give"),
				       bytes_of_text("machine-give-7"), data),
			 0);
	hex_encode(bytes_of(data, sizeof(data)), hex);
	assert_string_equal(hex, text);
	assert_memory_equal(live.whole[MEMBER_MSG].data + 44, data,
			    sizeof(data));
	contents_fini(&live);
}

TEST(we_write_the_golden_bytes)
{
	struct imastage_buffer file = golden("live.hex"), made = { 0 };
	struct contents live = read_golden("live.hex");

	assert_int_equal(
		write_contents(&live, false, imastage_sink_buffer(&made)), 0);
	assert_true(bytes_equal(bytes_of(made.data, made.len),
				bytes_of(file.data, file.len)));
	free(made.data);
	free(file.data);
	contents_fini(&live);
}

/* ---- there and back ------------------------------------------------------------ */

static void there_and_back(struct contents *contents, bool packed)
{
	struct imastage_buffer made = { 0 };
	struct contents again;

	assert_int_equal(write_contents(contents, packed,
					imastage_sink_buffer(&made)),
			 0);
	again = read_file(bytes_of(made.data, made.len), 1000, 0);
	contents->end = CONTAINER_END;
	contents->manifest.bytes = contents->whole[MEMBER_RECORDS].len;
	must_equal(contents, &again);
	contents_fini(&again);
	free(made.data);
}

TEST(any_contents_come_back)
{
	struct contents contents = read_golden("live.hex");
	uint32_t seed = 77;

	for (unsigned int nr = 0; nr < 400; nr += 57) {
		struct imastage_buffer *list = &contents.whole[MEMBER_RECORDS];

		free(list->data);
		*list = random_list(IMASTAGE_SHA1, IMASTAGE_LITTLE, nr, &seed);
		contents.has_boot_log = nr % 2;
		contents.whole[MEMBER_BOOT_LOG].len = nr % 2 ? nr % 65 : 0;
		there_and_back(&contents, false);
		there_and_back(&contents, true);
	}
	contents_fini(&contents);
}

/* ---- refused ------------------------------------------------------------------- */

static void must_refuse(struct imastage_bytes file, uint64_t offset,
			const char *member, const char *reason)
{
	struct contents contents = read_file(file, 4096, 0);

	assert_int_equal(contents.end, -EBADMSG);
	assert_string_equal(contents.error.reason, reason);
	assert_int_equal(contents.error.offset, offset);
	if (member)
		assert_string_equal(contents.error.member, member);
	contents_fini(&contents);
}

TEST(truncated_at_every_byte)
{
	struct imastage_buffer live = golden("live.hex");
	struct imastage_buffer packed = golden("live-packed.hex");

	for (size_t len = 0; len < live.len; len++)
		must_refuse(bytes_of(live.data, len), len, NULL,
			    "the file ends too early");
	for (size_t len = 0; len < packed.len; len++) {
		struct contents contents =
			read_file(bytes_of(packed.data, len), 4096, 0);

		assert_int_equal(contents.end, -EBADMSG);
		assert_int_equal(contents.error.in_frame, len >= 4);
		assert_non_null(contents.error.reason);
		contents_fini(&contents);
	}
	free(live.data);
	free(packed.data);
}

/* Bytes that count for nothing are nowhere but in the contents of members. */
TEST(every_byte_altered)
{
	struct imastage_buffer live = golden("live.hex");
	struct contents right = read_golden("live.hex");

	for (size_t at = 0; at < live.len; at++) {
		struct contents wrong;
		bool differs = false;

		live.data[at] ^= 0x41;
		wrong = read_file(bytes_of(live.data, live.len), 4096, 0);
		live.data[at] ^= 0x41;
		if (wrong.end == CONTAINER_END)
			for (size_t i = 0; i < NR_MEMBERS; i++)
				differs |= !bytes_equal(
					view(&wrong, (enum member)i),
					view(&right, (enum member)i));
		if (wrong.end == CONTAINER_END && !differs)
			assert_memory_not_equal(&wrong.manifest,
						&right.manifest,
						sizeof(right.manifest));
		contents_fini(&wrong);
	}
	contents_fini(&right);
	free(live.data);
}

TEST(other_versions_and_files)
{
	struct imastage_buffer live = golden("live.hex");

	live.data[18] = '2';
	tar_header_sum(live.data);
	must_refuse(bytes_of(live.data, live.len), 0, NULL,
		    "the name is no member's");
	must_refuse(bytes_of_text("PK\3\4"), 4, NULL,
		    "the file ends too early");
	memset(live.data, 0, live.len);
	must_refuse(bytes_of(live.data, live.len), 0, "imastage-evidence-1",
		    "the member is missing here");
	free(live.data);
}

static size_t find(const struct imastage_buffer *file, const char *name)
{
	for (size_t at = 0; at < file->len; at += BLOCK)
		if (!strcmp((const char *)file->data + at, name))
			return at;
	fail_msg("no member %s", name);
	return 0;
}

/* Each member may have so many bytes and not one more. */
TEST(sizes_of_members)
{
	for (size_t i = 0; i < NR_MEMBERS; i++) {
		const struct tar_member *member = &container_members[i];
		struct imastage_buffer live = golden("live.hex");
		size_t at = find(&live, member->name);

		if (member->size_max < TAR_SIZE_MAX) {
			tar_header_make(member->name, member->size_max + 1,
					live.data + at);
			must_refuse(bytes_of(live.data, live.len),
				    at + tar_size.offset, member->name,
				    "the member is larger than it may be");
		}
		free(live.data);
	}
}

TEST(records_as_long_as_wanted)
{
	struct imastage_buffer live = golden("live.hex");
	struct imastage_bytes file = bytes_of(live.data, live.len);
	struct contents enough = read_file(file, 4096, 608);
	struct contents less = read_file(file, 4096, 607);

	assert_int_equal(enough.end, CONTAINER_END);
	assert_int_equal(less.end, -EBADMSG);
	assert_string_equal(less.error.member, "records.ima");
	contents_fini(&enough);
	contents_fini(&less);
	free(live.data);
}

TEST(a_manifest_that_is_none)
{
	struct imastage_buffer live = golden("live.hex");
	struct imastage_bytes file = bytes_of(live.data, live.len);
	char *text = strstr((char *)live.data + 2 * BLOCK, "\"608\"");

	assert_non_null(text);
	memcpy(text, "\"609\"", 5);
	must_refuse(file, find(&live, "records.ima") + BLOCK, "records.ima",
		    "the manifest names another number of bytes");
	memcpy(text, "\"-08\"", 5);
	must_refuse(file, 2 * BLOCK, "manifest.json",
		    "bytes is missing or not of its form");
	free(live.data);
}

/* Reading ends as the source does, and goes on being so. */
TEST(errors_of_the_source_are_passed_on)
{
	struct imastage_buffer live = golden("live.hex");

	for (size_t len = 0; len < live.len; len += 50) {
		struct slow_source slow = { .rest = { live.data, len },
					    .step = 512,
					    .error = -EIO };
		struct container_small small;
		struct container *container;
		enum container_part part;
		uint64_t size;
		int r;

		assert_int_equal(
			container_new(slow_source(&slow), 0, &container), 0);
		r = container_small(container, &small);
		while (r == 0)
			r = container_next(container, &part, &size);
		assert_int_equal(r, -EIO);
		assert_null(container_error(container)->reason);
		assert_int_equal(container_next(container, &part, &size), -EIO);
		container_free(container);
	}
	free(live.data);
}

/* ---- what the writer refuses ---------------------------------------------------- */

/* As many zeros as are asked for; the second time @then. */
struct zeros {
	uint64_t len, then;
};

static int write_zeros(void *context, struct imastage_sink sink)
{
	static const uint8_t data[65536];
	struct zeros *zeros = context;
	uint64_t left = zeros->len;
	int r = 0;

	zeros->len = zeros->then;
	while (r == 0 && left > 0) {
		size_t len = left < sizeof(data) ? (size_t)left : sizeof(data);

		r = sink.write(sink.context, data, len);
		left -= len;
	}
	return r;
}

static int write_sizes(struct zeros records, struct zeros boot_log, size_t msg)
{
	static const uint8_t bytes[CONTAINER_MSG_MAX + 1];
	const struct container_stream list = { write_zeros, &records };
	const struct container_stream boot_stream = { write_zeros, &boot_log };
	const struct container_small small = {
		.manifest = { .banks = 1, .kernel = "6.12" },
		.msg = bytes_of(bytes, msg),
	};
	struct imastage_buffer made = { 0 };
	int r = container_write(imastage_sink_buffer(&made), false, &small,
				&boot_stream, &list);

	free(made.data);
	return r;
}

TEST(what_does_not_fit_is_not_written)
{
	const struct zeros few = { 10, 10 };
	const struct zeros boot = { CONTAINER_BOOT_LOG_MAX,
				    CONTAINER_BOOT_LOG_MAX };
	const struct zeros too_much = { CONTAINER_BOOT_LOG_MAX + 1, 0 };
	const struct zeros eight = { (uint64_t)8 << 30, 0 };

	assert_int_equal(write_sizes(few, boot, CONTAINER_MSG_MAX), 0);
	assert_int_equal(write_sizes(few, few, CONTAINER_MSG_MAX + 1), -EFBIG);
	assert_int_equal(write_sizes(few, too_much, 1), -EFBIG);
	assert_int_equal(write_sizes(eight, few, 1), -EFBIG);
}

TEST(streams_that_change_are_not_taken)
{
	const struct zeros few = { 10, 10 };

	assert_int_equal(write_sizes((struct zeros){ 10, 11 }, few, 1),
			 -ESTALE);
	assert_int_equal(write_sizes((struct zeros){ 10, 9 }, few, 1), -ESTALE);
	assert_int_equal(write_sizes(few, (struct zeros){ 10, 9 }, 1), -ESTALE);
	assert_int_equal(write_sizes((struct zeros){ 0, 1 }, few, 1), -ESTALE);
}

static int put_limited(void *context, const void *data, size_t len)
{
	size_t *left = context;

	(void)data;
	if (len > *left)
		return -ENOSPC;
	*left -= len;
	return 0;
}

TEST(errors_of_the_sink_are_passed_on)
{
	struct contents live = read_golden("live.hex");

	for (size_t room = 0; room < 10240; room += 100) {
		size_t left = room;

		assert_int_equal(write_contents(&live, false,
						(struct imastage_sink){
							put_limited, &left }),
				 -ENOSPC);
		left = room / 10;
		assert_int_equal(write_contents(&live, true,
						(struct imastage_sink){
							put_limited, &left }),
				 -ENOSPC);
	}
	contents_fini(&live);
}

/* ---- other programs -------------------------------------------------------------- */

static char dir[] = "/tmp/imastage-test-container-XXXXXX";

static void run(const char *command)
{
	char all[2000];
	int status;

	snprintf(all, sizeof(all), "cd %s && { %s; }", dir, command);
	status = system(all);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != 0)
		fail_msg("%s: exit status %d", command, WEXITSTATUS(status));
}

static void save(const char *name, struct imastage_bytes bytes)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
}

static struct imastage_buffer load(const char *name)
{
	struct imastage_buffer file = { 0 };
	char path[200];
	FILE *from;
	long len;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	from = fopen(path, "re");
	assert_non_null(from);
	assert_int_equal(fseek(from, 0, SEEK_END), 0);
	len = ftell(from);
	assert_true(len > 0);
	rewind(from);
	file.len = (size_t)len;
	file.data = malloc(file.len);
	assert_non_null(file.data);
	assert_int_equal(fread(file.data, 1, file.len, from), file.len);
	fclose(from);
	return file;
}

static void save_contents(const struct contents *contents)
{
	struct imastage_buffer made = { 0 };

	assert_int_equal(write_contents(contents, false,
					imastage_sink_buffer(&made)),
			 0);
	save("live", bytes_of(made.data, made.len));
	made.len = 0;
	assert_int_equal(
		write_contents(contents, true, imastage_sink_buffer(&made)), 0);
	save("live.zst", bytes_of(made.data, made.len));
	free(made.data);
	for (size_t i = 0; i < NR_MEMBERS; i++)
		if (i != MEMBER_MANIFEST && i != MEMBER_VERSION)
			save(container_members[i].name,
			     view(contents, (enum member)i));
}

#define NAMES                                                    \
	"imastage-evidence-1 manifest.json quote.msg quote.sig " \
	"quote.pcrs ak.pub boot.log records.ima"
#define FLAGS                                                 \
	"--format=ustar --numeric-owner --owner=0 --group=0 " \
	"--mode=0644 --mtime=@0"

/* Another program's file, of the members that are in the folder. */
static void must_read(const char *command, const struct contents *expected)
{
	struct imastage_buffer file;
	struct contents contents;

	run(command);
	file = load("other");
	contents = read_file(bytes_of(file.data, file.len), 4096, 0);
	if (contents.end < 0)
		fail_msg("%s: %s at %llu", command, contents.error.reason,
			 (unsigned long long)contents.error.offset);
	must_equal(&contents, expected);
	contents_fini(&contents);
	free(file.data);
}

static void must_refuse_other(const char *command, const char *reason)
{
	struct imastage_buffer file;
	struct contents contents;

	run(command);
	file = load("other");
	contents = read_file(bytes_of(file.data, file.len), 4096, 0);
	assert_int_equal(contents.end, -EBADMSG);
	if (strcmp(contents.error.reason, reason))
		fail_msg("%s: %s", command, contents.error.reason);
	contents_fini(&contents);
	free(file.data);
}

TEST(what_tar_makes_of_ours)
{
	struct contents live = read_golden("live.hex");

	save_contents(&live);
	run("mkdir out; tar -xf live -C out 2>err; test ! -s err");
	run("for f in quote.msg quote.sig quote.pcrs ak.pub boot.log "
	    "records.ima; do cmp $f out/$f || exit; done; cp out/* .");
	run("tar -tvf live >list; test $(wc -l <list) = 8; "
	    "! grep -v '^-rw-r--r-- 0/0 ' list");
	run("tar --zstd -tf live.zst >list; test $(wc -l <list) = 8; "
	    "zstd -q -d <live.zst | cmp - live");
	run("bsdtar -tf live >list; printf '%s\\n' " NAMES " | cmp - list");
	run("bsdtar -tf live.zst | cmp - list");
	contents_fini(&live);
}

TEST(what_we_make_of_theirs)
{
	struct contents live = read_golden("live.hex");

	must_read("tar -b1 " FLAGS " -cf other " NAMES, &live);
	/* Since version 1.35 the numbers of a device are empty. */
	run("cmp other live || tar --version | grep -E '^tar.* 1\\.3[5-9]'");
	must_read("tar -b1 " FLAGS " -c " NAMES " | zstd -q >other", &live);
	must_read("tar -b1 " FLAGS " -c " NAMES
		  " | zstd -q -19 --no-check >other",
		  &live);
	must_refuse_other("tar -b40 " FLAGS " -cf other " NAMES,
			  "bytes follow the end");
	must_refuse_other("chmod 600 ak.pub; tar -b1 --format=ustar "
			  "--numeric-owner --owner=0 --group=0 --mtime=@0 "
			  "-cf other " NAMES "; chmod 644 ak.pub",
			  "the mode is not 0644");
	must_refuse_other("tar -b1 --format=ustar --owner=0 --group=0 "
			  "--numeric-owner --mode=0644 -cf other " NAMES,
			  "the mtime is not 0");
	must_refuse_other("tar -b1 " FLAGS " --owner=7 -cf other " NAMES,
			  "the uid is not 0");
	must_refuse_other("tar -b1 " FLAGS " --format=gnu -cf other " NAMES,
			  "it is not a ustar header");
	must_refuse_other("tar -b1 " FLAGS " --format=pax --pax-option=a=b "
			  "-cf other " NAMES,
			  "it is not a regular file");
	must_refuse_other("tar -b1 " FLAGS " --transform 's|^|/|' -P "
			  "-cf other " NAMES,
			  "the name is no member's");
	must_refuse_other("tar -b1 " FLAGS " --transform 's|^|../|' -P "
			  "-cf other " NAMES,
			  "the name is no member's");
	must_refuse_other("mv ak.pub a; ln -s a ak.pub; tar -b1 " FLAGS
			  " -cf other " NAMES "; mv a ak.pub",
			  "it is not a regular file");
	must_refuse_other("ln quote.sig hard; mv ak.pub a; mv hard ak.pub; "
			  "tar -b1 " FLAGS " -cf other " NAMES "; mv a ak.pub",
			  "it is not a regular file");
	must_refuse_other("tar -b1 " FLAGS
			  " --hard-dereference -cf other " NAMES " boot.log",
			  "the member is there twice, or out of order");
	must_refuse_other("{ cat live.zst; echo | zstd -q; } >other",
			  "bytes follow the frame");
	contents_fini(&live);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	run("rm -r -- * && rmdir \"$PWD\"");
	return 0;
}

TEST_MAIN_WITH(make_dir, remove_dir, cmocka_unit_test(golden_files),
	       cmocka_unit_test(the_golden_quote_is_bound),
	       cmocka_unit_test(we_write_the_golden_bytes),
	       cmocka_unit_test(any_contents_come_back),
	       cmocka_unit_test(truncated_at_every_byte),
	       cmocka_unit_test(every_byte_altered),
	       cmocka_unit_test(other_versions_and_files),
	       cmocka_unit_test(sizes_of_members),
	       cmocka_unit_test(records_as_long_as_wanted),
	       cmocka_unit_test(a_manifest_that_is_none),
	       cmocka_unit_test(errors_of_the_source_are_passed_on),
	       cmocka_unit_test(what_does_not_fit_is_not_written),
	       cmocka_unit_test(streams_that_change_are_not_taken),
	       cmocka_unit_test(errors_of_the_sink_are_passed_on),
	       cmocka_unit_test(what_tar_makes_of_ours),
	       cmocka_unit_test(what_we_make_of_theirs))
