// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A measurement record in memory. See ima_record.h.
 *
 * The bytes of a record:
 *
 *	template digest by IMA's hash
 *	template digest by sha1, unless that is IMA's hash
 *	of each field:	4 bytes	length, in host order
 *			...	its bytes
 *			1 byte	0, so that text that lacks one ends there
 */

#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ima.h"

static size_t hash_len(void)
{
	return hash_digest_size[ima_hash_algo];
}

static size_t digests_len(void)
{
	bool sha1_too = ima_sha1_idx != ima_hash_algo_idx;

	return hash_len() + (sha1_too ? SHA1_DIGEST_SIZE : 0);
}

static size_t fields_len(const struct ima_template_entry *entry)
{
	size_t len = 0;
	int i;

	for (i = 0; i < entry->template_desc->num_fields; i++)
		len += sizeof(u32) + entry->template_data[i].len + 1;
	return len;
}

static void put_fields(u8 *p, const struct ima_template_entry *entry)
{
	int i;

	for (i = 0; i < entry->template_desc->num_fields; i++) {
		const struct ima_field_data *field = &entry->template_data[i];

		memcpy(p, &field->len, sizeof(field->len));
		p += sizeof(field->len);
		memcpy(p, field->data, field->len);
		p += field->len;
		*p++ = 0;
	}
}

/**
 * ima_record_new - pack a template entry whose digests are calculated
 * @entry: the entry, which stays what it is and whose it is
 *
 * Return: a record, in no list, not hashed, to be freed with ima_record_free();
 * NULL if there is no memory.
 */
struct ima_queue_entry *ima_record_new(const struct ima_template_entry *entry)
{
	size_t len = digests_len() + fields_len(entry);
	struct ima_queue_entry *qe;

	qe = kvmalloc(offsetof(struct ima_queue_entry, bytes) + len, GFP_KERNEL);
	if (!qe)
		return NULL;

	qe->template_desc = entry->template_desc;
	qe->pcr = entry->pcr;
	qe->template_data_len = entry->template_data_len;
	qe->hashed = false;
	memcpy(qe->bytes, entry->digests[ima_hash_algo_idx].digest, hash_len());
	memcpy(qe->bytes + digests_len() - SHA1_DIGEST_SIZE,
	       entry->digests[ima_sha1_idx].digest, SHA1_DIGEST_SIZE);
	put_fields(qe->bytes + digests_len(), entry);
	return qe;
}

/**
 * ima_record_free - free a record
 * @qe: the record, in no list
 */
void ima_record_free(struct ima_queue_entry *qe)
{
	kvfree(qe);
}

/**
 * ima_record_view - look at a record as a template entry
 * @qe: the record
 * @ret_view: where the entry is made; it borrows the bytes of @qe
 *
 * Return: the entry in @ret_view. It has no digests.
 */
struct ima_template_entry *ima_record_view(const struct ima_queue_entry *qe,
					   union ima_record_view *ret_view)
{
	struct ima_template_entry *entry = &ret_view->entry;
	u8 *p = (u8 *)qe->bytes + digests_len();
	int i;

	entry->pcr = qe->pcr;
	entry->digests = NULL;
	entry->template_desc = qe->template_desc;
	entry->template_data_len = qe->template_data_len;
	for (i = 0; i < qe->template_desc->num_fields; i++) {
		struct ima_field_data *field = &entry->template_data[i];

		memcpy(&field->len, p, sizeof(field->len));
		field->data = p + sizeof(field->len);
		p = field->data + field->len + 1;
	}
	return entry;
}

/**
 * ima_record_digest - the digest by which duplicates are found
 * @qe: the record
 *
 * Return: its template digest by IMA's hash.
 */
const u8 *ima_record_digest(const struct ima_queue_entry *qe)
{
	return qe->bytes;
}

/**
 * ima_record_sha1 - the digest that files without a suffix show
 * @qe: the record
 *
 * Return: its template digest by sha1.
 */
const u8 *ima_record_sha1(const struct ima_queue_entry *qe)
{
	return qe->bytes + digests_len() - SHA1_DIGEST_SIZE;
}

/**
 * ima_record_is_violation - does a record tell of a violation?
 * @qe: the record
 *
 * Return: true if its template digest, of any bank, is all zeros.
 */
bool ima_record_is_violation(const struct ima_queue_entry *qe)
{
	return !memchr_inv(ima_record_digest(qe), 0, hash_len());
}

static bool field_begins(const struct ima_field_data *field, const char *text,
			 size_t len)
{
	return field->len >= len && !memcmp(field->data, text, len);
}

/**
 * ima_record_is_snapshot - is a record a snapshot_aggregate?
 * @qe: the record
 *
 * Return: true for what ima_snapshot.c records. A key can be measured under
 * the same name, but not with such text.
 */
bool ima_record_is_snapshot(const struct ima_queue_entry *qe)
{
	union ima_record_view view;
	const struct ima_field_data *field;

	if (strcmp(qe->template_desc->name, "ima-buf") != 0)
		return false;

	field = ima_record_view(qe, &view)->template_data;
	return field_begins(&field[1], IMA_SNAPSHOT_NAME,
			    sizeof(IMA_SNAPSHOT_NAME)) &&
	       field_begins(&field[2], IMA_SNAPSHOT_BEGIN,
			    sizeof(IMA_SNAPSHOT_BEGIN) - 1);
}
