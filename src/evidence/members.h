/* SPDX-License-Identifier: MIT */
/*
 * Members of an evidence file: places in the table that its reader and writer share.
 */
#ifndef EVIDENCE_MEMBERS_H
#define EVIDENCE_MEMBERS_H

#include "evidence/tar_read.h"

enum member {
	MEMBER_VERSION,
	MEMBER_MANIFEST,
	MEMBER_MSG,
	MEMBER_SIG,
	MEMBER_PCRS,
	MEMBER_AK,
	MEMBER_BOOT_LOG,
	MEMBER_RECORDS,
	NR_MEMBERS
};

extern const struct tar_member container_members[NR_MEMBERS];

#endif
