// SPDX-License-Identifier: MIT
/* Faults on request. See fault.h. */

#include "emu/fault.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"

static const char *const places[FAULT_PLACES] = {
	[FAULT_OPEN] = "open",	 [FAULT_READ] = "read",
	[FAULT_STAGE] = "stage", [FAULT_DELETE] = "delete",
	[FAULT_TRIM] = "trim",	 [FAULT_SNAPSHOT] = "snapshot",
};

static const struct {
	const char *name;
	int error;
} errors[] = {
	{ "EACCES", -EACCES }, { "EAGAIN", -EAGAIN }, { "EBUSY", -EBUSY },
	{ "EEXIST", -EEXIST }, { "EINTR", -EINTR },   { "EINVAL", -EINVAL },
	{ "EIO", -EIO },       { "EMFILE", -EMFILE }, { "ENFILE", -ENFILE },
	{ "ENOENT", -ENOENT }, { "ENOMEM", -ENOMEM }, { "EPERM", -EPERM },
	{ "ERANGE", -ERANGE }, { "ESTALE", -ESTALE },
};

void faults_init(struct faults *faults)
{
	*faults = (struct faults){ 0 };
	pthread_mutex_init(&faults->lock, NULL);
}

void faults_fini(struct faults *faults)
{
	pthread_mutex_destroy(&faults->lock);
}

int fault_place_by_name(const char *name)
{
	for (int i = 0; i < FAULT_PLACES; i++) {
		if (!strcmp(places[i], name))
			return i;
	}
	return -1;
}

const char *fault_place_name(unsigned int place)
{
	return place < FAULT_PLACES ? places[place] : NULL;
}

int fault_error_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (!strcmp(errors[i].name, name))
			return errors[i].error;
	}
	return 0;
}

const char *fault_error_name(int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (errors[i].error == error)
			return errors[i].name;
	}
	return "?";
}

void faults_set(struct faults *faults, enum fault_place place,
		const struct fault *fault)
{
	pthread_mutex_lock(&faults->lock);
	faults->at[place] = *fault;
	pthread_mutex_unlock(&faults->lock);
}

void faults_clear(struct faults *faults)
{
	pthread_mutex_lock(&faults->lock);
	memset(faults->at, 0, sizeof(faults->at));
	pthread_mutex_unlock(&faults->lock);
}

struct fault faults_get(struct faults *faults, enum fault_place place)
{
	struct fault fault;

	pthread_mutex_lock(&faults->lock);
	fault = faults->at[place];
	pthread_mutex_unlock(&faults->lock);
	return fault;
}

int faults_take(struct faults *faults, enum fault_place place)
{
	struct fault *fault;
	int ret = 0;

	if (!faults)
		return 0;
	fault = &faults->at[place];
	pthread_mutex_lock(&faults->lock);
	if (fault->nr && fault->pass) {
		fault->pass--;
	} else if (fault->nr) {
		fault->nr--;
		ret = fault->error;
	}
	pthread_mutex_unlock(&faults->lock);
	return ret;
}
