// SPDX-License-Identifier: MIT
/*
 * Texts of boot policies, the tests' own.
 */
#include "lib/bootmaker.h"
#include "base/bytes.h"
#include "base/hex.h"

#define EVENT                                                      \
	"{\"events\":[{\"kind\":\"0x80000003\",\"digest\":\"%s\"," \
	"\"required\":true}]}"

static int put_pcr(const struct boot_made *made, unsigned int pcr, char *text,
		   size_t room)
{
	char hex[HEX_TEXT_LEN(32)];
	int len;

	hex_encode(bytes_of(made->values[pcr], 32), hex);
	len = snprintf(text, room, "%s\"%u\":", pcr ? "," : "", pcr);
	if (pcr == 4 && made->pcr_4_by_event)
		return len +
		       snprintf(text + len, room - (size_t)len, EVENT, hex);
	return len + snprintf(text + len, room - (size_t)len,
			      "{\"values\":[\"%s\"]}", hex);
}

size_t bootmaker_policy(const struct boot_made *made, char text[4096])
{
	size_t len = (size_t)snprintf(
		text, 4096,
		"{\"imastage\":\"boot-policy-1\",\"generations\":[{"
		"\"name\":\"made\",\"approved_by\":\"%s\","
		"\"approved_at\":\"%s\",\"bank\":\"sha256\","
		"\"secure_boot\":\"any\",\"ima_policy\":\"%s\",\"pcrs\":{",
		made->by, *made->by ? "2026-12-01T03:00:00Z" : "",
		made->ima_policy);

	for (unsigned int pcr = 0; pcr < 10; pcr++)
		len += (size_t)put_pcr(made, pcr, text + len, 4096 - len);
	len += (size_t)snprintf(text + len, 4096 - len, "}}]%s%s}",
				made->kexec ? ",\"kexec\":" : "",
				made->kexec ? made->kexec : "");
	return len;
}
