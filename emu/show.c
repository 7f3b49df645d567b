// SPDX-License-Identifier: MIT
/*
 * Records as bytes and as text. See show.h.
 *
 *	binary: u32 pcr | digest | u32 length, name | u32 length, data
 *	text:	pcr digest name field field ...
 *
 * Data is a row of fields, u32 length and bytes each. The template "ima" has no
 * length before its data and its digest, and its name without the NUL.
 */

#include "emu/show.h"

#include <linux/errno.h>
#include <linux/string.h>

#include "emu/event.h"

/* Where a record does not keep it, it is computed from the fields. */
static int digest_of(const struct ima_queue_entry *qe,
		     const struct ima_template_entry *view,
		     const struct tpm_bank *bank,
		     uint8_t ret_digest[ALGO_DIGEST_MAX])
{
	memset(ret_digest, 0, ALGO_DIGEST_MAX);
	if (ima_record_is_violation(qe))
		return 0;
	if (!bank->algo || bank->algo == algo_sha1())
		memcpy(ret_digest, ima_record_sha1(qe), ALGO_SHA1_LEN);
	else if (bank->algo->kernel_id == ima_hash_algo)
		memcpy(ret_digest, ima_record_digest(qe), bank->digest_len);
	else
		return event_digest(view, bank->algo, ret_digest);
	return 0;
}

static void old_field_binary(const struct ima_field_data *field,
			     enum field kind, struct out *out)
{
	size_t len = field->len;

	if (kind == FIELD_N) {
		len = strnlen((const char *)field->data, len);
		emu_out_u32(out, len);
	}
	emu_out_bytes(out, field->data, len);
}

static void fields_binary(const struct ima_template_entry *view,
			  const struct template *template, struct out *out)
{
	bool old = template_is_old(template);

	if (!old)
		emu_out_u32(out, view->template_data_len);
	for (int i = 0; i < template->desc.num_fields; i++) {
		const struct ima_field_data *field = &view->template_data[i];

		if (old) {
			old_field_binary(field, template->fields[i], out);
			continue;
		}
		emu_out_u32(out, field->len);
		emu_out_bytes(out, field->data, field->len);
	}
}

int show_binary(const struct ima_queue_entry *qe, const struct tpm_bank *bank,
		struct out *out)
{
	const struct template *template = template_of(qe->template_desc);
	const char *name = template_name(template);
	const struct ima_template_entry *view;
	uint8_t digest[ALGO_DIGEST_MAX];
	union ima_record_view room;

	view = ima_record_view(qe, &room);
	if (digest_of(qe, view, bank, digest))
		return -EIO;

	emu_out_u32(out, qe->pcr);
	emu_out_bytes(out, digest, bank->digest_len);
	emu_out_u32(out, strlen(name));
	emu_out_bytes(out, name, strlen(name));
	fields_binary(view, template, out);
	return 0;
}

static void text_field(const struct ima_field_data *field, struct out *out)
{
	emu_out_bytes(out, field->data,
		      strnlen((const char *)field->data, field->len));
}

/* "sha256:" as it is, what follows its NUL in hex. */
static void digest_field(const struct ima_field_data *field, struct out *out)
{
	size_t len = strnlen((const char *)field->data, field->len);

	text_field(field, out);
	if (len < field->len)
		emu_out_hex(out, field->data + len + 1, field->len - len - 1);
}

static void number_field(const struct ima_field_data *field, struct out *out)
{
	uint32_t number = 0;

	if (field->len <= sizeof(number))
		memcpy(&number, field->data, field->len);
	emu_out_text(out, "%u", number);
}

static void field_ascii(const struct ima_field_data *field, enum field kind,
			struct out *out)
{
	switch (kind) {
	case FIELD_N:
	case FIELD_N_NG:
		text_field(field, out);
		break;
	case FIELD_D_NG:
	case FIELD_D_NGV2:
	case FIELD_D_MODSIG:
		digest_field(field, out);
		break;
	case FIELD_IUID:
	case FIELD_IGID:
	case FIELD_IMODE:
		number_field(field, out);
		break;
	default:
		emu_out_hex(out, field->data, field->len);
	}
}

int show_ascii(const struct ima_queue_entry *qe, const struct tpm_bank *bank,
	       struct out *out)
{
	const struct template *template = template_of(qe->template_desc);
	const struct ima_template_entry *view;
	uint8_t digest[ALGO_DIGEST_MAX];
	union ima_record_view room;

	view = ima_record_view(qe, &room);
	if (digest_of(qe, view, bank, digest))
		return -EIO;

	emu_out_text(out, "%2d ", qe->pcr);
	emu_out_hex(out, digest, bank->digest_len);
	emu_out_text(out, " %s", template_name(template));
	for (int i = 0; i < template->desc.num_fields; i++) {
		const struct ima_field_data *field = &view->template_data[i];

		emu_out_bytes(out, " ", 1);
		if (field->len)
			field_ascii(field, template->fields[i], out);
	}
	emu_out_bytes(out, "\n", 1);
	return 0;
}
