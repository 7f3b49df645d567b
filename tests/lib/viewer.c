// SPDX-License-Identifier: MIT
/* A machine with an agent and a view. See viewer.h. */
#include "lib/viewer.h"

#include "base/bytes.h"
#include "base/file.h"
#include "lib/lists.h"
#include "lib/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define FILE_MAX ((size_t)256 << 20)

const char *viewer_missing(void)
{
	return emulator_missing();
}

/* ---- the view ------------------------------------------------------------ */

static void exec_view(const struct viewer *viewer, int out,
		      unsigned int wait_ms)
{
	char wait[16];

	snprintf(wait, sizeof(wait), "%u", wait_ms);
	dup2(out, STDOUT_FILENO);
	execl(VIEW_SERVER, VIEW_SERVER, viewer->machine.emulator.dir,
	      viewer->machine.archive, viewer->machine.boot_id, viewer->dir,
	      wait, (char *)NULL);
	_exit(127);
}

void viewer_mount(struct viewer *viewer, unsigned int wait_ms)
{
	int fds[2];

	assert_return_code(pipe2(fds, O_CLOEXEC), errno);
	viewer->pid = fork();
	if (viewer->pid == 0)
		exec_view(viewer, fds[1], wait_ms);
	assert_true(viewer->pid > 0);
	close(fds[1]);
	viewer->said = fds[0];
	viewer_hear(viewer, "ready\n");
}

void viewer_unmount(struct viewer *viewer)
{
	int status;

	assert_return_code(kill(viewer->pid, SIGTERM), errno);
	assert_int_equal(waitpid(viewer->pid, &status, 0), viewer->pid);
	assert_int_equal(status, 0);
	close(viewer->said);
	viewer->pid = 0;
}

void viewer_hear(struct viewer *viewer, const char *text)
{
	char line[600];
	size_t len = 0;

	while (len < sizeof(line) - 1) {
		ssize_t n = read(viewer->said, line + len, 1);

		assert_true(n == 1);
		line[++len] = '\0';
		if (line[len - 1] != '\n')
			continue;
		if (viewer->machine.talks)
			print_message("# view: %s", line);
		if (strstr(line, text))
			return;
		len = 0;
	}
	fail_msg("the view says too much");
}

void viewer_start(struct viewer *viewer, const char *profile, bool tpm)
{
	machine_start(&viewer->machine, profile, tpm);
	assert_int_equal(agent_open(&viewer->machine, &viewer->agent), 0);
	viewer_reconcile(viewer);
	strcpy(viewer->dir, "/tmp/imastage-test-view-XXXXXX");
	assert_non_null(mkdtemp(viewer->dir));
	viewer_mount(viewer, PATIENCE_MS);
}

void viewer_stop(struct viewer *viewer)
{
	if (viewer->pid)
		viewer_unmount(viewer);
	agent_close(&viewer->agent);
	assert_return_code(rmdir(viewer->dir), errno);
	machine_stop(&viewer->machine);
}

void viewer_drain(struct viewer *viewer, uint64_t leave)
{
	const struct keep_limits limits = { .leave = leave, .chunk = 1000 };
	struct keep_result result;

	assert_int_equal(keep_drain(viewer->agent.keep, &limits, &result), 0);
}

void viewer_reconcile(struct viewer *viewer)
{
	struct keep_report report;

	assert_int_equal(keep_reconcile(viewer->agent.keep, &report), 0);
}

/* ---- its files ----------------------------------------------------------- */

void viewer_name(const struct form *form, char *ret_name, size_t room)
{
	snprintf(ret_name, room, "%s_runtime_measurements_%s",
		 form->format == IMASTAGE_FORMAT_ASCII ? "ascii" : "binary",
		 imastage_bank_name(form->bank));
}

int viewer_open(const struct viewer *viewer, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", viewer->dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_return_code(fd, errno);
	return fd;
}

size_t viewer_read(int fd, uint64_t offset, uint8_t **ret_data)
{
	struct imastage_buffer all = { 0 };
	struct imastage_sink sink = imastage_sink_buffer(&all);
	uint8_t piece[100000];
	ssize_t n;

	while ((n = pread(fd, piece, sizeof(piece),
			  (off_t)(offset + all.len))) > 0)
		assert_int_equal(sink.write(sink.context, piece, (size_t)n), 0);
	assert_return_code(n, errno);
	*ret_data = all.data;
	return all.len;
}

struct imastage_buffer viewer_twin(const struct viewer *viewer,
				   const struct form *form)
{
	const struct imastage_reader_options from = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA1,
		.endian = IMASTAGE_HOST,
	};
	const struct imastage_writer_options to = {
		.format = form->format,
		.bank = form->bank,
		.endian = IMASTAGE_HOST,
	};
	struct imastage_buffer list = { 0 };
	cleanup_free uint8_t *twin = NULL;
	size_t len;

	assert_int_equal(file_read(viewer->machine.twin, FILE_MAX, &twin, &len),
			 0);
	assert_int_equal(convert_list(bytes_of(twin, len), &from, &to, &list),
			 IMASTAGE_END);
	return list;
}

unsigned int viewer_forms(const struct viewer *viewer,
			  struct form ret_forms[2 * IMASTAGE_NR_BANKS])
{
	unsigned int banks = source_abilities(viewer->agent.source)->banks;
	unsigned int nr = 0;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (!(banks & 1u << bank))
			continue;
		ret_forms[nr++] = (struct form){ IMASTAGE_FORMAT_BINARY, bank };
		ret_forms[nr++] = (struct form){ IMASTAGE_FORMAT_ASCII, bank };
	}
	return nr;
}

static void check_file(const struct viewer *viewer, const struct form *form)
{
	struct imastage_buffer want = viewer_twin(viewer, form);
	cleanup_free uint8_t *got = NULL;
	cleanup_close int fd = -1;
	char name[80];
	size_t len, same = 0;

	viewer_name(form, name, sizeof(name));
	fd = viewer_open(viewer, name);
	len = viewer_read(fd, 0, &got);
	while (same < len && same < want.len && got[same] == want.data[same])
		same++;
	if (same != want.len || same != len)
		fail_msg("%s: %zu bytes, %zu wanted, the first %zu are right",
			 name, len, want.len, same);
	free(want.data);
}

void viewer_check(const struct viewer *viewer)
{
	struct form forms[2 * IMASTAGE_NR_BANKS];
	unsigned int nr = viewer_forms(viewer, forms);

	assert_true(nr >= 2);
	for (unsigned int i = 0; i < nr; i++)
		check_file(viewer, &forms[i]);
}
