// SPDX-License-Identifier: MIT
/* Offsets in the forms of the list. See form.h. */
#include "view/form.h"

uint64_t form_per_record(const struct form *form)
{
	size_t more = imastage_bank_digest_len(form->bank) -
		      imastage_bank_digest_len(IMASTAGE_SHA1);

	return form->format == IMASTAGE_FORMAT_ASCII ? 2 * more : more;
}

uint64_t form_offset(const struct form *form, const struct form_place *place)
{
	uint64_t sha1 = form->format == IMASTAGE_FORMAT_ASCII ? place->ascii :
								place->binary;

	return sha1 + place->index * form_per_record(form);
}
