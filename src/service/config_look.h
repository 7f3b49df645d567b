/* SPDX-License-Identifier: MIT */
/*
 * What this machine has to say to a configuration that is well-formed: groups, folders, the
 * TPM's name. Opens nothing for writing and asks no TPM.
 */
#ifndef SERVICE_CONFIG_LOOK_H
#define SERVICE_CONFIG_LOOK_H

#include "service/config.h"

#include <sys/types.h>

enum config_finding {
	CONFIG_NOTE, /* may be as it should: no IMA here, or no TPM */
	CONFIG_MISSING, /* can be put right without the configuration: a folder */
	CONFIG_WRONG, /* stays wrong until the configuration is another one */
};

/*
 * Calls @found for each finding, with a sentence that begins with the key. Keys with their
 * default are taken as right: their folders are made when the service starts. Returns the
 * worst, CONFIG_NOTE if there is none.
 */
enum config_finding config_look(const struct config *config,
				void (*found)(void *context,
					      enum config_finding finding,
					      const char *text),
				void *context);

/* "": (gid_t)-1. -ENOENT: there is no such group; or why it could not be looked up. */
int config_find_group(const char *name, gid_t *ret_group);

#endif
