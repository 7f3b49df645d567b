// SPDX-License-Identifier: MIT
/* A software TPM of our own. See swtpm.h. */

#include "emu/swtpm.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "emu/swtpm_make.h"

#define PERMANENT_NAME "tpm2-00.permall"
#define CHANGING_NAME "tpm2-00.volatilestate"

#define WAIT_MS 60000 /* one that ends instead is not waited for */
#define KEEP_MS 100
#define STAY 's' /* said before the end: the folder is needed again */
#define ACCEPTS_CONNECTIONS 0x10000 /* __SO_ACCEPTCON */

/* CMD_STORE_VOLATILE of swtpm_ioctls(3) */
#define STORE_VOLATILE 10

int swtpm_init(struct swtpm *swtpm, const char *ca)
{
	static const char name[] = "imasim-tpm-XXXXXX";
	const char *tmp = getenv("TMPDIR");

	if (!tmp || strlen(tmp) + sizeof(name) >= sizeof(swtpm->dir))
		tmp = "/tmp";
	swtpm->pid = 0;
	swtpm->ca = ca;
	snprintf(swtpm->dir, sizeof(swtpm->dir), "%s/%s", tmp, name);
	if (!mkdtemp(swtpm->dir)) {
		perror("imasim: a folder for swtpm");
		return -EIO;
	}
	return 0;
}

static void remove_files(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
}

/* What keeps it takes the end of the socket for ours, unless STAY was said. */
static void end(struct swtpm *swtpm)
{
	if (!swtpm->pid)
		return;
	close(swtpm->alive);
	waitpid(swtpm->pid, NULL, 0);
	swtpm->pid = 0;
}

void swtpm_fini(struct swtpm *swtpm)
{
	end(swtpm);
	remove_files(swtpm->dir);
	rmdir(swtpm->dir);
}

__attribute__((__noreturn__)) static void run_swtpm(const struct swtpm *swtpm,
						    const char *flags)
{
	char state[128], server[128], ctrl[128];

	snprintf(state, sizeof(state), "dir=%s", swtpm->dir);
	snprintf(server, sizeof(server), "type=unixio,path=%s/sock",
		 swtpm->dir);
	snprintf(ctrl, sizeof(ctrl), "type=unixio,path=%s/sock.ctrl",
		 swtpm->dir);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state,
	       "--server", server, "--ctrl", ctrl, "--flags", flags, NULL);
	_exit(127);
}

/* Standard input is the socket, all else is nothing. */
static void let_go_of_descriptors(int sock)
{
	int null = open("/dev/null", O_RDWR);

	dup2(sock, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
}

/* Nobody is left to do so. Memory cannot be had here: files are those that there may be. */
static void tidy_up_after(const struct swtpm *swtpm)
{
	static const char *const names[] = { PERMANENT_NAME, CHANGING_NAME,
					     ".lock", "sock", "sock.ctrl" };

	if (chdir(swtpm->dir))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlink(names[i]);
	rmdir(swtpm->dir);
}

/*
 * A process between ours and swtpm: it outlives the thread that has started it,
 * but neither us nor swtpm. It was forked by one of several threads, and calls
 * nothing that may need a lock of another. Who is its parent does not tell whether
 * we are dead: descriptors of one that ends are closed before its children are
 * given away, and in between much can happen.
 */
__attribute__((__noreturn__)) static void keep(const struct swtpm *swtpm,
					       const char *flags, int sock)
{
	struct pollfd parent = { .fd = STDIN_FILENO, .events = POLLIN };
	sigset_t none;
	char said;
	pid_t pid;

	/* The terminal's ^C is for us, who then stop it. */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	let_go_of_descriptors(sock);
	pid = fork();
	if (!pid)
		run_swtpm(swtpm, flags);
	while (pid > 0 && waitpid(pid, NULL, WNOHANG) != pid) {
		if (poll(&parent, 1, KEEP_MS) > 0)
			kill(pid, SIGTERM);
	}
	if (recv(STDIN_FILENO, &said, sizeof(said), MSG_DONTWAIT) == 0)
		tidy_up_after(swtpm);
	_exit(1);
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/* A socket has a name before it is listened to: the latter is a flag there. */
static bool is_listened_to(const char *path)
{
	cleanup_fclose FILE *sockets = fopen("/proc/net/unix", "re");
	char line[512], name[256];
	unsigned int flags;

	if (!sockets)
		return !access(path, F_OK);
	while (fgets(line, sizeof(line), sockets)) {
		if (sscanf(line, "%*s %*s %*s %x %*s %*s %*s %255s", &flags,
			   name) == 2 &&
		    flags & ACCEPTS_CONNECTIONS && !strcmp(name, path))
			return true;
	}
	return false;
}

static int wait_until_ready(struct swtpm *swtpm)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/sock", swtpm->dir);
	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		if (is_listened_to(path))
			return 0;
		if (waitpid(swtpm->pid, NULL, WNOHANG) == swtpm->pid) {
			swtpm->pid = 0;
			close(swtpm->alive);
			break;
		}
		pause_ms(5);
	}
	fputs("imasim: swtpm does not start: is it installed (package swtpm)?\n",
	      stderr);
	return -EIO;
}

static void remove_sockets(const struct swtpm *swtpm)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/sock", swtpm->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/sock.ctrl", swtpm->dir);
	unlink(path);
}

static int start(struct swtpm *swtpm, const char *flags)
{
	int ends[2];

	remove_sockets(swtpm);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	swtpm->pid = fork();
	if (!swtpm->pid)
		keep(swtpm, flags, ends[0]);
	close(ends[0]);
	swtpm->alive = ends[1];
	if (swtpm->pid < 0) {
		swtpm->pid = 0;
		close(ends[1]);
		return -EAGAIN;
	}
	return wait_until_ready(swtpm);
}

static void remove_state(const struct swtpm *swtpm, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", swtpm->dir, name);
	unlink(path);
}

int swtpm_start(struct swtpm *swtpm)
{
	remove_state(swtpm, CHANGING_NAME);
	return start(swtpm, "not-need-init,startup-clear");
}

int swtpm_start_as_saved(struct swtpm *swtpm)
{
	remove_state(swtpm, CHANGING_NAME);
	return start(swtpm, "not-need-init,startup-state");
}

int swtpm_start_new(struct swtpm *swtpm)
{
	int ret;

	remove_state(swtpm, PERMANENT_NAME);
	ret = swtpm->ca ? swtpm_make(swtpm->dir, swtpm->ca) : 0;
	return ret ? ret : swtpm_start(swtpm);
}

int swtpm_resume(struct swtpm *swtpm)
{
	return start(swtpm, "not-need-init");
}

void swtpm_stop(struct swtpm *swtpm)
{
	static const char stay = STAY;

	if (swtpm->pid)
		send(swtpm->alive, &stay, sizeof(stay), MSG_NOSIGNAL);
	end(swtpm);
}

void swtpm_tcti(const struct swtpm *swtpm, char *ret_tcti, size_t room)
{
	snprintf(ret_tcti, room, "swtpm:path=%s/sock", swtpm->dir);
}

/* ---- its state ----------------------------------------------------------- */

static int connect_control(const struct swtpm *swtpm)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (sock < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock.ctrl",
		 swtpm->dir);
	if (connect(sock, (struct sockaddr *)&address, sizeof(address))) {
		int ret = -errno;

		close(sock);
		return ret;
	}
	return sock;
}

/* Has it write what it keeps in memory. Numbers are big-endian, 0 is success. */
static int store_changing(const struct swtpm *swtpm)
{
	cleanup_close int sock = connect_control(swtpm);
	uint32_t command = htobe32(STORE_VOLATILE), result;

	if (sock < 0)
		return sock;
	if (write(sock, &command, sizeof(command)) != sizeof(command) ||
	    recv(sock, &result, sizeof(result), MSG_WAITALL) != sizeof(result))
		return -EIO;
	return result ? -EIO : 0;
}

static int open_state(const struct swtpm *swtpm, const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", swtpm->dir, name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

static int read_state(const struct swtpm *swtpm, const char *name,
		      struct out *out)
{
	cleanup_close int fd = open_state(swtpm, name, O_RDONLY);
	char piece[4096];
	ssize_t len;

	if (fd < 0)
		return fd;
	while ((len = read(fd, piece, sizeof(piece))) > 0)
		emu_out_bytes(out, piece, len);
	return len < 0 ? -errno : 0;
}

static int write_state(const struct swtpm *swtpm, const char *name,
		       const struct out *out)
{
	cleanup_close int fd =
		open_state(swtpm, name, O_WRONLY | O_CREAT | O_TRUNC);

	if (fd < 0)
		return fd;
	return write(fd, out->data, out->len) == (ssize_t)out->len ? 0 : -EIO;
}

int swtpm_save(const struct swtpm *swtpm, struct tpm_state *ret_state)
{
	int ret = store_changing(swtpm);

	if (!ret)
		ret = read_state(swtpm, PERMANENT_NAME, &ret_state->permanent);
	if (!ret)
		ret = read_state(swtpm, CHANGING_NAME, &ret_state->changing);
	return ret;
}

int swtpm_load(const struct swtpm *swtpm, const struct tpm_state *state)
{
	int ret = write_state(swtpm, PERMANENT_NAME, &state->permanent);

	return ret ? ret : write_state(swtpm, CHANGING_NAME, &state->changing);
}
