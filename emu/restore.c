// SPDX-License-Identifier: MIT
/*
 * The list on its way from one kernel to the next, in the form that kexec hands it
 * on in:
 *
 *	u16 version (1), 6 bytes 0 | u64 bytes of header and records | u64 records
 *	records, as in the binary file of sha1: staged ones first
 *	trailer (ima_staging.h)
 */

#include <stdio.h>

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "emu/kernel_private.h"
#include "emu/show.h"

#define NAME_MAX_LEN 128

/* In host order, as the kernel has it without ima_canonical_fmt. */
struct kexec_header {
	u16 version;
	u16 reserved0;
	u32 reserved1;
	u64 len;
	u64 nr_records;
};

/* ---- dump ---------------------------------------------------------------- */

static int dump_list(struct list_head *list, struct out *image, u64 *nr)
{
	const struct tpm_bank sha1 = {
		.digest_len = ALGO_SHA1_LEN,
		.algo = algo_sha1(),
	};
	struct ima_queue_entry *qe;
	int ret;

	list_for_each_entry(qe, list, later) {
		ret = show_binary(qe, &sha1, image);
		if (ret)
			return ret;
		++*nr;
	}
	return 0;
}

static void dump_trailer(struct kernel *kernel, struct out *image)
{
	struct ima_staging *s = &kernel->staging;
	size_t room = IMA_STAGING_TRAILER_LEN + ima_staging_digests_len(s);
	u8 *trailer = kmalloc(room, GFP_KERNEL);

	emu_out_bytes(image, trailer,
		      ima_staging_put_trailer(s, trailer, room,
					      kernel->config->kexec_digests));
	kfree(trailer);
}

int kernel_dump(struct kernel *kernel, struct out *ret_image)
{
	struct kexec_header header = { .version = 1 };
	struct ima_staging *s = &kernel->staging;
	struct out image = { 0 };
	int ret;

	kernel_suspend(kernel);
	emu_out_bytes(&image, &header, sizeof(header));
	down_read(&s->walk_sem);
	ret = dump_list(&s->staged_list, &image, &header.nr_records);
	if (!ret)
		ret = dump_list(&kernel->current_list, &image,
				&header.nr_records);
	up_read(&s->walk_sem);
	if (ret) {
		emu_out_fini(&image);
		return ret;
	}
	header.len = image.len;
	memcpy(image.data, &header, sizeof(header));
	if (kernel->config->profile == PROFILE_IMASTAGE)
		dump_trailer(kernel, &image);
	*ret_image = image;
	return 0;
}

/* ---- restore ------------------------------------------------------------- */

/* What is left of the image; nothing is taken from behind its end. */
struct input {
	const u8 *p;
	size_t left;
};

static const u8 *take(struct input *in, size_t len)
{
	const u8 *p = in->p;

	if (len > in->left)
		return NULL;
	in->p += len;
	in->left -= len;
	return p;
}

static bool take_u32(struct input *in, u32 *ret_value)
{
	const u8 *p = take(in, sizeof(*ret_value));

	if (p)
		memcpy(ret_value, p, sizeof(*ret_value));
	return p;
}

static const u8 *take_field(struct input *in, u32 *ret_len)
{
	return take_u32(in, ret_len) ? take(in, *ret_len) : NULL;
}

/* The kernel does not restore "ima", either. */
static const struct template *take_template(struct input *in)
{
	char name[NAME_MAX_LEN];
	const struct template *template;
	const u8 *p;
	u32 len;

	p = take_field(in, &len);
	if (!p || !len || len >= sizeof(name))
		return NULL;
	memcpy(name, p, len);
	name[len] = '\0';
	template = template_get(name);
	return template && !template_is_old(template) ? template : NULL;
}

static int fill_fields(struct ima_template_entry *entry, struct input data)
{
	for (int i = 0; i < entry->template_desc->num_fields; i++) {
		struct ima_field_data *field = &entry->template_data[i];
		u32 len;
		const u8 *p = take_field(&data, &len);

		if (!p)
			return -EINVAL;
		field->data = kzalloc((size_t)len + 1, GFP_KERNEL);
		if (!field->data)
			return -ENOMEM;
		memcpy(field->data, p, len);
		field->len = len;
		entry->template_data_len += sizeof(len) + len;
	}
	return data.left ? -EINVAL : 0;
}

static bool is_zero(const u8 *digest, size_t len)
{
	return !memchr_inv(digest, 0, len);
}

static bool is_hashed(struct kernel *kernel,
		      const struct ima_template_entry *entry)
{
	const u8 *digest = entry->digests[ima_hash_algo_idx].digest;

	return kernel->config->kexec_digests &&
	       !is_zero(digest, kernel->config->hash->digest_len) &&
	       !ima_staging_has_digest(&kernel->staging, digest, entry->pcr);
}

static int restore_entry(struct kernel *kernel,
			 struct ima_template_entry *entry, struct input data,
			 const u8 *sha1)
{
	uint8_t digests[TPM_BANKS_MAX][ALGO_DIGEST_MAX];
	int ret;

	ret = fill_fields(entry, data);
	if (!ret && !is_zero(sha1, ALGO_SHA1_LEN))
		ret = kernel_digests(kernel, entry, digests);
	if (ret)
		return ret;

	mutex_lock(&kernel->extend_lock);
	ret = kernel_queue(kernel, entry, is_hashed(kernel, entry));
	mutex_unlock(&kernel->extend_lock);
	return ret;
}

static int restore_record(struct kernel *kernel, struct input *in)
{
	const struct template *template;
	struct ima_template_entry *entry;
	const u8 *sha1;
	struct input data;
	u32 pcr, len;
	int ret;

	if (!take_u32(in, &pcr))
		return -EINVAL;
	sha1 = take(in, ALGO_SHA1_LEN);
	template = sha1 ? take_template(in) : NULL;
	data.p = template ? take_field(in, &len) : NULL;
	if (!data.p)
		return -EINVAL;

	data.left = len;
	entry = event_entry_new(template);
	if (!entry)
		return -ENOMEM;
	entry->pcr = pcr;
	ret = restore_entry(kernel, entry, data, sha1);
	ima_free_template_entry(entry);
	return ret;
}

static void restore_trailer(struct kernel *kernel, const struct input *in)
{
	struct ima_staging_restored digests = { 0 };
	int ret;

	mutex_lock(&kernel->extend_lock);
	ret = ima_staging_get_trailer(&kernel->staging, in->p, in->left,
				      kernel->config->kexec_digests, &digests);
	mutex_unlock(&kernel->extend_lock);
	if (ret == -EINVAL)
		fprintf(stderr, "imasim: what the previous kernel left behind "
				"the list is damaged\n");
}

/* As the kernel does, take over what there is up to an error. */
int kernel_restore(struct kernel *kernel, const struct out *image)
{
	struct input in = { image->data, image->len };
	struct kexec_header header;
	const u8 *p = take(&in, sizeof(header));
	struct input records;
	int ret = 0;

	if (!p)
		return -EINVAL;
	memcpy(&header, p, sizeof(header));
	if (header.version != 1 || header.len < sizeof(header) ||
	    header.len > image->len)
		return -EINVAL;

	records = (struct input){ in.p, header.len - sizeof(header) };
	for (u64 i = 0; !ret && i < header.nr_records && records.left; i++)
		ret = restore_record(kernel, &records);
	if (ret)
		fprintf(stderr,
			"imasim: the list that the previous kernel left"
			" is restored in part: %s\n",
			strerror(-ret));
	take(&in, header.len - sizeof(header));
	if (kernel->config->profile == PROFILE_IMASTAGE)
		restore_trailer(kernel, &in);
	return 0;
}
