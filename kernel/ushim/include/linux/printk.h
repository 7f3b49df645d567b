/* SPDX-License-Identifier: MIT */
/* Exact, and empty: the core has nothing to say to the kernel's log. */
