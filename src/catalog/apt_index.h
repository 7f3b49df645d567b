/* SPDX-License-Identifier: MIT */
/*
 * Which packages a distribution has signed:
 *
 *	InRelease, or Release and Release.gpg	signed with a key of the keyrings (gpgv looks)
 *	   | SHA256 of					Packages, compressed or not
 *	   |						   | SHA256 and size of
 *	   v						   v
 *	Packages					each package
 *
 * Files lie as in a mirror (dists/SUITE/InRelease, dists/SUITE/main/binary-amd64/Packages), or as apt
 * keeps them (/var/lib/apt/lists/HOST_dists_SUITE_InRelease, ..._main_binary-amd64_Packages).
 * Whatever is there of a Release is used; Packages that it does not name, or names otherwise,
 * are refused.
 */
#ifndef CATALOG_APT_INDEX_H
#define CATALOG_APT_INDEX_H

#include "base/say.h"

#include <imastage/bytes.h>

#define APT_DIGEST_LEN 32 /* of SHA-256 */

struct apt_index;

/* -ENOMEM */
int apt_index_new(struct apt_index **ret_index);
void apt_index_free(struct apt_index *index);

/*
 * Adds what Release at @path has signed. @keyrings: paths, until NULL. Negative after it was
 * said: -EBADMSG: the signature is not by a key of the keyrings, or a file is not what it has to
 * be; -ENOENT: none of its Packages is there.
 */
int apt_index_add(struct apt_index *index, const char *path,
		  const char *const *keyrings, const struct say *say);

/* The same for each Release in a folder of apt's. -ENOENT: there is none. */
int apt_index_add_lists(struct apt_index *index, const char *folder,
			const char *const *keyrings, const struct say *say);

/* Once all is added. */
void apt_index_close(struct apt_index *index);
uint64_t apt_index_nr(const struct apt_index *index);
bool apt_index_has(const struct apt_index *index,
		   const uint8_t digest[APT_DIGEST_LEN], uint64_t size);

/* Adds the packages of a text of Packages. -EBADMSG, -ENOMEM. */
int apt_index_add_packages(struct apt_index *index, struct imastage_bytes text);

#endif
