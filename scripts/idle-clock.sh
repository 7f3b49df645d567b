# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A clock for limits that shall catch what hangs, and not measure the machine. Sourced
# by scripts.

# idle_us: microseconds, that go by a tenth as fast while some process waits for a processor
idle_us() {
	local total=total=0
	read -r _ _ _ _ total 2>/dev/null </proc/pressure/cpu || true
	echo $((${EPOCHREALTIME/[.,]/} - ${total#total=} * 9 / 10))
}
