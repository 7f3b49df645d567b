// SPDX-License-Identifier: MIT
/*
 * Fuzz target: the configuration. What is accepted is printed, and read again to
 * the same; what is refused has a sentence.
 */
#include "base/bytes.h"
#include "fuzz/promises.h"
#include "service/config.h"

#include <errno.h>
#include <stdlib.h>

static char *print(const struct config *config, size_t *ret_len)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, ret_len);

	must(file != NULL);
	config_print(file, config);
	must(fclose(file) == 0);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config, again;
	struct config_error error;
	char *first, *second;
	size_t first_len, second_len;
	int r = config_parse(bytes_of(data, size), &config, &error);

	if (r < 0) {
		must(r == -EINVAL && error.text[0]);
		return 0;
	}
	first = print(&config, &first_len);
	must(config_parse(bytes_of(first, first_len), &again, &error) == 0);
	second = print(&again, &second_len);
	must(first_len == second_len && !memcmp(first, second, first_len));
	free(first);
	free(second);
	return 0;
}
