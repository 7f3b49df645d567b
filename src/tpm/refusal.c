// SPDX-License-Identifier: MIT
/*
 * What a TPM means when it refuses, and how long it is asked again. See esys.h.
 */
#include "tpm/esys.h"

#include "base/util.h"

#include <errno.h>
#include <time.h>

/* Of a refusal of the second format: not which parameter, handle or session it was. */
#define FORMAT_ONE_MASK (TPM2_RC_FMT1 | 0x3f)
#define FORMAT_ZERO_MASK 0xfff

bool tpm_esys_is_refusal(TSS2_RC rc)
{
	TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

	return rc != TSS2_RC_SUCCESS && (layer == TSS2_TPM_RC_LAYER ||
					 layer == TSS2_RESMGR_TPM_RC_LAYER);
}

struct meaning {
	TSS2_RC rc;
	int error;
	const char *remedy;
};

#define WAIT "; try again later"
#define WRONG_AUTH \
	"; give the file with the right authorization value, or none if it has none"
#define NO_KEY "; `imastage ak create` makes a key there, or name another place"
#define NO_ROOM                                                        \
	"; end programs that hold objects in it, or use /dev/tpmrm0, " \
	"which many can share"
#define NO_ALGORITHM "; choose another algorithm"

static const struct meaning meanings[] = {
	{ TPM2_RC_RETRY, -EAGAIN, WAIT },
	{ TPM2_RC_YIELDED, -EAGAIN, WAIT },
	{ TPM2_RC_TESTING, -EAGAIN, WAIT },
	{ TPM2_RC_NV_RATE, -EAGAIN, WAIT },
	{ TPM2_RC_NV_UNAVAILABLE, -EAGAIN, WAIT },
	{ TPM2_RC_AUTH_FAIL, -EACCES, WRONG_AUTH },
	{ TPM2_RC_BAD_AUTH, -EACCES, WRONG_AUTH },
	{ TPM2_RC_LOCKOUT, -EBUSY,
	  "; it saw too many wrong authorization values: wait for its recovery "
	  "time, or `tpm2_dictionarylockout --clear-lockout`" },
	{ TPM2_RC_HANDLE, -ENOKEY, NO_KEY },
	{ TPM2_RC_NV_DEFINED, -EEXIST, "; name another handle" },
	{ TPM2_RC_NV_SPACE, -ENOSPC,
	  "; it has no room for more persistent objects: keep the key in a "
	  "file, or remove one with tpm2_evictcontrol" },
	{ TPM2_RC_OBJECT_MEMORY, -ENOSPC, NO_ROOM },
	{ TPM2_RC_SESSION_MEMORY, -ENOSPC, NO_ROOM },
	{ TPM2_RC_MEMORY, -ENOSPC, NO_ROOM },
	{ TPM2_RC_HIERARCHY, -EPERM,
	  "; its endorsement hierarchy is off: firmware turns it on" },
	{ TPM2_RC_SCHEME, -ENOTSUP, NO_ALGORITHM },
	{ TPM2_RC_CURVE, -ENOTSUP, NO_ALGORITHM },
	{ TPM2_RC_KEY_SIZE, -ENOTSUP, NO_ALGORITHM },
	{ TPM2_RC_ASYMMETRIC, -ENOTSUP, NO_ALGORITHM },
	{ TPM2_RC_TYPE, -ENOTSUP, NO_ALGORITHM },
	{ TPM2_RC_COMMAND_CODE, -ENOTSUP, "" },
};

static const struct meaning *find(TSS2_RC rc)
{
	TSS2_RC mask = rc & TPM2_RC_FMT1 ? FORMAT_ONE_MASK : FORMAT_ZERO_MASK;

	for (size_t i = 0; tpm_esys_is_refusal(rc) && i < ARRAY_SIZE(meanings);
	     i++) {
		if (meanings[i].rc == (rc & mask))
			return &meanings[i];
	}
	return NULL;
}

int tpm_esys_errno(TSS2_RC rc)
{
	const struct meaning *meaning = find(rc);

	return meaning ? meaning->error : -EIO;
}

const char *tpm_esys_remedy(TSS2_RC rc)
{
	const struct meaning *meaning = find(rc);

	return meaning ? meaning->remedy : "";
}

/* 2 + 4 + ... + 1024 ms */
#define TRIES_MAX 10

bool tpm_esys_again(struct tpm_patience *patience, TSS2_RC rc)
{
	long ms = 2L << patience->nr;
	struct timespec pause = { .tv_sec = ms / 1000,
				  .tv_nsec = ms % 1000 * 1000000 };

	if (tpm_esys_errno(rc) != -EAGAIN || patience->nr++ >= TRIES_MAX)
		return false;
	nanosleep(&pause, NULL);
	return true;
}
