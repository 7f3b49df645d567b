/* SPDX-License-Identifier: MIT */
/*
 * Nobody answers: should somebody? A keeper leaves a note in its archive when it begins
 * to keep it, and takes it away when it is told to end. So a note without a keeper is of
 * one that was killed, or that was not started again with the machine. Two more signs: its
 * socket, which it removes when it ends, and a unit that is enabled.
 */
#ifndef SERVICE_ABSENCE_H
#define SERVICE_ABSENCE_H

#include "service/config.h"
#include "service/job.h"

/* What keeps it: "pid 812 since 2026-11-25T22:40:01Z". */
#define ABSENCE_NOTE "keeper"

struct absence {
	const struct config *config;
	struct archive *archive; /* NULL: there is none */
	int asked; /* negative errno: why there was no answer */
	bool usual; /* the service's own configuration: its unit counts */
};

/* Fills in facts->absence and absence_text. */
void absence_find(const struct absence *absence, struct facts *facts);

/* The note of this process, which begins to keep @archive or ends; errors are no matter. */
void absence_note(struct archive *archive, bool begins);

#endif
