// SPDX-License-Identifier: MIT
/*
 * Fuzz target: a binary list, read as that of every bank and in both byte
 * orders, and detected. Nearly every wrong reading ends at its first name.
 */
#include "base/bytes.h"
#include "fuzz/promises.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum imastage_endian orders[] = { IMASTAGE_LITTLE,
						       IMASTAGE_BIG };
	struct imastage_bytes bytes = bytes_of(data, size);
	struct imastage_reader_options options = { 0 };

	if (imastage_detect(bytes, &options) == 0) {
		must(options.format != IMASTAGE_FORMAT_DETECT);
		check_list(bytes, &options);
	}
	options.format = IMASTAGE_FORMAT_BINARY;
	for (int i = 0; i < 2 * IMASTAGE_NR_BANKS; i++) {
		options.bank = (enum imastage_bank)(i / 2);
		options.endian = orders[i % 2];
		check_list(bytes, &options);
	}
	return 0;
}
