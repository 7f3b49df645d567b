// SPDX-License-Identifier: MIT
/*
 * Fuzz target: texts of Debian: stanzas, Packages, diversions.
 */
#include "base/bytes.h"
#include "catalog/apt_index.h"
#include "catalog/names.h"
#include "catalog/stanza.h"
#include "fuzz/promises.h"

static void check_view(struct imastage_bytes text, struct imastage_bytes view)
{
	must(view.len == 0 || (view.data >= text.data &&
			       view.data + view.len <= text.data + text.len));
}

static void check_stanzas(struct imastage_bytes text)
{
	static const char *const names[] = { "Package", "SHA256" };
	struct imastage_bytes left = text, stanza, values[2];
	size_t before = text.len + 1;

	while (stanza_next(&left, &stanza) == 1) {
		must(stanza.len && left.len < before);
		before = left.len;
		check_view(text, stanza);
		if (stanza_fields(stanza, names, 2, values) < 0)
			continue;
		check_view(stanza, values[0]);
		check_view(stanza, values[1]);
	}
	must(left.len == 0);
}

static void check_diversions(struct imastage_bytes text)
{
	struct diversions *diversions;
	size_t line = 0;
	int r = diversions_read(text, &diversions, &line);

	must(r == 0 || line <= text.len);
	if (r < 0)
		return;
	must(diversions_nr(diversions) <= text.len);
	(void)diversions_find(diversions, "/bin/sh", "dash:amd64");
	diversions_free(diversions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imastage_bytes text = bytes_of(data, size);
	struct apt_index *index;

	check_stanzas(text);
	check_diversions(text);
	must(apt_index_new(&index) == 0);
	if (apt_index_add_packages(index, text) == 0) {
		apt_index_close(index);
		must(apt_index_nr(index) <= size);
	}
	apt_index_free(index);
	return 0;
}
