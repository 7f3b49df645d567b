// SPDX-License-Identifier: MIT
/* A made boot. See boot_log.h. */

#include "emu/boot_log.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>

#include "base/output.h"
#include "base/util.h"

/* Kinds of "TCG PC Client Platform Firmware Profile", table of events */
#define POST_CODE 0x1
#define NO_ACTION 0x3
#define SEPARATOR 0x4
#define CRTM_VERSION 0x8
#define PLATFORM_CONFIG_FLAGS 0xa
#define IPL 0xd
#define VARIABLE_DRIVER_CONFIG 0x80000001
#define BOOT_SERVICES_APPLICATION 0x80000003
#define EFI_ACTION 0x80000007

struct firmware_event {
	unsigned int pcr;
	uint32_t kind;
	const char *data;
	size_t len;
	size_t unhashed; /* so many of the first bytes say what it is */
};

/* As long as it looks: zeros are part of it. */
/* clang-format off */
#define EVENT(pcr, kind, text) { pcr, kind, text, sizeof(text) - 1, 0 }
/* As GRUB measures what it reads. */
#define GRUB(pcr, what, text) { pcr, IPL, what text, sizeof(what text) - 1, sizeof(what) - 1 }
/* clang-format on */

/* UEFI_VARIABLE_DATA: GUID, lengths, name in UTF-16, value */
#define SECURE_BOOT_ON                                                     \
	"\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c" \
	"\x0a\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"                             \
	"S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0\x01"

static const struct firmware_event events[] = {
	EVENT(0, CRTM_VERSION, "i\0m\0a\0s\0i\0m\0 \0001\0\0\0"),
	EVENT(0, POST_CODE, "imasim firmware"),
	EVENT(1, PLATFORM_CONFIG_FLAGS, "imasim setup"),
	EVENT(7, VARIABLE_DRIVER_CONFIG, SECURE_BOOT_ON),
	EVENT(4, EFI_ACTION, "Calling EFI Application from Boot Option"),
	EVENT(0, SEPARATOR, "\0\0\0\0"),
	EVENT(1, SEPARATOR, "\0\0\0\0"),
	EVENT(2, SEPARATOR, "\0\0\0\0"),
	EVENT(3, SEPARATOR, "\0\0\0\0"),
	EVENT(4, SEPARATOR, "\0\0\0\0"),
	EVENT(5, SEPARATOR, "\0\0\0\0"),
	EVENT(6, SEPARATOR, "\0\0\0\0"),
	EVENT(7, SEPARATOR, "\0\0\0\0"),
	EVENT(9, IPL, "/boot/vmlinuz-imasim"),
	GRUB(8, "kernel_cmdline: ",
	     "/boot/vmlinuz-imasim root=/dev/imasim ima_policy=tcb"),
	EVENT(5, EFI_ACTION, "Exit Boot Services Invocation"),
	EVENT(5, EFI_ACTION, "Exit Boot Services Returned with Success"),
};

/* ---- extending ------------------------------------------------------------ */

static int hash_event(const struct algo *algo,
		      const struct firmware_event *event,
		      uint8_t ret_digest[ALGO_DIGEST_MAX])
{
	const struct algo_part part = { event->data + event->unhashed,
					event->len - event->unhashed };

	return algo_hash(algo, &part, 1, ret_digest);
}

/* A bank that is not known here gets zeros, and no digest in the log. */
static int extend_event(struct tpm *tpm, const struct firmware_event *event)
{
	uint8_t digests[TPM_BANKS_MAX][ALGO_DIGEST_MAX] = { { 0 } };
	const struct tpm_bank *banks;
	unsigned int nr = tpm_banks(tpm, &banks);
	int ret = 0;

	for (unsigned int i = 0; !ret && i < nr; i++) {
		if (banks[i].algo)
			ret = hash_event(banks[i].algo, event, digests[i]);
	}
	return ret ? ret : tpm_extend(tpm, event->pcr, digests);
}

int boot_log_extend(struct tpm *tpm)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(events); i++)
		ret = extend_event(tpm, &events[i]);
	return ret;
}

/* ---- the log ---------------------------------------------------------------- */

static void put_u16(FILE *file, unsigned int value)
{
	uint16_t little = htole16((uint16_t)value);

	fwrite(&little, sizeof(little), 1, file);
}

static void put_u32(FILE *file, uint32_t value)
{
	uint32_t little = htole32(value);

	fwrite(&little, sizeof(little), 1, file);
}

static unsigned int nr_known(const struct tpm_bank *banks, unsigned int nr)
{
	unsigned int known = 0;

	for (unsigned int i = 0; i < nr; i++)
		known += banks[i].algo != NULL;
	return known;
}

/* The first event, in the old form, says of which form the others are. */
static void put_header(FILE *file, const struct tpm_bank *banks,
		       unsigned int nr)
{
	static const uint8_t no_digest[ALGO_SHA1_LEN];
	static const char spec[] = "Spec ID Event03\0"
				   "\0\0\0\0" /* a client */
				   "\0\2\151\2"; /* 2.0, errata 105, 64 bits */
	unsigned int known = nr_known(banks, nr);

	put_u32(file, 0);
	put_u32(file, NO_ACTION);
	fwrite(no_digest, sizeof(no_digest), 1, file);
	put_u32(file, (uint32_t)(sizeof(spec) - 1 + 4 + 4 * known + 1));
	fwrite(spec, sizeof(spec) - 1, 1, file);
	put_u32(file, known);
	for (unsigned int i = 0; i < nr; i++) {
		if (!banks[i].algo)
			continue;
		put_u16(file, banks[i].tpm_id);
		put_u16(file, banks[i].digest_len);
	}
	fputc(0, file);
}

static int put_event(FILE *file, const struct tpm_bank *banks, unsigned int nr,
		     const struct firmware_event *event)
{
	put_u32(file, event->pcr);
	put_u32(file, event->kind);
	put_u32(file, nr_known(banks, nr));
	for (unsigned int i = 0; i < nr; i++) {
		uint8_t digest[ALGO_DIGEST_MAX];

		if (!banks[i].algo)
			continue;
		if (hash_event(banks[i].algo, event, digest))
			return -EIO;
		put_u16(file, banks[i].tpm_id);
		fwrite(digest, banks[i].digest_len, 1, file);
	}
	put_u32(file, (uint32_t)event->len);
	fwrite(event->data, event->len, 1, file);
	return 0;
}

static int put_log(FILE *file, struct tpm *tpm)
{
	const struct tpm_bank *banks;
	unsigned int nr = tpm_banks(tpm, &banks);
	int ret = 0;

	put_header(file, banks, nr);
	for (size_t i = 0; !ret && i < ARRAY_SIZE(events); i++)
		ret = put_event(file, banks, nr, &events[i]);
	return ret;
}

int boot_log_write(struct tpm *tpm, const char *path)
{
	struct output output;
	int ret;

	if (!path)
		return 0;
	ret = output_open(&output, path);
	if (!ret) {
		ret = put_log(output.file, tpm);
		if (!ret)
			ret = output_commit(&output);
		output_fini(&output);
	}
	if (ret)
		fprintf(stderr, "imasim: %s: %s\n", path, path_strerror(ret));
	return ret;
}
