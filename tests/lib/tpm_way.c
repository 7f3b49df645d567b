// SPDX-License-Identifier: MIT
/*
 * See tpm_way.h.
 */
#include "lib/tpm_way.h"

#include "lib/testing.h"

#include <tss2/tss2_tctildr.h>

#define HEADER_LEN 10

static uint32_t number(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *tcti, size_t size,
			uint8_t const *command)
{
	struct tpm_way *way = (struct tpm_way *)tcti;

	uint32_t code = number(command + 6);

	way->is_hit = way->nr >= way->from && way->nr < way->to &&
		      code != way->spared &&
		      (!way->command || code == way->command);
	way->nr++;
	way->len = 0;
	if (way->is_hit && way->rc)
		return TSS2_RC_SUCCESS;
	return Tss2_Tcti_Transmit(way->real, size, command);
}

static TSS2_RC get_answer(struct tpm_way *way)
{
	const uint8_t refusal[HEADER_LEN] = { 0x80,
					      1,
					      0,
					      0,
					      0,
					      HEADER_LEN,
					      (uint8_t)(way->rc >> 24),
					      (uint8_t)(way->rc >> 16),
					      (uint8_t)(way->rc >> 8),
					      (uint8_t)way->rc };
	TSS2_RC rc;

	if (way->is_hit && way->rc) {
		memcpy(way->answer, refusal, sizeof(refusal));
		way->len = sizeof(refusal);
		way->was_hit = true;
		return TSS2_RC_SUCCESS;
	}
	way->len = sizeof(way->answer);
	rc = Tss2_Tcti_Receive(way->real, &way->len, way->answer,
			       TSS2_TCTI_TIMEOUT_BLOCK);
	if (rc == TSS2_RC_SUCCESS && way->is_hit && way->at < way->len) {
		way->answer[way->at] ^= 1;
		way->was_hit = true;
	}
	return rc;
}

static TSS2_RC receive(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *answer,
		       int32_t timeout)
{
	struct tpm_way *way = (struct tpm_way *)tcti;
	TSS2_RC rc = way->len ? TSS2_RC_SUCCESS : get_answer(way);

	(void)timeout;
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	if (answer && *size < way->len)
		return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
	*size = way->len;
	if (answer) {
		memcpy(answer, way->answer, way->len);
		way->len = 0;
	}
	return TSS2_RC_SUCCESS;
}

struct tpm *tpm_way_open(struct tpm_way *way, const char *tcti)
{
	struct tpm_esys link;
	struct tpm *tpm;

	*way = (struct tpm_way){ .common = { .version = 1,
					     .transmit = transmit,
					     .receive = receive } };
	assert_int_equal(Tss2_TctiLdr_Initialize(tcti, &way->real), 0);
	assert_int_equal(tpm_esys_adopt((TSS2_TCTI_CONTEXT *)way, &link), 0);
	assert_int_equal(tpm_new(link, NULL, &tpm), 0);
	return tpm;
}

void tpm_way_close(struct tpm_way *way, struct tpm *tpm)
{
	tpm_close(tpm);
	Tss2_TctiLdr_Finalize(&way->real);
}

void tpm_way_hit(struct tpm_way *way, unsigned int from, unsigned int nr,
		 TSS2_RC rc)
{
	way->nr = 0;
	way->from = from;
	way->to = from + nr;
	way->rc = rc;
	way->was_hit = false;
}
