/* SPDX-License-Identifier: MIT */
/*
 * A policy before an upgrade: what is new is added, and what it replaces stays allowed until a day.
 *
 * Machines upgrade when they do, and run old programs until these end. So no digest is taken
 * away at once: those of a package that now has another version retire, as others judge it, on
 * the day that is given here. Until then a machine is accepted before, during and after its
 * upgrade.
 */
#ifndef CATALOG_UPDATE_H
#define CATALOG_UPDATE_H

#include "policy/policy.h"

struct update_rules {
	uint64_t retires; /* the day, seconds since 1970 at midnight UTC; 0: nothing retires */
	uint64_t today; /* its midnight: what retires until then has retired */
	uint64_t drop_before; /* digests that have retired before are left out; 0: none */
};

struct update_counts {
	uint64_t nr_added; /* digests that the old policy did not have */
	uint64_t nr_kept; /* digests of the old policy as they were */
	uint64_t nr_retired; /* that get a day now */
	uint64_t nr_dropped;
	uint64_t nr_denied; /* added, and on the old policy's deny list all the same */
};

/*
 * Adds to @builder, which is empty, all of @old as far as @rules keep it, and all of @fresh. A
 * digest that both have does not retire. One that has retired is allowed again if @fresh has it without
 * a package, as somebody has decided. A package of which @fresh has the same version
 * stays; one of which it has nothing stays as well. Errors of policy.h.
 */
int update_policy(const struct policy *old, const struct policy *fresh,
		  const struct update_rules *rules,
		  struct policy_builder *builder,
		  struct update_counts *ret_counts);

#endif
