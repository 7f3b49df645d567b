// SPDX-License-Identifier: MIT
/* From what is measured to a template entry. See event.h. */

#include "emu/event.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "emu/tpm.h"

#define OLD_NAME_MAX 255

/* First byte of security.ima and security.evm: what the rest is. */
enum {
	XATTR_DIGSIG = 3,
	XATTR_PORTABLE_DIGSIG = 5,
	XATTR_VERITY_DIGSIG = 6,
};

static int put(struct ima_field_data *field, const void *data, size_t len)
{
	field->data = kmalloc(max(len, (size_t)1), GFP_KERNEL);
	if (!field->data)
		return -ENOMEM;

	memcpy(field->data, data, len);
	field->len = len;
	return 0;
}

static int put_digest(struct ima_field_data *field, const char *prefix,
		      const struct algo *algo, const uint8_t *digest)
{
	u8 text[ALGO_DIGEST_MAX + 32] = { 0 };
	size_t len = scnprintf((char *)text, sizeof(text), "%s%s:", prefix,
			       algo->name);

	if (digest)
		memcpy(text + len + 1, digest, algo->digest_len);
	return put(field, text, len + 1 + algo->digest_len);
}

/* Text with its NUL. Blanks would look like the next field. */
static int put_name(struct ima_field_data *field, const char *name, size_t len)
{
	int ret = put(field, name, len + 1);

	for (size_t i = 0; !ret && i < len; i++) {
		if (field->data[i] == ' ')
			field->data[i] = '_';
	}
	if (!ret)
		field->data[len] = '\0';
	return ret;
}

static int put_old_name(struct ima_field_data *field, const struct event *event)
{
	const char *name = event->name, *slash = strrchr(name, '/');

	if (strlen(name) > OLD_NAME_MAX && event->fd >= 0 && slash)
		name = slash + 1;
	return put_name(field, name, min_t(size_t, strlen(name), OLD_NAME_MAX));
}

static int put_old_digest(struct ima_field_data *field,
			  const struct event *event)
{
	static const uint8_t zero[ALGO_SHA1_LEN];
	uint8_t digest[ALGO_DIGEST_MAX];
	int ret;

	if (event->violation)
		return put(field, zero, sizeof(zero));
	if (event->algo == algo_sha1())
		return put(field, event->digest, ALGO_SHA1_LEN);
	if (event->sha1)
		return put(field, event->sha1, ALGO_SHA1_LEN);
	if (event->fd < 0)
		return -EINVAL;

	ret = algo_hash_file(algo_sha1(), event->fd, digest);
	return ret ? ret : put(field, digest, ALGO_SHA1_LEN);
}

/* Returns false if there is none, or another kind of value in it. */
static bool put_xattr(struct ima_field_data *field, int fd, const char *name,
		      int type, int other_type)
{
	ssize_t len = fd < 0 ? -1 : fgetxattr(fd, name, NULL, 0);
	u8 *value = len > 0 ? kmalloc(len, GFP_KERNEL) : NULL;
	bool good;

	if (!value)
		return false;
	len = fgetxattr(fd, name, value, len);
	good = len > 0 && (value[0] == type || value[0] == other_type) &&
	       !put(field, value, len);
	kfree(value);
	return good;
}

static int put_evm(struct ima_field_data *field, const struct event *event)
{
	put_xattr(field, event->fd, "security.evm", XATTR_PORTABLE_DIGSIG,
		  XATTR_PORTABLE_DIGSIG);
	return 0;
}

static int put_sig(struct ima_field_data *field, const struct event *event)
{
	if (!event->violation && put_xattr(field, event->fd, "security.ima",
					   XATTR_DIGSIG, XATTR_VERITY_DIGSIG))
		return 0;
	return put_evm(field, event);
}

static int put_stat(struct ima_field_data *field, const struct event *event,
		    enum field kind)
{
	struct stat st;
	u16 mode;

	if (event->fd < 0)
		return 0;
	if (fstat(event->fd, &st))
		return -errno;

	mode = st.st_mode;
	switch (kind) {
	case FIELD_IUID:
		return put(field, &st.st_uid, sizeof(st.st_uid));
	case FIELD_IGID:
		return put(field, &st.st_gid, sizeof(st.st_gid));
	default:
		return put(field, &mode, sizeof(mode));
	}
}

static int put_field(struct ima_field_data *field, const struct event *event,
		     enum field kind)
{
	const uint8_t *digest = event->violation ? NULL : event->digest;

	switch (kind) {
	case FIELD_D:
		return put_old_digest(field, event);
	case FIELD_N:
		return put_old_name(field, event);
	case FIELD_D_NG:
		return put_digest(field, "", event->algo, digest);
	case FIELD_D_NGV2:
		return put_digest(field, "ima:", event->algo, digest);
	case FIELD_N_NG:
		return put_name(field, event->name, strlen(event->name));
	case FIELD_SIG:
		return put_sig(field, event);
	case FIELD_EVMSIG:
		return put_evm(field, event);
	case FIELD_BUF:
		return event->buf_len ? put(field, event->buf, event->buf_len) :
					0;
	case FIELD_D_MODSIG:
	case FIELD_MODSIG:
		return 0;
	default:
		return put_stat(field, event, kind);
	}
}

struct ima_template_entry *event_entry_new(const struct template *template)
{
	const struct ima_template_desc *desc = &template->desc;
	struct ima_template_entry *entry;

	entry = kzalloc(struct_size(entry, template_data, desc->num_fields),
			GFP_KERNEL);
	if (!entry)
		return NULL;

	/* Which nobody writes to, but the kernel does not say so. */
	entry->template_desc = (struct ima_template_desc *)(uintptr_t)desc;
	entry->pcr = TPM_IMA_PCR;
	entry->digests = kcalloc(2, sizeof(*entry->digests), GFP_KERNEL);
	if (!entry->digests) {
		ima_free_template_entry(entry);
		return NULL;
	}
	return entry;
}

int event_entry(const struct event *event, const struct template *template,
		struct ima_template_entry **ret_entry)
{
	struct ima_template_entry *entry = event_entry_new(template);
	int ret = entry ? 0 : -ENOMEM;

	for (int i = 0; !ret && i < template->desc.num_fields; i++) {
		struct ima_field_data *field = &entry->template_data[i];

		ret = put_field(field, event, template->fields[i]);
		entry->template_data_len += sizeof(field->len) + field->len;
	}
	if (ret) {
		if (entry)
			ima_free_template_entry(entry);
		return ret;
	}
	*ret_entry = entry;
	return 0;
}

/* In the template "ima", lengths are not hashed and a name is filled up. */
static size_t old_part(const struct ima_field_data *field, enum field kind,
		       u8 room[OLD_NAME_MAX + 1], struct algo_part *ret)
{
	*ret = (struct algo_part){ field->data, field->len };
	if (kind != FIELD_N)
		return 1;

	memset(room, 0, OLD_NAME_MAX + 1);
	memcpy(room, field->data, min_t(size_t, field->len, OLD_NAME_MAX + 1));
	*ret = (struct algo_part){ room, OLD_NAME_MAX + 1 };
	return 1;
}

static size_t part(const struct ima_field_data *field, struct algo_part *ret)
{
	ret[0] = (struct algo_part){ &field->len, sizeof(field->len) };
	ret[1] = (struct algo_part){ field->data, field->len };
	return 2;
}

int event_digest(const struct ima_template_entry *entry,
		 const struct algo *algo, uint8_t ret_digest[ALGO_DIGEST_MAX])
{
	const struct template *template = template_of(entry->template_desc);
	struct algo_part parts[2 * IMA_TEMPLATE_NUM_FIELDS_MAX];
	bool old = template_is_old(template);
	u8 room[OLD_NAME_MAX + 1];
	size_t nr = 0;

	for (int i = 0; i < template->desc.num_fields; i++) {
		const struct ima_field_data *field = &entry->template_data[i];

		nr += old ? old_part(field, template->fields[i], room,
				     &parts[nr]) :
			    part(field, &parts[nr]);
	}
	return algo_hash(algo, parts, nr, ret_digest);
}
