// SPDX-License-Identifier: MIT
/*
 * The table of banks, in the order of enum log_bank.
 */
#include "log/bank.h"

#include <errno.h>

static const struct {
	const char *name;
	size_t digest_len;
} banks[LOG_NR_BANKS] = {
	[LOG_BANK_SHA1] = { "sha1", 20 },
	[LOG_BANK_SHA256] = { "sha256", 32 },
	[LOG_BANK_SHA384] = { "sha384", 48 },
	[LOG_BANK_SHA512] = { "sha512", 64 },
};

const char *log_bank_name(enum log_bank bank)
{
	return banks[bank].name;
}

size_t log_bank_digest_len(enum log_bank bank)
{
	return banks[bank].digest_len;
}

int log_bank_by_name(struct bytes name, enum log_bank *ret_bank)
{
	for (enum log_bank bank = 0; bank < LOG_NR_BANKS; bank++) {
		if (bytes_equal_text(name, banks[bank].name)) {
			*ret_bank = bank;
			return 0;
		}
	}
	return -ENOENT;
}
