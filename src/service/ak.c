// SPDX-License-Identifier: MIT
/*
 * The attestation key that the configuration names.
 */
#include "service/ak.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/util.h"
#include "service/job.h"

#include <errno.h>

int ak_read_auth(const char *path, uint8_t ret_auth[TPM_AUTH_MAX],
		 size_t *ret_len)
{
	cleanup_free uint8_t *data = NULL;
	size_t len;
	int r;

	*ret_len = 0;
	if (!path || !*path)
		return 0;
	r = file_read(path, TPM_AUTH_MAX + 1, &data, &len);
	if (r < 0)
		return r;
	if (len && data[len - 1] == '\n')
		len--;
	if (len <= TPM_AUTH_MAX) {
		memcpy(ret_auth, data, len);
		*ret_len = len;
	}
	explicit_bzero(data, len);
	return len <= TPM_AUTH_MAX ? 0 : -EFBIG;
}

static void take_trouble(struct tpm *tpm, int r, char *text)
{
	char trouble[TPM_TROUBLE_MAX];

	tpm_trouble(tpm, trouble);
	snprintf(text, JOB_TEXT_MAX, "%.500s",
		 *trouble ? trouble : strerror(-r));
}

static int find(const struct config *config, struct tpm *tpm,
		struct tpm_ak *ret_ak, char *text)
{
	uint8_t auth[TPM_AUTH_MAX];
	struct tpm_ak_place place;
	size_t len;
	int r = ak_read_auth(config->ak_auth, auth, &len);

	if (r < 0) {
		snprintf(text, JOB_TEXT_MAX, "ak_auth %.400s: %s",
			 config->ak_auth, strerror(-r));
		return r;
	}
	r = tpm_ak_place_parse(config->ak, &place);
	if (r == 0)
		r = tpm_ak_open(tpm, &place, bytes_of(auth, len), ret_ak);
	explicit_bzero(auth, sizeof(auth));
	if (r < 0)
		take_trouble(tpm, r, text);
	return r;
}

int ak_open(const struct config *config, struct tpm *tpm, struct tpm_ak *ret_ak,
	    char *text)
{
	if (*config->ak)
		return find(config, tpm, ret_ak, text);
	snprintf(text, JOB_TEXT_MAX, "the configuration has 'ak = none'");
	return -ENOKEY;
}

int ak_ask_quote(const struct config *config, struct tpm *tpm,
		 struct self_quote *quote, char *text)
{
	struct tpm_ak ak;
	int r = ak_open(config, tpm, &ak, text);

	if (r < 0)
		return r;
	r = self_quote_ask(tpm, &ak, quote);
	if (r < 0)
		take_trouble(tpm, r, text);
	return r;
}
