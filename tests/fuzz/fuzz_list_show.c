// SPDX-License-Identifier: MIT
/*
 * Fuzz target: what the command prints of a hostile list. A line of JSON is JSON
 * to others, and read again it is the same record; what people are shown has
 * nothing but printable ASCII.
 */
#include "base/bytes.h"
#include "list/detail.h"
#include "base/json_text.h"
#include "list/record.h"
#include "base/text.h"
#include "fuzz/promises.h"

#include <json-c/json.h>
#include <stdlib.h>

static void must_be_json(struct imastage_bytes line)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;

	must(tokener && line.len > 0 && line.data[line.len - 1] == '\n');
	/* STRICT of json-c 0.18 has no characters above U+007F. */
	must(json_text_members(line, NULL, 0, NULL) == 0);
	json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, (const char *)line.data,
				       (int)line.len);
	must(json_tokener_get_error(tokener) == json_tokener_success);
	must(bytes_find(line, '\n') == line.len - 1);
	json_object_put(object);
	json_tokener_free(tokener);
}

static void check_json(const struct imastage_record *record, uint64_t index)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	must(file != NULL);
	record_print_json(file, record, index, RECORD_NO_OFFSET);
	must(fclose(file) == 0);
	must_be_json(bytes_of(text, len));
	/* One of ones would be read as a violation, see writer.h. */
	if (!bytes_are_all(record->digest, 0xff))
		must_read_as(bytes_of(text, len), IMASTAGE_FORMAT_CEL_JSON,
			     record);
	free(text);
}

static void check_text(const struct imastage_record *record)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	must(file != NULL);
	text_print(file, record->name);
	text_print(file, record_event_name(record));
	detail_print(file, record, DETAIL_LEN);
	must(fclose(file) == 0);
	for (size_t i = 0; i < len; i++)
		must(text[i] >= ' ' && text[i] < 0x7f);
	must(len <= 4 * (record->name.len + record_event_name(record).len +
			 DETAIL_LEN) +
			    256);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imastage_bytes bytes = bytes_of(data, size);
	struct imastage_reader_options options = {
		.format = IMASTAGE_FORMAT_BINARY,
		.bank = IMASTAGE_SHA1,
		.endian = IMASTAGE_LITTLE,
	};
	struct imastage_reader *reader;
	struct imastage_record record;

	must(imastage_reader_new_memory(bytes, &options, &reader) == 0);
	while (imastage_reader_next(reader, &record) == 0) {
		check_json(&record, imastage_reader_index(reader));
		check_text(&record);
	}
	imastage_reader_free(reader);
	return 0;
}
