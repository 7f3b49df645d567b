// SPDX-License-Identifier: MIT
/* The digests that a record has. See banks.h. */

#include "emu/banks.h"

#include <stdbool.h>
#include <stdio.h>

static bool has_sha1(const struct banks *banks)
{
	for (unsigned int i = 0; i < banks->nr_tpm; i++) {
		if (banks->bank[i].algo == algo_sha1())
			return true;
	}
	return false;
}

void banks_init(struct banks *banks, const struct tpm *tpm)
{
	const struct algo *sha1 = algo_sha1();
	const struct tpm_bank *from;

	banks->nr_tpm = tpm_banks(tpm, &from);
	for (unsigned int i = 0; i < banks->nr_tpm; i++)
		banks->bank[i] = from[i];
	banks->nr = banks->nr_tpm;
	if (!has_sha1(banks))
		banks->bank[banks->nr++] = (struct tpm_bank){
			.tpm_id = sha1->tpm_id,
			.digest_len = sha1->digest_len,
			.algo = sha1,
		};
}

void banks_forget(struct banks *banks, const struct algo *algo)
{
	for (unsigned int i = 0; i < banks->nr; i++)
		if (banks->bank[i].algo == algo)
			banks->bank[i].algo = NULL;
}

void bank_name(const struct tpm_bank *bank, char *ret_name, size_t room)
{
	if (bank->algo)
		snprintf(ret_name, room, "%s", bank->algo->name);
	else
		snprintf(ret_name, room, "tpm_alg_%x", bank->tpm_id);
}
