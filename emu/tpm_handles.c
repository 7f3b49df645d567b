// SPDX-License-Identifier: MIT
/* Who has made what in the TPM. See tpm_handles.h. */

#include "emu/tpm_handles.h"

#include <tss2/tss2_tpm2_types.h>

#define CODE_OFFSET 6 /* of a command; an answer has its result there */
#define HANDLE_OFFSET \
	10 /* of an answer, and of what TPM2_FlushContext flushes */
#define LEN_MIN (HANDLE_OFFSET + 4)

static uint32_t number_at(const uint8_t *data, size_t offset)
{
	return (uint32_t)data[offset] << 24 | (uint32_t)data[offset + 1] << 16 |
	       (uint32_t)data[offset + 2] << 8 | data[offset + 3];
}

static bool makes_a_handle(uint32_t code)
{
	switch (code) {
	case TPM2_CC_CreatePrimary:
	case TPM2_CC_CreateLoaded:
	case TPM2_CC_Load:
	case TPM2_CC_LoadExternal:
	case TPM2_CC_ContextLoad:
	case TPM2_CC_HMAC_Start:
	case TPM2_CC_HashSequenceStart:
	case TPM2_CC_StartAuthSession:
		return true;
	default:
		return false;
	}
}

/* What is persistent or of NV memory stays. */
static bool is_volatile(uint32_t handle)
{
	uint32_t type = handle >> TPM2_HR_SHIFT;

	return type == TPM2_HT_TRANSIENT || type == TPM2_HT_HMAC_SESSION ||
	       type == TPM2_HT_POLICY_SESSION;
}

static void forget(struct tpm_handles *handles, uint32_t handle)
{
	for (unsigned int i = 0; i < handles->nr; i++) {
		if (handles->of[i].handle == handle)
			handles->of[i--] = handles->of[--handles->nr];
	}
}

static void add(struct tpm_handles *handles, const void *owner, uint32_t handle)
{
	forget(handles, handle);
	if (is_volatile(handle) && handles->nr < TPM_HANDLES_MAX)
		handles->of[handles->nr++] =
			(struct tpm_handle){ handle, owner };
}

void tpm_handles_note(struct tpm_handles *handles, const void *owner,
		      const uint8_t *command, size_t command_len,
		      const uint8_t *answer, size_t answer_len)
{
	uint32_t code;

	if (command_len < HANDLE_OFFSET || answer_len < HANDLE_OFFSET ||
	    number_at(answer, CODE_OFFSET) != TPM2_RC_SUCCESS)
		return;
	code = number_at(command, CODE_OFFSET);
	if (makes_a_handle(code) && answer_len >= LEN_MIN)
		add(handles, owner, number_at(answer, HANDLE_OFFSET));
	if (code == TPM2_CC_FlushContext && command_len >= LEN_MIN)
		forget(handles, number_at(command, HANDLE_OFFSET));
}

bool tpm_handles_take(struct tpm_handles *handles, const void *owner,
		      uint32_t *ret_handle)
{
	for (unsigned int i = 0; i < handles->nr; i++) {
		if (handles->of[i].owner != owner)
			continue;
		*ret_handle = handles->of[i].handle;
		handles->of[i] = handles->of[--handles->nr];
		return true;
	}
	return false;
}
