// SPDX-License-Identifier: MIT
/*
 * imasim: the files of IMA's measurement list without a kernel that has them.
 *
 * `imasim run DIR` is the emulator; every other verb asks it for something
 * (client.h). Exit status: 0 done, 1 failed, 2 wrong usage.
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "emu/client.h"
#include "emu/control.h"
#include "emu/fs.h"
#include "emu/message.h"
#include "emu/setup.h"
#include "emu/tpm.h"
#include "emu/twin.h"

static const char usage[] =
	"usage: imasim [--socket PATH] VERB ...\n"
	"  run [OPTION]... DIR      mount the files of the list on DIR\n"
	"  measure PATH...          measure files\n"
	"  violation PATH...        record violations of them\n"
	"  buffer NAME <DATA        measure a buffer\n"
	"  load [SEED [COUNT [RATE]]]  many records that SEED makes, RATE a second\n"
	"  kexec | reboot | suspend the list goes on, ends, stands still\n"
	"  fault [PLACE ERROR [COUNT [AFTER]] | none]  let operations fail\n"
	"  status                   counts\n"
	"  pcrs                     PCR 10 of each bank of the TPM\n"
	"  tpm                      commands of the TPM on stdin, answers on stdout\n"
	"  save FILE                write the list as kexec hands it on, and stop\n"
	"  stop                     unmount and end\n"
	"options of run:\n"
	"  --tpm none|swtpm|TCTI    what to extend (none)\n"
	"  --hash NAME              ima_hash= (sha256)\n"
	"  --template NAME|FORMAT   ima_template= or ima_template_fmt= (ima-ng)\n"
	"  --profile imastage|7.2|unpatched  which kernel's interface (imastage)\n"
	"  --flush-htable           ima_flush_htable\n"
	"  --no-kexec-digests       ima_kexec_digests=0\n"
	"  --restore FILE           begin with the list in FILE (see save)\n"
	"  --twin FILE              keep all records in FILE, deleted ones, too\n"
	"  --boot-id FILE           keep there what /proc/sys/kernel/random/boot_id is\n"
	"  --allow-other            for other users, too, as modes say\n"
	"  --background             return once it is mounted\n";

static const struct option options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "tpm", required_argument, NULL, 't' },
	{ "hash", required_argument, NULL, 'h' },
	{ "template", required_argument, NULL, 'm' },
	{ "profile", required_argument, NULL, 'p' },
	{ "flush-htable", no_argument, NULL, 'f' },
	{ "no-kexec-digests", no_argument, NULL, 'k' },
	{ "twin", required_argument, NULL, 'w' },
	{ "restore", required_argument, NULL, 'r' },
	{ "boot-id", required_argument, NULL, 'i' },
	{ "allow-other", no_argument, NULL, 'o' },
	{ "background", no_argument, NULL, 'b' },
	{ "help", no_argument, NULL, '?' },
	{ 0 },
};

static int wrong_usage(void)
{
	fputs(usage, stderr);
	return 2;
}

static int complain(const char *what, int err)
{
	fprintf(stderr, "imasim: %s: %s\n", what, strerror(-err));
	return 1;
}

/* ---- run ----------------------------------------------------------------- */

/*
 * Returns in the child alone, with a descriptor to say by that it is ready. The
 * parent ends when told so, or with the child. Before there is any thread.
 */
static int go_into_background(void)
{
	int ends[2];
	char byte;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	switch (fork()) {
	case -1:
		return -errno;
	case 0:
		close(ends[0]);
		setsid();
		return ends[1];
	default:
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 1 ? 0 : 1);
	}
}

static void say_ready(int fd)
{
	int null;

	if (fd < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (write(fd, "", 1) != 1)
		perror("imasim");
	close(null);
	close(fd);
}

static int serve(const struct setup *setup, struct machine *machine,
		 const char *socket, int ready)
{
	struct fs_config config = {
		.machine = machine,
		.profile = setup->profile,
		.rule = caller_default_rule(),
		.allow_other = setup->allow_other,
		.dir = setup->dir,
	};
	struct control *control;
	struct fs *fs;
	int ret;

	if (fs_mount(&config, &fs))
		return 1;
	ret = control_start(socket, machine, &control);
	if (ret) {
		fs_unmount(fs);
		return complain(socket, ret);
	}
	say_ready(ready);
	ret = fs_run(fs);
	control_stop(control);
	fs_unmount(fs);
	return ret ? complain(setup->dir, ret) : 0;
}

static int run_machine(struct setup *setup, const char *socket, int ready)
{
	struct machine machine;
	int ret;

	if (setup->twin_path) {
		ret = twin_open(setup->twin_path, &setup->twin);
		if (ret)
			return complain(setup->twin_path, ret);
	}
	ret = setup_machine(setup, &machine);
	if (ret) {
		twin_close(setup->twin);
		return complain("boot", ret);
	}
	ret = serve(setup, &machine, socket, ready);
	machine_fini(&machine);
	twin_close(setup->twin);
	return ret;
}

static int run(struct setup *setup, const char *socket)
{
	char room[108];
	int ready = -1, ret;

	if (!socket && message_default_path(room, sizeof(room)))
		return complain("--socket", -EINVAL);
	if (setup->background) {
		ready = go_into_background();
		if (ready < 0)
			return complain("--background", ready);
	}
	ret = tpm_open(setup->tpm_name, &setup->tpm);
	if (ret)
		return complain(setup->tpm_name, ret);
	ret = run_machine(setup, socket ? socket : room, ready);
	tpm_close(setup->tpm);
	return ret;
}

static int run_options(struct setup *setup, const char **socket, int argc,
		       char **argv)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (opt == 's')
			*socket = optarg;
		else if (setup_option(setup, opt, optarg))
			return 2;
	}
	if (optind != argc - 1)
		return 2;
	setup->dir = argv[optind];
	return 0;
}

static int cmd_run(const char *socket, int argc, char **argv)
{
	struct setup setup;

	setup_init(&setup);
	optind = 0;
	if (run_options(&setup, &socket, argc, argv))
		return wrong_usage();
	return run(&setup, socket);
}

int main(int argc, char **argv)
{
	const char *socket = NULL;
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (opt != 's')
			return wrong_usage();
		socket = optarg;
	}
	if (optind == argc)
		return wrong_usage();
	argc -= optind;
	argv += optind;
	if (!strcmp(argv[0], "run"))
		return cmd_run(socket, argc, argv);
	ret = client_run(socket, argc, argv);
	return ret < 0 || ret == 2 ? wrong_usage() : ret;
}
