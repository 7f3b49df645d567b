// SPDX-License-Identifier: MIT
/*
 * The table of banks, in the order of enum imastage_bank.
 */
#include "base/bytes.h"
#include "base/util.h"
#include "log/hash.h"

#include <errno.h>
#include <imastage/bank.h>

static const struct {
	const char *name;
	uint16_t digest_len;
	uint16_t tpm_alg; /* TCG Algorithm Registry, TPM_ALG_ID */
} banks[IMASTAGE_NR_BANKS] = {
	[IMASTAGE_SHA1] = { "sha1", 20, 0x0004 },
	[IMASTAGE_SHA256] = { "sha256", 32, 0x000b },
	[IMASTAGE_SHA384] = { "sha384", 48, 0x000c },
	[IMASTAGE_SHA512] = { "sha512", 64, 0x000d },
	[IMASTAGE_SM3] = { "sm3", 32, 0x0012 },
};

/* How tpm2-tools and newer kernels call the same. */
static const struct {
	const char *name;
	enum imastage_bank bank;
} aliases[] = {
	{ "sm3_256", IMASTAGE_SM3 },
	{ "sm3-256", IMASTAGE_SM3 },
};

unsigned int imastage_banks_available(void)
{
	unsigned int mask = 0;

	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		struct hash hash;

		if (hash_init(&hash, bank) < 0)
			continue;
		mask |= 1u << bank;
		hash_fini(&hash);
	}
	return mask;
}

const char *imastage_bank_name(enum imastage_bank bank)
{
	return banks[bank].name;
}

size_t imastage_bank_digest_len(enum imastage_bank bank)
{
	return banks[bank].digest_len;
}

uint16_t imastage_bank_tpm_alg(enum imastage_bank bank)
{
	return banks[bank].tpm_alg;
}

int imastage_bank_by_name(struct imastage_bytes name,
			  enum imastage_bank *ret_bank)
{
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (bytes_equal_text(name, banks[bank].name)) {
			*ret_bank = bank;
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (bytes_equal_text(name, aliases[i].name)) {
			*ret_bank = aliases[i].bank;
			return 0;
		}
	}
	return -ENOENT;
}

int imastage_bank_by_tpm_alg(uint16_t alg, enum imastage_bank *ret_bank)
{
	for (enum imastage_bank bank = 0; bank < IMASTAGE_NR_BANKS; bank++) {
		if (banks[bank].tpm_alg == alg) {
			*ret_bank = bank;
			return 0;
		}
	}
	return -ENOENT;
}
