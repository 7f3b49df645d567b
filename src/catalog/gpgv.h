/* SPDX-License-Identifier: MIT */
/*
 * Signatures of OpenPGP, checked by gpgv with nothing but the keyrings that are given.
 */
#ifndef CATALOG_GPGV_H
#define CATALOG_GPGV_H

#include "base/say.h"

#include <imastage/bytes.h>

/*
 * @text is signed within itself (InRelease), or by @signature. *ret_signed: what was signed, and
 * no byte around it; owned by the caller. It has one signature or more by keys of the keyrings
 * that are neither expired nor revoked, and none that is wrong; signatures by other keys are passed
 * over, as apt does. -EBADMSG: there is none; -ENOENT: there is no gpgv, or no keyring; all said,
 * of @name.
 */
int gpgv_check(const char *name, struct imastage_bytes text,
	       struct imastage_bytes signature, const char *const *keyrings,
	       const struct say *say, struct imastage_buffer *ret_signed);

#endif
