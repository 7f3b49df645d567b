// SPDX-License-Identifier: MIT
/* Making software TPMs. See swtpm_make.h. */

#include "emu/swtpm_make.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/output.h"
#include "base/util.h"

#define LOCALCA "swtpm_localca"
#define CERTIFICATE_MAX 65536

extern char **environ;

/* swtpm_setup wants it by its path. */
static bool find_program(const char *name, char ret_path[PATH_MAX])
{
	const char *path = getenv("PATH");

	while (path && *path) {
		size_t len = strcspn(path, ":");

		snprintf(ret_path, PATH_MAX, "%.*s/%s", (int)len, path, name);
		if (len && access(ret_path, X_OK) == 0)
			return true;
		path += len + (path[len] == ':');
	}
	return false;
}

static int write_config(const char *ca, const char *name, const char *text)
{
	char path[PATH_MAX];
	struct output output;
	int ret;

	if (snprintf(path, sizeof(path), "%s/%s", ca, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	ret = output_open(&output, path);
	if (ret)
		return ret;
	fputs(text, output.file);
	ret = output_commit(&output);
	output_fini(&output);
	return ret;
}

#define CONFIG_MAX (5 * PATH_MAX)

static int write_configs(const char *ca)
{
	char text[CONFIG_MAX];
	char localca[PATH_MAX];
	int ret;

	if (!find_program(LOCALCA, localca))
		return -ENOENT;
	snprintf(text, sizeof(text),
		 "statedir = %s\nsigningkey = %s/signkey.pem\n"
		 "issuercert = %s/issuercert.pem\ncertserial = %s/certserial\n",
		 ca, ca, ca, ca);
	ret = write_config(ca, "localca.conf", text);
	if (!ret)
		ret = write_config(ca, "localca.options", "");
	snprintf(text, sizeof(text),
		 "create_certs_tool = %s\n"
		 "create_certs_tool_config = %s/localca.conf\n"
		 "create_certs_tool_options = %s/localca.options\n",
		 localca, ca, ca);
	return ret ? ret : write_config(ca, "swtpm_setup.conf", text);
}

/* Says nothing itself: it has a log. Signals are as they are in a new process. */
static int spawn(char *const *argv, pid_t *ret_pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int ret;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		posix_spawn_file_actions_addopen(&files, fd, "/dev/null",
						 O_RDWR, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	ret = posix_spawnp(ret_pid, argv[0], &files, &attributes, argv,
			   environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return -ret;
}

static int run(char *const *argv)
{
	int status, ret;
	pid_t pid;

	ret = spawn(argv, &pid);
	if (ret)
		return ret;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

/* All banks stay active. */
static int run_setup(const char *dir, const char *ca)
{
	char config[PATH_MAX + 32], log[PATH_MAX + 32], state[PATH_MAX];
	char program[] = "swtpm_setup", tpm2[] = "--tpm2",
	     tpmstate[] = "--tpmstate", cert[] = "--create-ek-cert",
	     banks[] = "--pcr-banks", all[] = "-", vmid[] = "--vmid",
	     name[] = "imasim", config_option[] = "--config",
	     log_option[] = "--logfile", overwrite[] = "--overwrite";
	char *argv[] = { program,	tpm2,	tpmstate,   state, cert,
			 banks,		all,	vmid,	    name,  overwrite,
			 config_option, config, log_option, log,   NULL };

	snprintf(state, sizeof(state), "%s", dir);
	snprintf(config, sizeof(config), "%s/swtpm_setup.conf", ca);
	snprintf(log, sizeof(log), "%s/swtpm_setup.log", ca);
	unlink(log);
	return run(argv);
}

static int append(const char *ca, const char *name, FILE *file)
{
	cleanup_free uint8_t *data = NULL;
	char path[PATH_MAX + 64];
	size_t len;
	int ret;

	snprintf(path, sizeof(path), "%s/%s", ca, name);
	ret = file_read(path, CERTIFICATE_MAX, &data, &len);
	if (!ret && fwrite(data, 1, len, file) != len)
		ret = -EIO;
	return ret;
}

/* In one file, as verifiers take them. */
static int gather_certificates(const char *ca)
{
	char path[PATH_MAX + 64];
	struct output output;
	int ret;

	snprintf(path, sizeof(path), "%s/ca.pem", ca);
	ret = output_open(&output, path);
	if (ret)
		return ret;
	ret = append(ca, "swtpm-localca-rootca-cert.pem", output.file);
	if (!ret)
		ret = append(ca, "issuercert.pem", output.file);
	if (!ret)
		ret = output_commit(&output);
	output_fini(&output);
	return ret;
}

static int make(const char *dir, const char *ca)
{
	int ret = write_configs(ca);

	if (!ret)
		ret = run_setup(dir, ca);
	return ret ? ret : gather_certificates(ca);
}

int swtpm_make(const char *dir, const char *ca)
{
	char path[PATH_MAX];
	int ret;

	if (mkdir(ca, 0700) && errno != EEXIST) {
		fprintf(stderr, "imasim: %s: %s\n", ca, strerror(errno));
		return -EIO;
	}
	ret = realpath(ca, path) ? make(dir, path) : -errno;
	if (ret == -ENOENT)
		fputs("imasim: there is no swtpm_setup or swtpm_localca: "
		      "install the package swtpm-tools\n",
		      stderr);
	else if (ret)
		fprintf(stderr,
			"imasim: swtpm_setup makes no TPM: see "
			"%s/swtpm_setup.log\n",
			ca);
	return ret ? -EIO : 0;
}
