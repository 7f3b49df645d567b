/* SPDX-License-Identifier: MIT */
/*
 * The verifier's store: one SQLite file with the machines it knows, the challenges it made,
 * the newest checkpoint of each machine, and what it said. docs/verifier-store.md describes
 * the tables, and what each step promises.
 *
 *	struct store *store;
 *	struct store_round round;
 *	struct verify_request request = { ...policies... };
 *
 *	store_open(&options, &store);
 *	store_begin(store, &attest.qualifying, now, &round);	which challenge is it?
 *	store_request(store, &round, first_index, &request);
 *	verify_quote(&request, &evidence, list, &verdict);
 *	store_commit(store, &round, &verdict, now);		all of it, or nothing
 *
 * One transaction has the challenge used up, the verdict, and the checkpoint. Whatever ends
 * the process, a challenge is either unused, or used with its verdict. A verdict counts once
 * store_commit() has returned 0: before that, and when it fails, it is none.
 *
 * Several processes may have it open. One thread at a time may use a struct store.
 *
 * All functions return 0, a positive answer that is named, or a negative errno after they
 * have said what is wrong: -EBADMSG the file is damaged, or another one; -ENOTSUP made by a
 * newer imastage; -ENOENT; -ENOSPC; -EROFS; -EBUSY; -EACCES; -ENOMEM; -EIO.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/io.h"
#include "base/say.h"
#include "evidence/challenge.h"
#include "evidence/enroll.h"
#include "verify/checkpoint.h"

#define STORE_TEXT_MAX 255
#define STORE_ID_LEN 32 /* of ids that are made here: hexadecimal */

struct store;

struct store_options {
	const char *path;
	/* Of the verifier's private key, PEM; NULL: @path with ".key" behind. */
	const char *key;
	/* Further keys, whose checkpoints are accepted; private or public. */
	const char *const *accepted;
	size_t nr_accepted;
	/* Makes store and key where they are missing, with rights for the owner alone. */
	bool create;
	/*
	 * What store_verify_file() proves is kept in a folder, @path with ".evidence" behind,
	 * which is made where it is missing. kept.h and history.h are about what is in it.
	 */
	bool keep;
	const char *vfs; /* NULL: the system's files */
	const struct io *io; /* the same for evidence */
	const struct say *say; /* NULL: silence */
};

int store_open(const struct store_options *options, struct store **ret_store);
void store_close(struct store *store);

/* Random, made once, for ever. */
const char *store_verifier(const struct store *store);
const struct dsse_key *store_key(const struct store *store);

/* 0, or STORE_DAMAGED after it has said what SQLite finds. */
#define STORE_DAMAGED 1
int store_check(struct store *store);

/* ---- machines ---------------------------------------------------------------- */

enum store_trust {
	STORE_EK_CERTIFICATE, /* the EK has a certificate of a CA that was given */
	STORE_EK_PINNED, /* an EK that was given */
	STORE_TRUST_AK, /* an operator gave the AK: nothing shows whose it is */
	STORE_NR_TRUST,
};

/* "ek-certificate", "ek-pinned", "trust-ak" */
const char *store_trust_name(enum store_trust trust);

struct store_machine {
	char id[EVIDENCE_ID_MAX + 1];
	char host[ENROLL_HOST_MAX + 1]; /* as it called itself; may be empty */
	uint64_t added; /* when this key was taken, in seconds since 1970 */
	enum store_trust trust;
	char trusted[STORE_TEXT_MAX + 1]; /* details for people */
	MESSAGE_BYTES(ENROLL_PUBLIC_MAX) ak; /* TPM2B_PUBLIC */
	struct evidence_name ak_name;
	struct evidence_name ak_qualified; /* of no length: not known */
	struct evidence_name ek_name; /* the same */
	char barred[STORE_TEXT_MAX + 1]; /* empty: it is not */
	/* The next round starts afresh: an operator readmitted it, or it has a new key. */
	bool fresh;
	struct verify_carried
		carried; /* what was wrong in a boot, proved or not */
};

#define STORE_UNKNOWN 2 /* there is no such one */
#define STORE_EXISTS 3

/*
 * Adds one of STORE_TRUST_AK; the others come by enrolment. Of @machine id is set if it is
 * empty. STORE_EXISTS: its id, or its AK, is known.
 */
int store_add_machine(struct store *store, struct store_machine *machine,
		      uint64_t now);
/* STORE_UNKNOWN */
int store_get_machine(struct store *store, const char *id,
		      struct store_machine *ret_machine);
int store_find_machine(struct store *store, const struct evidence_name *ak_name,
		       struct store_machine *ret_machine);
/* The first whose id sorts behind @after ("": the first). STORE_UNKNOWN: there is none. */
int store_next_machine(struct store *store, const char *after,
		       struct store_machine *ret_machine);

/* With its challenges, checkpoints, verdicts and evidence. The decision stays. STORE_UNKNOWN */
int store_remove_machine(struct store *store, const char *id,
			 const char *reason, uint64_t now);
/*
 * Whatever it was rejected for, the next round is the first of this machine again, from
 * record 0. The chain of its checkpoints goes on. STORE_UNKNOWN
 */
int store_readmit_machine(struct store *store, const char *id,
			  const char *reason, uint64_t now);

/* ---- enrolment --------------------------------------------------------------- */

#define STORE_ENROLMENT_SECONDS 3600

/*
 * Notes what is to be enrolled once the machine gives @secret back. If a machine with that
 * EK is known, @machine->id becomes its id, and the new key will take the place of its old
 * one; else a random one.
 */
int store_begin_enrolment(struct store *store, struct store_machine *machine,
			  struct imastage_bytes secret, uint64_t now);

#define STORE_WRONG 4 /* it is not that secret */
#define STORE_EXPIRED 5

/* STORE_UNKNOWN, STORE_WRONG, STORE_EXPIRED; STORE_EXISTS: the AK is another machine's. */
int store_end_enrolment(struct store *store, const char *id,
			struct imastage_bytes secret, uint64_t now,
			struct store_machine *ret_machine);

/* ---- challenges ---------------------------------------------------------------- */

#define STORE_CHALLENGES_MAX \
	64 /* open ones of a machine: more end the oldest */

struct store_ask {
	const char *machine;
	struct evidence_selections pcrs; /* none: sha256:0-10 */
	uint64_t seconds; /* for which it is good */
	bool reverify; /* from record 0, and what was wrong before is forgotten if all is well */
};

/* A new one, committed. STORE_UNKNOWN */
int store_challenge(struct store *store, const struct store_ask *ask,
		    uint64_t now, struct challenge *ret_challenge);

/* ---- rounds -------------------------------------------------------------------- */

/* What a round starts with. Large. */
struct store_round {
	struct store_machine machine;
	bool has_challenge;
	struct challenge challenge;
	enum verify_challenge state;
	bool reverify;
	bool has_checkpoint; /* there is one to go on from */
	struct checkpoint checkpoint;
	/* The newest, gone on from or not: 0 if there is none. */
	uint64_t sequence;
	uint8_t hash[CHECKPOINT_HASH_LEN];
	char trusted[STORE_TEXT_MAX + 64];
};

/*
 * The round of the challenge that a quote with @qualifying answers, bound (qualifying.h).
 * STORE_UNKNOWN: no challenge of this verifier; the evidence is rejected.
 */
int store_begin(struct store *store, struct imastage_bytes qualifying,
		uint64_t now, struct store_round *ret_round);

/* A round without a challenge, as of the keeper's own quotes. STORE_UNKNOWN */
int store_begin_history(struct store *store, const char *machine,
			struct store_round *ret_round);

#define STORE_OTHER_START 6

/*
 * Fills in what the store knows: key, challenge, last quote, what is carried, where the
 * replay starts. @first: index of the first record of the evidence, as it says itself.
 * STORE_OTHER_START: neither 0 nor where the checkpoint ends, or from record 0 it has to be,
 * as its bank or PCRs are new or it is verified again. @round must stay, and the store.
 */
int store_request(const struct store *store, const struct store_round *round,
		  uint64_t first, struct verify_request *request);

#define STORE_USED 7 /* somebody else was faster with this challenge */
#define STORE_CHANGED 8 /* there is a newer checkpoint by now: begin again */

/*
 * One transaction: the challenge is used, the verdict is noted, the checkpoint advances if
 * the records were proved, the machine is barred if its counters went back. A verdict that
 * is none, or about a quote that the machine's key did not sign, changes nothing, and the
 * challenge stays good: anybody can send that. STORE_USED, STORE_CHANGED,
 * STORE_UNKNOWN (the machine was removed, or has another key): nothing was changed, and the
 * verdict is void.
 */
int store_commit(struct store *store, const struct store_round *round,
		 const struct verify_verdict *verdict, uint64_t now);

/*
 * Group commit: rounds between both are durable, and count, when store_end_group() has
 * returned 0. If that fails, none of them are.
 */
int store_begin_group(struct store *store);
int store_end_group(struct store *store);

/* ---- what is kept ---------------------------------------------------------------- */

/* Appends the envelope of the newest. STORE_UNKNOWN: there is none. */
int store_get_checkpoint(struct store *store, const char *machine,
			 struct imastage_buffer *envelope);

#define STORE_OLDER 9
#define STORE_FORK 10 /* not in the chain of this store */
#define STORE_OTHER_MACHINE 11
#define STORE_UNSIGNED 12 /* by no key that is accepted */

/*
 * Is @envelope the newest checkpoint of @machine? 0, or what it is instead, STORE_UNKNOWN
 * (no machine), -EBADMSG (no checkpoint).
 */
int store_judge_checkpoint(struct store *store, const char *machine,
			   struct imastage_bytes envelope);

#define STORE_VERDICTS_MAX 1000 /* of a machine: older ones go */

struct store_verdict {
	uint64_t id;
	uint64_t made;
	enum verify_result result;
	bool proved;
	uint32_t resets;
	uint64_t first, next;
	struct imastage_buffer reasons; /* owned; JSON, as in a checkpoint */
};

/* The last one with id < @before (0: the newest). STORE_UNKNOWN: there is none. */
int store_last_verdict(struct store *store, const char *machine,
		       uint64_t before, struct store_verdict *ret_verdict);

#endif
