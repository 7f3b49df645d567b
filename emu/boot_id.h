/* SPDX-License-Identifier: MIT */
/*
 * What /proc/sys/kernel/random/boot_id is in the kernel: another random UUID for
 * each kernel that boots, after a kexec as after a reboot.
 */
#ifndef EMU_BOOT_ID_H
#define EMU_BOOT_ID_H

/* A new one to the file @path, whole or not at all. NULL: nowhere. */
int boot_id_write(const char *path);

#endif
