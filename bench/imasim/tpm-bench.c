// SPDX-License-Identifier: MIT
/*
 * tpm-bench TCTI COUNT: extends PCR 10 of a TPM COUNT times in all of its banks, as
 * fast as it takes commands: they are made before, and nothing is looked at but
 * whether they succeed. Prints {"seconds": S}.
 */
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "emu/tpm.h"
#include "../lib/measure.h"

#define PCR_EXTEND 0x182
#define WITH_SESSIONS 0x8002
#define PASSWORD 0x40000009
#define HEADER_LEN 10

struct packet {
	uint8_t data[TPM_PACKET_MAX];
	size_t len;
};

static void put(struct packet *packet, const void *data, size_t len)
{
	memcpy(packet->data + packet->len, data, len);
	packet->len += len;
}

static void put16(struct packet *packet, uint16_t value)
{
	value = htobe16(value);
	put(packet, &value, sizeof(value));
}

static void put32(struct packet *packet, uint32_t value)
{
	value = htobe32(value);
	put(packet, &value, sizeof(value));
}

/* Empty password, no attributes. */
static void put_authorization(struct packet *packet)
{
	put32(packet, 9);
	put32(packet, PASSWORD);
	put16(packet, 0);
	put(packet, "", 1);
	put16(packet, 0);
}

static void make_extend(struct tpm *tpm, struct packet *ret_packet)
{
	static const uint8_t digest[ALGO_DIGEST_MAX] = { 1, 2, 3 };
	const struct tpm_bank *banks;
	unsigned int nr = tpm_banks(tpm, &banks);
	uint32_t len;

	ret_packet->len = 0;
	put16(ret_packet, WITH_SESSIONS);
	put32(ret_packet, 0);
	put32(ret_packet, PCR_EXTEND);
	put32(ret_packet, TPM_IMA_PCR);
	put_authorization(ret_packet);
	put32(ret_packet, nr);
	for (unsigned int i = 0; i < nr; i++) {
		put16(ret_packet, banks[i].tpm_id);
		put(ret_packet, digest, banks[i].digest_len);
	}
	len = htobe32(ret_packet->len);
	memcpy(ret_packet->data + 2, &len, sizeof(len));
}

static int extend(struct tpm *tpm, const struct packet *command)
{
	uint8_t answer[TPM_PACKET_MAX];
	size_t len;

	if (tpm_exchange(tpm, command, command->data, command->len, answer,
			 &len))
		return -1;
	return len >= HEADER_LEN && !memcmp(answer + 6, "\0\0\0\0", 4) ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct packet command;
	struct tpm *tpm;
	double start;
	long nr;

	if (argc != 3 || tpm_open(argv[1], NULL, NULL, &tpm) || !tpm)
		return 2;
	nr = atol(argv[2]);
	make_extend(tpm, &command);
	start = now();
	for (long i = 0; i < nr; i++) {
		if (extend(tpm, &command)) {
			fputs("tpm-bench: the TPM refuses\n", stderr);
			return 1;
		}
	}
	printf("{\"seconds\": %.6f}\n", now() - start);
	tpm_close(tpm);
	return 0;
}
