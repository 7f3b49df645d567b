// SPDX-License-Identifier: MIT
/*
 * Fuzz target: one record's template. The input is a byte that chooses the
 * byte order, the template's name, a NUL, the template data.
 */
#include "base/bytes.h"
#include "fuzz/promises.h"
#include "log/binary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t digest[20] = { 1 };
	struct imastage_bytes bytes = bytes_of(data, size), name;
	struct imastage_record record = {
		.pcr = IMASTAGE_PCR_IMA,
		.bank = IMASTAGE_SHA1,
		.digest = bytes_of(digest, sizeof(digest)),
	};
	struct imastage_error error;

	if (size == 0)
		return 0;
	bytes = bytes_skip(bytes, 1);
	name = bytes_first(bytes, bytes_find(bytes, '\0'));
	if (binary_adopt(name, bytes_skip(bytes, name.len + 1),
			 data[0] & 1 ? IMASTAGE_BIG : IMASTAGE_LITTLE, &error,
			 &record) < 0)
		must(error.reason && error.offset <= size);
	else
		check_record(&record);
	return 0;
}
