/* SPDX-License-Identifier: MIT */
/*
 * Archives on file systems of their own: one that is not mounted looks as if there had never
 * been an archive, and another one would be begun in the folder that it is mounted on. So
 * imastaged notes where something was mounted when it had the archive open, elsewhere: in
 * MOUNTS_FILE in the service's own folder, a line for each archive,
 *
 *	/srv/disk<TAB>/srv/disk/archive
 *
 * and none is begun at that path while nothing is mounted there. An archive below / needs no
 * line. What this cannot see: that something else is mounted there than before; and where the
 * service's folder is on the same file system, its unit's RequiresMountsFor= has to do.
 */
#ifndef SERVICE_MOUNTS_H
#define SERVICE_MOUNTS_H

#include "base/say.h"

#define MOUNTS_DIR "/var/lib/imastage" /* unless $STATE_DIRECTORY says other */
#define MOUNTS_FILE "mounts"
#define MOUNTS_FILE_MAX ((size_t)64 << 10)

/*
 * Before an archive is begun in the folder @archive: 0 if there is one, or may be one.
 * -ENODEV, said with what to do: it was on a file system that is not mounted.
 */
int mounts_check(const char *archive, const struct say *log);

/* The archive is open here. What cannot be noted is said, and no error. */
void mounts_note(const char *archive, const struct say *log);

#endif
