// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a list as CEL in JSON, of the sha1 and the sha256 bank.
 */
#include "base/bytes.h"
#include "fuzz/promises.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_CEL_JSON,
	};

	for (int i = 0; i < 2; i++) {
		options.bank = i ? IMASTAGE_SHA256 : IMASTAGE_SHA1;
		check_list(bytes_of(data, size), &options);
	}
	return 0;
}
