/* SPDX-License-Identifier: MIT */
/*
 * A machine with an agent and a view of it, mounted, for tests.
 *
 *	viewer_start(&viewer, "imastage", false);
 *	machine_load(&viewer.machine, 100);
 *	viewer_drain(&viewer, 0);
 *	viewer_check(&viewer);		(every file is what the twin makes it)
 *	viewer_stop(&viewer);
 */
#ifndef LIB_VIEWER_H
#define LIB_VIEWER_H

#include "lib/machine.h"
#include "view/form.h"

#include <sys/types.h>

/*
 * The view is served by a process of its own: were it this one, a failing test
 * could not even end, with a thread that waits for a file of ours.
 */
struct viewer {
	struct machine machine;
	struct agent agent; /* of this process; drains */
	pid_t pid; /* of the view's process; 0: it is not mounted */
	int said; /* what the view says, lines to be read */
	char dir[96]; /* where it is mounted */
};

/* What is missing for a test with a view, or NULL. */
const char *viewer_missing(void);

void viewer_start(struct viewer *viewer, const char *profile, bool tpm);
void viewer_stop(struct viewer *viewer);

/* Only the view. It waits for so long for who has the kernel's list. */
void viewer_mount(struct viewer *viewer, unsigned int wait_ms);
void viewer_unmount(struct viewer *viewer);

/* Waits until the view has said something with @text in it. */
void viewer_hear(struct viewer *viewer, const char *text);

/* Saves, and deletes from the kernel, all but the last @leave records. */
void viewer_drain(struct viewer *viewer, uint64_t leave);

/* Brings kernel and archive together: after kexec and reboot. */
void viewer_reconcile(struct viewer *viewer);

/* Name of the file of a form: "ascii_runtime_measurements_sha256". */
void viewer_name(const struct form *form, char *ret_name, size_t room);

/* Opens a file of the view for reading. */
int viewer_open(const struct viewer *viewer, const char *name);

/* Reads from @offset on until read() returns 0. The caller frees *ret_data. */
size_t viewer_read(int fd, uint64_t offset, uint8_t **ret_data);

/* What the twin's list is in a form. The caller frees the data. */
struct imastage_buffer viewer_twin(const struct viewer *viewer,
				   const struct form *form);

/* The forms of which there are files. */
unsigned int viewer_forms(const struct viewer *viewer,
			  struct form ret_forms[2 * IMASTAGE_NR_BANKS]);

/* Every list file is, whole, what the twin says; nothing may be recorded now. */
void viewer_check(const struct viewer *viewer);

#endif
