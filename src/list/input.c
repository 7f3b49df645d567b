// SPDX-License-Identifier: MIT
/*
 * Parts of a list, one after the other.
 */
#include "list/input.h"
#include "base/bytes.h"
#include "base/util.h"
#include "tool/cli.h"
#include "list/inflate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>

/* ---- which parts ----------------------------------------------------------- */

static int add_part(struct input *input, char *path)
{
	struct input_part *grown =
		reallocarray(input->parts, input->nr_parts + 1, sizeof(*grown));

	if (!path || !grown) {
		free(path);
		cli_error("out of memory");
		return CLI_FAILED;
	}
	input->parts = grown;
	grown[input->nr_parts++] = (struct input_part){ path, -1, 0 };
	return CLI_OK;
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && !strcmp(name + len - end_len, end);
}

static int is_part(const struct dirent *entry)
{
	const char *name = entry->d_name;

	return name[0] != '.' &&
	       (ends_with(name, ".ima") || ends_with(name, ".ima.zst") ||
		ends_with(name, ".part"));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_entry(struct input *input, const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		path = NULL;
	return add_part(input, path);
}

/* "a.ima" beside "a.ima.zst": compressing it was not finished. */
static bool is_copy(const char *name, const char *before)
{
	size_t len = before ? strlen(before) : 0;

	return len > 0 && !strncmp(name, before, len) &&
	       !strcmp(name + len, ".zst");
}

static int complain_of_folder(const char *folder)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/index.db", folder);
	if (access(path, F_OK) == 0)
		cli_error("%s: an archive; name the folder of one boot in it",
			  folder);
	else
		cli_error("%s: a folder without parts (*.ima, *.ima.zst, "
			  "*.part)",
			  folder);
	return CLI_FAILED;
}

/* The parts in a folder, in the order of their names. */
static int add_folder(struct input *input, const char *folder)
{
	struct dirent **entries;
	int nr = scandir(folder, &entries, is_part, by_name);
	int r = nr == 0 ? complain_of_folder(folder) : CLI_OK;

	if (nr < 0) {
		cli_error("%s: %s", folder, strerror(errno));
		return CLI_FAILED;
	}
	for (int i = 0; i < nr; i++) {
		const char *before = i ? entries[i - 1]->d_name : NULL;

		if (r == CLI_OK && !is_copy(entries[i]->d_name, before))
			r = add_entry(input, folder, entries[i]->d_name);
	}
	for (int i = 0; i < nr; i++)
		free(entries[i]);
	free(entries);
	return r;
}

/* However many inputs there are: what was read is gone. */
static int take_standard_input(void)
{
	static bool taken;

	if (taken)
		return cli_usage("standard input can be read once only");
	taken = true;
	return CLI_OK;
}

static int add_arg(struct input *input, const char *arg)
{
	bool is_stdin = !strcmp(arg, "-");
	struct stat st;

	if (is_stdin && take_standard_input() != CLI_OK)
		return CLI_USAGE;
	if (!is_stdin && stat(arg, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return add_folder(input, arg);
		if (S_ISREG(st.st_mode))
			input->nr_total += (uint64_t)st.st_size;
	}
	return add_part(input, strdup(arg));
}

static ssize_t read_fd(int fd, void *data, size_t len)
{
	ssize_t n;

	do
		n = read(fd, data, len);
	while (n < 0 && errno == EINTR && !cli_interrupted());
	return n < 0 ? -errno : n;
}

int input_init(struct input *input, const struct input_options *options,
	       char **args)
{
	static char standard_input[] = "-";
	static char *const none[] = { standard_input, NULL };
	int r = CLI_OK;

	*input = (struct input){
		.options = options,
		.fd = -1,
		.endian = IMASTAGE_HOST,
	};
	if (!*args && isatty(STDIN_FILENO))
		return cli_usage(
			"no FILE given; this machine's list is "
			"/sys/kernel/security/ima/binary_runtime_measurements");
	if (inflate_new(read_fd, &input->inflate) < 0)
		r = CLI_FAILED;
	for (char *const *arg = *args ? args : none; *arg && r == CLI_OK; arg++)
		r = add_arg(input, *arg);
	if (r == CLI_OK)
		progress_start(options->progress);
	return r;
}

int input_init_source(struct input *input, const struct input_options *options,
		      struct imastage_source source, const char *name)
{
	*input = (struct input){
		.options = options,
		.fd = -1,
		.source = source,
	};
	progress_start(options->progress);
	return add_part(input, strdup(name));
}

static struct input_part *part_at_hand(const struct input *input)
{
	return &input->parts[input->next - 1];
}

static const char *shown_path(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

/* Nothing is left out silently. */
static void add_left_out(struct input *input)
{
	const struct imastage_left_out *left_out =
		imastage_reader_left_out(input->reader);

	if (left_out->nr == 0 || input->again)
		return;
	input->nr_left_out += left_out->nr;
	input->pcrs_left_out |= left_out->pcrs;
	cli_error("%s: left out: records of other content than IMA's: %" PRIu64
		  ", the first at byte %" PRIu64 " of type %s",
		  shown_path(part_at_hand(input)->path), left_out->nr,
		  left_out->offset, left_out->content);
}

static void close_part(struct input *input)
{
	if (input->reader)
		add_left_out(input);
	imastage_reader_free(input->reader);
	input->reader = NULL;
	if (input->fd > STDIN_FILENO)
		close(input->fd);
	input->fd = -1;
	inflate_restart(input->inflate);
}

void input_fini(struct input *input)
{
	close_part(input);
	for (size_t i = 0; i < input->nr_parts; i++) {
		free(input->parts[i].path);
		if (input->parts[i].spool_fd >= 0)
			close(input->parts[i].spool_fd);
	}
	free(input->parts);
	inflate_free(input->inflate);
	progress_clear();
}

/* ---- bytes of a part ------------------------------------------------------- */

static ssize_t keep_copy(int fd, const uint8_t *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, data + done, len - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n < 0 ? 0 : (size_t)n;
	}
	return (ssize_t)len;
}

/* A copy that is not needed is given up when there is no room for it. */
static ssize_t keep_part_copy(struct input *input, const void *data, ssize_t n)
{
	struct input_part *part = part_at_hand(input);
	ssize_t kept = keep_copy(part->spool_fd, data, (size_t)n);

	if (kept >= 0 || input->spool)
		return kept;
	close(part->spool_fd);
	part->spool_fd = -1;
	input->read_once = true;
	return n;
}

/* The source of the reader. */
static ssize_t read_part(void *context, void *data, size_t len)
{
	struct input *input = context;
	int spool_fd = part_at_hand(input)->spool_fd;
	ssize_t n = inflate_read(input->inflate, input->fd, data, len);

	if (n > 0)
		input->nr_read += (uint64_t)n;
	if (n > 0 && spool_fd >= 0 && !input->again)
		n = keep_part_copy(input, data, n);
	if (n < 0)
		input->read_error = (int)n;
	return n;
}

/* ---- opening --------------------------------------------------------------- */

static const char *advice(int r)
{
	switch (r) {
	case -EACCES:
	case -EPERM:
		return " (the kernel's lists are for root only)";
	case -EBUSY:
		return " (somebody has it open for staging)";
	case -ENOENT:
		return " ('-' is standard input)";
	case -EBADMSG:
		return " (its compressed data are damaged)";
	case -ENODATA:
		return " (its compressed data are cut off)";
	default:
		return "";
	}
}

static int complain_of(const struct input *input, int r)
{
	if (r != -EINTR)
		cli_error("%s: %s%s", input_path(input), strerror(-r),
			  advice(r));
	return r;
}

/*
 * Can it not be read a second time, with the same result? securityfs' files have no
 * size; a view's have one, and grow.
 */
static bool is_transient(int fd)
{
	struct statfs fs;
	struct stat st;

	return fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
	       fstatfs(fd, &fs) < 0 || fs.f_type == FUSE_SUPER_MAGIC;
}

/* Can it not be opened again at all? */
static bool is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || !S_ISREG(st.st_mode);
}

static int open_spool(struct input_part *part)
{
	const char *folder = getenv("TMPDIR");

	part->spool_fd = open(folder && *folder ? folder : "/tmp",
			      O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	return part->spool_fd < 0 ? -errno : 0;
}

/* A file that is standard input is one from where it was at first. */
static void place_standard_input(struct input *input, struct input_part *part)
{
	if (input->again)
		(void)lseek(STDIN_FILENO, part->start, SEEK_SET);
	else
		part->start = lseek(STDIN_FILENO, 0, SEEK_CUR);
}

static int open_fd(struct input *input)
{
	struct input_part *part = part_at_hand(input);

	if (input->again && part->spool_fd >= 0) {
		input->fd = fcntl(part->spool_fd, F_DUPFD_CLOEXEC, 3);
		return input->fd < 0 || lseek(input->fd, 0, SEEK_SET) < 0 ?
			       -errno :
			       0;
	}
	input->fd = strcmp(part->path, "-") ?
			    open(part->path, O_RDONLY | O_CLOEXEC) :
			    STDIN_FILENO;
	if (input->fd < 0)
		return -errno;
	if (input->fd == STDIN_FILENO && !is_pipe(input->fd))
		place_standard_input(input, part);
	if (!input->again && input->spool && is_transient(input->fd))
		return open_spool(part);
	if (!input->again && is_pipe(input->fd))
		input->read_once |= !input->keep_pipes || open_spool(part) < 0;
	return 0;
}

bool input_can_rewind(const struct input *input)
{
	return !input->read_once && !input->source.read;
}

/* A source that is read here is what it is said to be. */
static int open_given(struct input *input)
{
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA1,
		.endian = input->options->endian,
		.first_index = input->options->first_index,
		.templates = input_templates(),
	};

	return imastage_reader_new(input->source, &options, &input->reader);
}

static unsigned int to_detect(const struct input_options *o)
{
	return (o->format ? 0 : IMASTAGE_DETECT_FORMAT) |
	       (o->bank_set ? 0 : IMASTAGE_DETECT_BANK) |
	       (o->endian_set ? 0 : IMASTAGE_DETECT_ENDIAN);
}

/* What was said is so; the rest is found out, or as in the part before. */
static int open_reader(struct input *input)
{
	const struct input_options *o = input->options;
	struct imastage_source source = { read_part, input };
	struct imastage_reader_options options = {
		.format = list_format_library(o->format),
		.bank = o->bank_set ? o->bank : input->bank,
		.endian = o->endian_set ? o->endian : input->endian,
		.first_index = o->first_index + input->nr_records,
		.max_record_len = o->max_record_len,
		.detect = to_detect(o),
		.templates = input_templates(),
	};

	return imastage_reader_new(source, &options, &input->reader);
}

/* Counts the records of the part at hand; the next is more likely of its kind. */
static void finish_part(struct input *input)
{
	const struct imastage_reader_options *options =
		imastage_reader_get_options(input->reader);

	input->nr_records = imastage_reader_index(input->reader) -
			    input->options->first_index;
	input->bank = options->bank;
	input->endian = options->endian;
}

bool input_reads_at_once(const struct input *input)
{
	return input->fd >= 0 && !input->inflate && !is_transient(input->fd);
}

int input_next_part(struct input *input)
{
	int r;

	if (input->reader)
		finish_part(input);
	close_part(input);
	if (input->next == input->nr_parts)
		return IMASTAGE_END;
	input->next++;
	r = input->source.read ? 0 : open_fd(input);
	if (r == 0)
		r = input->source.read ? open_given(input) : open_reader(input);
	return r < 0 ? complain_of(input, r) : 0;
}

int input_rewind(struct input *input)
{
	close_part(input);
	input->next = 0;
	input->nr_records = 0;
	input->nr_read = 0;
	input->bank = IMASTAGE_SHA1;
	input->endian = IMASTAGE_HOST;
	input->again = true;
	return input_next_part(input);
}

/* ---- records --------------------------------------------------------------- */

static const char *record_advice(int r, bool first)
{
	if (r == -ENODATA)
		return "; the file is cut off there, all records before are "
		       "whole";
	if (r == -EMSGSIZE)
		return "; raise --max-record if that is meant";
	if (r == -EBADMSG && first)
		return "; if it is one, name what it is by --from, --list-bank "
		       "or --order";
	return "";
}

int input_complain(struct input *input, int r)
{
	const struct imastage_error *error =
		imastage_reader_error(input->reader);
	bool first = error->index ==
		     imastage_reader_get_options(input->reader)->first_index;

	if (r == -EINTR || cli_interrupted())
		return r;
	if (input->read_error)
		return complain_of(input, input->read_error);
	if (!error->reason)
		return complain_of(input, r);
	cli_error("%s: record %" PRIu64 " at byte %" PRIu64
		  ": %s at byte %" PRIu64 "%s",
		  input_path(input), error->index,
		  imastage_reader_offset(input->reader), error->reason,
		  error->offset, record_advice(r, first));
	return r;
}

int input_tick(const struct input *input)
{
	uint64_t nr = input->nr_records;

	if (input->reader)
		nr = imastage_reader_index(input->reader) -
		     input->options->first_index;
	progress_update(nr, input->nr_read, input->nr_total);
	return cli_interrupted() ? -EINTR : 0;
}

static int found(struct input *input, const struct imastage_record *record)
{
	input->offset = imastage_reader_offset(input->reader) - record->raw.len;
	return 0;
}

int input_next(struct input *input, struct imastage_record *ret_record)
{
	int r = input_tick(input);

	while (r == 0) {
		if (input->reader) {
			r = imastage_reader_next(input->reader, ret_record);
			if (r == 0)
				return found(input, ret_record);
			if (r < 0)
				return input_complain(input, r);
		}
		r = input_next_part(input);
	}
	return r;
}

const char *input_path(const struct input *input)
{
	return input->next ? shown_path(part_at_hand(input)->path) : "";
}

uint64_t input_index(const struct input *input)
{
	uint64_t next = input->options->first_index + input->nr_records;

	if (input->reader)
		next = imastage_reader_index(input->reader);
	return next - 1;
}
