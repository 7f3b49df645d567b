// SPDX-License-Identifier: MIT
/*
 * kill-at N PROGRAM [ARGUMENT]...
 *
 * Runs PROGRAM, and kills it as it begins its Nth system call that changes something
 * outside of it: none of that call happens. Ends with 137 then, as a shell says it; with
 * the status of PROGRAM if that ended before; with 125 if it could not be run like this.
 * LeakSanitizer wants to trace by itself: ASAN_OPTIONS=detect_leaks=0.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT 125
#define AT_CALL (SIGTRAP | 0x80)

/* clang-format off */
static const long changes[] = {
	SYS_write, SYS_writev, SYS_pwrite64, SYS_pwritev,
	SYS_fsync, SYS_fdatasync, SYS_msync,
	SYS_ftruncate, SYS_fallocate, SYS_fchmod, SYS_fchown,
	SYS_unlinkat, SYS_linkat, SYS_renameat, SYS_renameat2, SYS_mkdirat,
#ifdef SYS_unlink
	SYS_unlink, SYS_link, SYS_rename, SYS_mkdir,
#endif
	SYS_exit_group,
};
/* clang-format on */

static bool is_change(long number)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (changes[i] == number)
			return true;
	return false;
}

/* The program stands at a system call: does one begin that changes something? */
static bool begins_change(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
		err(CANNOT, "ptrace");
	return info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	       is_change((long)info.entry.nr);
}

static pid_t start(char **program)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(CANNOT, "fork");
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			err(CANNOT, "ptrace");
		raise(SIGSTOP);
		execvp(program[0], program);
		err(CANNOT, "%s", program[0]);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0,
		   PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD |
			   PTRACE_O_TRACEEXEC) < 0)
		errx(CANNOT, "%s cannot be traced", program[0]);
	return pid;
}

/* The next stop, or the end. */
static int go_on(pid_t pid, int signal_number)
{
	int status;

	if (ptrace(PTRACE_SYSCALL, pid, 0, signal_number) < 0 && errno != ESRCH)
		err(CANNOT, "ptrace");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			err(CANNOT, "wait");
	return status;
}

/* Signals are passed on; stops at system calls and at execve() are none. */
static int passed_on(int status)
{
	int number = WSTOPSIG(status);

	return number == AT_CALL || number == SIGTRAP ? 0 : number;
}

static int trace(pid_t pid, unsigned long nr)
{
	int status = go_on(pid, 0);

	while (WIFSTOPPED(status)) {
		if (WSTOPSIG(status) == AT_CALL && begins_change(pid) &&
		    --nr == 0)
			kill(pid, SIGKILL);
		status = go_on(pid, passed_on(status));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	unsigned long nr = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;

	if (nr == 0)
		errx(CANNOT, "usage: kill-at N PROGRAM [ARGUMENT]...");
	return trace(start(argv + 2), nr);
}
