// SPDX-License-Identifier: MIT
/*
 * Checkpoints: made of a verdict, written, read. What is read was signed by the verifier,
 * and is bounded and strict nevertheless: somebody may have its key.
 */
#include "verify/checkpoint.h"
#include "base/hex.h"
#include "base/json_text.h"
#include "base/util.h"
#include "evidence/message.h"
#include "log/buffer.h"
#include "verify/checkpoint_text.h"

#include <errno.h>
#include <openssl/evp.h>

/* ---- making -------------------------------------------------------------------- */

static bool same_boot(const struct checkpoint *before,
		      const struct verify_verdict *verdict)
{
	return before && before->clock.resets == verdict->clock.resets;
}

static void set_first_record(struct checkpoint *checkpoint,
			     const struct checkpoint *before,
			     const struct verify_verdict *verdict)
{
	if (verdict->has_first_record) {
		checkpoint->has_first_record = true;
		memcpy(checkpoint->first_record, verdict->first_record,
		       VERIFY_RECORD_LEN);
	} else if (same_boot(before, verdict) && before->has_first_record) {
		checkpoint->has_first_record = true;
		memcpy(checkpoint->first_record, before->first_record,
		       VERIFY_RECORD_LEN);
	}
}

/* Those of the records before, and the one of this round. */
static void set_policies(struct checkpoint *checkpoint,
			 const struct checkpoint *before,
			 const struct verify_verdict *verdict)
{
	size_t nr = 0;

	if (before && verdict->continues) {
		nr = before->nr_policies;
		memcpy(checkpoint->policies, before->policies,
		       sizeof(checkpoint->policies));
	}
	checkpoint->nr_policies = nr;
	for (size_t i = 0; i < nr; i++)
		if (!memcmp(checkpoint->policies[i], verdict->policy,
			    CHECKPOINT_HASH_LEN))
			return;
	if (verdict->has_policy && nr < CHECKPOINT_POLICIES_MAX)
		memcpy(checkpoint->policies[checkpoint->nr_policies++],
		       verdict->policy, CHECKPOINT_HASH_LEN);
}

int checkpoint_make(const struct checkpoint *before,
		    const uint8_t hash[CHECKPOINT_HASH_LEN],
		    const char *machine, const struct evidence_name *ak_name,
		    const struct verify_verdict *verdict, uint64_t now,
		    struct checkpoint *ret_checkpoint)
{
	struct checkpoint *checkpoint = ret_checkpoint;

	if (!verdict->proved || verdict->result == VERIFY_NONE)
		return CHECKPOINT_NOT_PROVED;
	memset(checkpoint, 0, sizeof(*checkpoint));
	snprintf(checkpoint->machine, sizeof(checkpoint->machine), "%s",
		 machine);
	checkpoint->ak_name = *ak_name;
	checkpoint->sequence = before ? before->sequence + 1 : 1;
	if (before)
		memcpy(checkpoint->previous, hash, CHECKPOINT_HASH_LEN);
	checkpoint->made = now;
	checkpoint->clock = verdict->clock;
	checkpoint->firmware = verdict->firmware;
	set_first_record(checkpoint, before, verdict);
	checkpoint->next = verdict->next_index;
	checkpoint->pcrs = verdict->pcrs;
	set_policies(checkpoint, before, verdict);
	checkpoint->kexec = verdict->kexec;
	checkpoint->verdict = verdict->result;
	verify_carry(verdict, &checkpoint->carried);
	return 0;
}

int checkpoint_hash(struct imastage_bytes envelope,
		    uint8_t ret_hash[CHECKPOINT_HASH_LEN])
{
	return EVP_Digest(envelope.data, envelope.len, ret_hash, NULL,
			  EVP_sha256(), NULL) == 1 ?
		       0 :
		       -EIO;
}

/* ---- going on ------------------------------------------------------------------ */

void checkpoint_apply(const struct checkpoint *checkpoint, bool goes_on,
		      struct verify_request *request)
{
	request->has_last = true;
	request->last = checkpoint->clock;
	request->has_firmware = true;
	request->firmware = checkpoint->firmware;
	request->known_next = checkpoint->next;
	request->has_first_record = checkpoint->has_first_record;
	memcpy(request->first_record, checkpoint->first_record,
	       VERIFY_RECORD_LEN);
	request->carried = &checkpoint->carried;
	request->start = goes_on ? &checkpoint->pcrs : NULL;
	request->first_index = goes_on ? checkpoint->next : 0;
	request->policies = checkpoint->policies;
	request->nr_policies = goes_on ? checkpoint->nr_policies : 0;
	request->kexec = goes_on ? checkpoint->kexec : 0;
}

bool checkpoint_covers(const struct checkpoint *checkpoint,
		       const struct evidence_selections *asked)
{
	for (size_t i = 0; i < asked->nr; i++) {
		enum imastage_bank bank;

		if (imastage_bank_by_tpm_alg(asked->of[i].alg, &bank) < 0 ||
		    (checkpoint->pcrs.set[bank] & asked->of[i].pcrs) !=
			    asked->of[i].pcrs)
			return false;
	}
	return true;
}

/* ---- envelopes ------------------------------------------------------------------- */

int checkpoint_sign(const struct checkpoint *checkpoint,
		    const struct dsse_key *key,
		    struct imastage_buffer *envelope)
{
	struct imastage_buffer payload = { 0 };
	int r = checkpoint_write(checkpoint, &payload);

	if (r == 0)
		r = dsse_sign(key, CHECKPOINT_TYPE,
			      bytes_of(payload.data, payload.len), envelope);
	free(payload.data);
	return r;
}

int checkpoint_open(struct imastage_bytes envelope,
		    const struct dsse_keys *keys,
		    struct checkpoint *ret_checkpoint,
		    struct evidence_error *ret_error)
{
	struct imastage_buffer payload = { 0 };
	int r;

	if (envelope.len > CHECKPOINT_LEN_MAX) {
		ret_error->offset = CHECKPOINT_LEN_MAX;
		ret_error->reason = "it is too long";
		return -EBADMSG;
	}
	r = dsse_open(envelope, CHECKPOINT_TYPE, keys, &payload, NULL,
		      ret_error);
	if (r == 0)
		r = checkpoint_parse(bytes_of(payload.data, payload.len),
				     ret_checkpoint, ret_error);
	free(payload.data);
	return r;
}
