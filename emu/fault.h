/* SPDX-License-Identifier: MIT */
/*
 * Faults on request: an operation on a list fails, before it has done anything,
 * with an error that is asked for. They stay what they are through kexec and
 * reboot. All of this is for any thread.
 */
#ifndef EMU_FAULT_H
#define EMU_FAULT_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum fault_place {
	FAULT_OPEN, /* opening a list */
	FAULT_READ, /* reading one */
	FAULT_STAGE, /* A, N and S on a staged list */
	FAULT_DELETE, /* D */
	FAULT_TRIM, /* N and T:N on a current list */
	FAULT_SNAPSHOT, /* writing to snapshot */
	FAULT_PLACES,
};

/**
 * struct fault - what is to fail
 * @error: negative errno
 * @pass: operations that do not fail first
 * @nr: operations that fail then
 */
struct fault {
	int error;
	uint64_t pass;
	uint64_t nr;
};

/* @lock protects @at. All zeros but for @lock: none. */
struct faults {
	pthread_mutex_t lock;
	struct fault at[FAULT_PLACES];
};

void faults_init(struct faults *faults);
void faults_fini(struct faults *faults);

/* "open" and so on; -1: none of them. NULL: no such place. */
int fault_place_by_name(const char *name);
const char *fault_place_name(unsigned int place);

/* "EIO", one of those that make sense here: a negative errno; 0: none of them. */
int fault_error_by_name(const char *name);
const char *fault_error_name(int error);

/* Takes the place of what was there; one of @nr 0 is none. */
void faults_set(struct faults *faults, enum fault_place place,
		const struct fault *fault);
void faults_clear(struct faults *faults);
struct fault faults_get(struct faults *faults, enum fault_place place);

/*
 * Called once for each operation: 0, or what it is to fail with. Without @faults
 * nothing fails.
 */
int faults_take(struct faults *faults, enum fault_place place);

#endif
