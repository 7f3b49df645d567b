// SPDX-License-Identifier: MIT
#include "archive/counter.h"
#include "base/writer.h"
#include "log/ascii.h"
#include "log/template.h"

#include <errno.h>

uint64_t record_ascii_len(const struct imastage_record *record)
{
	return ascii_len(record, imastage_bank_digest_len(IMASTAGE_SHA1));
}

int record_binary_len(const struct imastage_record *record, size_t *ret_len)
{
	size_t len = 4 + record->digest.len + 4 + record->name.len;

	if (record->bank != IMASTAGE_SHA1 ||
	    record->digest.len != imastage_bank_digest_len(IMASTAGE_SHA1) ||
	    record->name.len == 0 ||
	    record->name.len > IMASTAGE_TEMPLATE_NAME_MAX ||
	    record->data.len > IMASTAGE_RECORD_LEN_MAX)
		return -EINVAL;
	if (!log_template_is_old(record->name))
		len += 4;
	*ret_len = len + record->data.len;
	return *ret_len > IMASTAGE_RECORD_LEN_MAX ? -EINVAL : 0;
}

void record_write(const struct imastage_record *record, uint8_t *ret_data)
{
	struct writer w;

	writer_init(&w, ret_data, SIZE_MAX, record->endian);
	(void)writer_put_u32(&w, record->pcr);
	(void)writer_put_bytes(&w, record->digest);
	(void)writer_put_u32(&w, (uint32_t)record->name.len);
	(void)writer_put_bytes(&w, record->name);
	if (!log_template_is_old(record->name))
		(void)writer_put_u32(&w, (uint32_t)record->data.len);
	(void)writer_put_bytes(&w, record->data);
}
