#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# scripts/run-tests.sh [CHECK | SET]...
#
# Runs the checks named, or those of a set: `default`, `debug`. Without an
# argument, the default set. --list prints what there is. They are begun in this
# order, JOBS at the same time: by default as many as there are processors, 4 at
# most. What compares the results of others waits until it is alone.
#
# A check is a function check_NAME below. It says what it found by calling
#
#	pass NAME		one case that is as it should be
#	fail NAME		one that is not
#	skip NAME REASON	one that could not be tried
#	run_tap TITLE COMMAND	all cases of a program that prints TAP
#
# and may fail as a whole by a non-zero exit status; it runs with `set -e`. A
# check that says nothing counts as one case. `note TEXT` shows progress on the
# terminal; everything else a check prints goes to build/logs/NAME.log.
#
# The last line is `N passed, N failed`, with `, N skipped` when there are any.
# Exit status: 0 when nothing failed, 1 when something did, 2 wrong usage, 130 when
# it was interrupted: then all that runs is ended, and ends what it has begun.
# shellcheck disable=SC2317 # checks are called by name
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# shellcheck source=scripts/idle-clock.sh
. scripts/idle-clock.sh

logs=build/logs
tap_seconds=${TAP_SECONDS:-1500} # longer than any program takes on a busy machine
max_jobs=${JOBS:-$(($(nproc) < 4 ? $(nproc) : 4))}
current=  # the check, in its own process
exec 4>&1 # the terminal, for note

# What needs no kernel comes first.
default=(harness lint build install unit threads fuzz_corpus cli policy cli_valgrind keeper attest keeper_faults packaging kernel_core imasim sessions demo report series vm_harness)
debug=()
# Not beside others: what compares their results, and machines in which time counts.
alone=(conformance vm_suspend vm_keeper debug_suspend)

# ---- what checks call ------------------------------------------------------

result() {
	printf '%s\n' "$*" >&3
	printf '%s\n' "$*"
}

pass() { result "ok - $*"; }
fail() { result "not ok - $*"; }
skip() { result "skip - $1: $2"; }
note() { printf '        %s: %s\n' "$current" "$*" >&4; }

# need NAME PROGRAM...: skips the case NAME unless all programs are there.
need() {
	local name=$1 program
	shift
	for program; do
		command -v "$program" >/dev/null && continue
		skip "$name" "missing $program"
		return 1
	done
}

# run_tap TITLE COMMAND...: the cases of COMMAND become cases of the check. One
# more fails when the program does not keep its plan, prints none, or exits
# with an error without having reported one. Several programs may print one
# after the other: their plans add up. One that hangs is ended, see end_silent; so is waiting
# for what one has started and left behind, with its output.
run_tap() {
	local title=$1 raw status watcher
	shift
	raw=$(mktemp)
	end_silent "$raw" >/dev/null 3>&- 4>&- &
	watcher=$!
	(echo "$BASHPID" >"$raw.pid" && exec "$@") | (echo "$BASHPID" >"$raw.tee" && exec tee "$raw") && status=0 || status=$?
	kill "$watcher" 2>/dev/null || true
	[[ ! -s $raw.silent ]] || status=$(<"$raw.silent")
	while IFS= read -r line; do
		result "$line"
	done < <(tap_results "$title" "$status" <"$raw")
	rm -f "$raw"{,.pid,.tee,.silent}
}

# run_many TITLE COMMAND...: run_tap, of what starts sanitized programs by the thousand. Half of such a
# start is the look for leaks at its end: that is left to daemons and unit tests, or LEAKS=1 has it all.
run_many() { ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=${LEAKS:-0} run_tap "$@"; }

# end_silent FILE: ends the process in FILE.pid, which prints to FILE, with its children, once
# it has printed nothing for TAP_SECONDS of the idle clock; or, when it has ended before, who
# waits for more of FILE, a little later. FILE.silent has the status for it.
end_silent() {
	local size=0 idle=0 step=$((tap_seconds > 50 ? 5 : 1)) never before now tree limit=$tap_seconds status=124
	exec {never}<> <(:)
	before=$(idle_us)
	while ! read -r -t "$step" -u "$never" && ((idle < limit * 1000000)); do
		now=$(idle_us)
		idle=$((idle + now - before)) before=$now
		[[ $(stat -c %s "$1") == "$size" ]] || { size=$(stat -c %s "$1") && idle=0; }
		((status == 125)) || [[ ! -s $1.pid ]] || kill -0 "$(<"$1.pid")" 2>/dev/null || { status=125 limit=$((tap_seconds > 30 ? 30 : tap_seconds)) idle=0; }
	done
	echo "$status" >"$1.silent"
	mapfile -t tree < <(descendants "$(<"$1.pid")")
	kill "${tree[@]}" 2>/dev/null
	read -r -t 10 -u "$never" || kill -KILL "${tree[@]}" 2>/dev/null
	kill "$(<"$1.tee")"
}

# descendants PID: and the process itself
descendants() {
	local child
	for child in $(pgrep -P "$1"); do descendants "$child"; done
	echo "$1"
}

# cmocka writes a skipped case as `not ok N # SKIP name`, and counts one that was skipped
# before it began (in its setup) as failed; what was missing is in the comment before it.
tap_results() {
	awk -v title="$1" -v status="$2" '
		function name(line) {
			sub(/^(not )?ok *[0-9]* *(- )?/, "", line)
			sub(/ *# *SKIP.*/, "", line)
			return title ": " line
		}
		function reason(line) { sub(/.*# *SKIP */, "", line); return line }
		/^1\.\.[0-9]+/ { plan += substr($1, 4); planned = 1 }
		/^1\.\.0 *# *SKIP/ { print "skip - " title ": " reason($0); skipped = 1 }
		/^# missing / { missing = substr($0, 3) }
		/^(not )?ok( |$)/ {
			n++
			if (/ Could not run test: .*: Skipped!$/) {
				sub(/ Could not run test: .*/, "")
				print "skip - " name($0) ": " missing
				unrun++
			} else if ($0 ~ /# *SKIP/) print "skip - " name($0) ": " reason($0)
			else if ($1 == "ok") print "ok - " name($0)
			else { failed++; print "not ok - " name($0) }
		}
		/^Bail out!/ { failed++; print "not ok - " title ": " $0 }
		END {
			if (status == 124 || status == 137) print "not ok - " title ": did not end in time, or was killed"
			else if (status == 125) print "not ok - " title ": what it has started has outlived it, and holds its output"
			else if (planned && !plan && !skipped) print "not ok - " title ": planned no case"
			else if (!planned) print "not ok - " title ": printed no plan"
			else if (n + 0 != plan) print "not ok - " title ": " n + 0 " of " plan " planned cases"
			else if (status && !failed && !unrun) print "not ok - " title ": exit status " status
		}'
}

# build_in FOLDER OPTION... [-- TARGET...]: configures it the first time, and builds. One at a time.
build_in() {
	local dir=$1 lock options=()
	shift
	mkdir -p build
	exec {lock}>"$dir.lock"
	flock "$lock"
	while (($#)) && [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	[[ -f $dir/build.ninja ]] || meson setup "$dir" "${options[@]}"
	ninja -C "$dir" "${@:2}"
	exec {lock}>&-
}

# What is installed, without tests: these are built once, with the sanitizers.
build_release() { CC=gcc build_in build/release --buildtype=release -Dtests=disabled -Dwerror=true; }
build_tests() { build_in build/test -Db_sanitize=address,undefined -Dwerror=true; }

# ---- the checks ------------------------------------------------------------

# The tools that judge: this script, bench/bars, and what compares imasim with the kernel.
check_harness() {
	run_tap run-tests tests/test-run-tests
	run_tap bars bench/bars-test
	run_tap same-results tests/imasim/test-same-results
}

# Format, static checkers, licences, lengths.
check_lint() { run_tap lint scripts/lint.sh; }

# The programs, as they are used.
check_release() { build_release; }

# The same, with what benches measure with.
check_bench() {
	build_release
	meson configure build/release -Dtests=enabled
	ninja -C build/release log-bench verify-bench store-bench archive-bench tpm-bench passthrough
}

# Both compilers, optimised, without a warning.
check_build() {
	build_release
	pass gcc
	need clang clang || return 0
	CC=clang build_in build/clang --buildtype=release -Dtests=disabled -Dwerror=true
	pass clang
}

# libimastage as those have it who build on it.
check_install() {
	need install c++ nm pkg-config || return 0
	build_release
	build_tests
	corpus_tool=$PWD/build/test/fuzz_log_parse_corpus run_tap install tests/test-install build/release
}

# The unit tests beside the modules, under ASAN and UBSAN.
check_unit() {
	local name names
	build_tests
	names=$(meson test -C build/test --no-rebuild --suite unit --list 2>/dev/null | sed 's/.* \/ //')
	[[ -n $names ]]
	for name in $names; do
		run_tap "$name" "build/test/$name"
	done
	run_many quotes build/test/verify-cases tests/verify/quote build/test/imastage
	run_many policies build/test/verify-policies tests/verify/policy
	run_many keylime tests/verify/test-keylime
	run_many matrix build/test/verify-matrix build/test/imastage
	verifier_needs
}

# What verifies needs no FUSE, no database, no TPM and no packages, in its objects and when it runs.
verifier_needs() {
	local name="the verifier needs no FUSE, SQLite or TSS, its store no FUSE or TSS" all
	all=$(nm -u build/test/libimastage-verifier.a build/test/libimastage-trunk.a && readelf -d build/test/verify-cases)
	if [[ $all == *EVP_DigestVerify* && $all == *libcrypto* ]] &&
		! grep -E ' (fuse_|sqlite3_|Esys_|Tss2_|archive_|rpm)|NEEDED.*(fuse|sqlite|tss2|archive|rpm)' <<<"$all" &&
		! nm -u build/test/libimastage-store.a | grep -E ' (fuse_|Esys_|Tss2_)'; then
		pass "$name"
	else
		fail "$name"
	fi
}

# What runs on several threads, under TSAN.
check_threads() {
	local name names=(test_log_align test_log_check test_archive_processes test_source_source test_source_holders
		test_tpm_tpm test_keep_live test_view_view test_view_load)
	build_in build/tsan -Db_sanitize=thread -Dwerror=true -- "${names[@]}" \
		imastage imasim imasim-crowd keylime-like view-server
	for name in "${names[@]}"; do
		TSAN_OPTIONS=halt_on_error=1 run_tap "$name" "build/tsan/$name"
	done
	note "imasim, with a crowd of clients"
	run_tap imasim tests/imasim/test-imasim build/tsan
	run_tap verbs tests/imasim/test-verbs build/tsan
}

# Every seed and everything fuzzing has found, under ASAN and UBSAN.
check_fuzz_corpus() {
	local target targets seeds
	build_tests
	targets=$(tests/fuzz/seeds --list)
	[[ $targets ]]
	for target in $targets; do
		mapfile -t seeds < <(tests/fuzz/seeds "$target")
		run_tap "$target" "build/test/fuzz_${target}_corpus" "${seeds[@]}"
	done
}

# imastage as its users see it; what man pages and completion say of it; others
# that judge what it says.
check_cli() {
	build_tests
	run_many log tests/cli/test-log build/test
	run_many banks tests/cli/test-log-banks build/test
	run_many found tests/cli/test-log-found build/test
	run_tap docs tests/cli/test-docs build/test
	run_many oracle tests/cli/test-log-oracle build/test
	run_tap verify tests/cli/test-verify build/test
	run_tap policy tests/cli/test-policy build/test
	run_tap ak tests/cli/test-ak build/test
	run_tap verifier tests/cli/test-verifier build/test
	run_tap enroll tests/cli/test-enroll build/test
}

# Policies of packages that are built here, of systems, trees and lists.
check_policy() {
	build_tests
	run_tap create tests/policy/test-create build/test
	run_tap update tests/policy/test-update build/test
	run_tap approve tests/policy/test-approve build/test
}

# The same program as it is installed, under valgrind.
check_cli_valgrind() {
	need cli_valgrind valgrind || return 0
	build_release
	build_tests
	corpus_tool=$PWD/build/test/fuzz_log_parse_corpus run_tap log tests/cli/test-log-valgrind build/release
}

# The keeper's daemon and its verbs as their user sees them, on the emulator.
check_keeper() {
	build_tests
	note "two minutes"
	run_tap agent tests/keeper/test-agent build/test
	run_tap access tests/keeper/test-access build/test
	run_tap status tests/keeper/test-status build/test
	run_tap identity tests/keeper/test-identity build/test
	run_tap boots tests/keeper/test-boots build/test
}

# Evidence of a machine as its user makes it, on the emulator with a software TPM.
check_attest() {
	build_tests
	run_tap attest tests/attest/test-attest build/test
	run_tap boot tests/attest/test-boot build/test
	run_tap enrolled tests/attest/test-enrolled build/test
	run_tap refused tests/attest/test-refused build/test
	run_tap history tests/attest/test-history build/test
	run_tap rounds tests/attest/test-rounds build/test
	run_tap self tests/attest/test-self build/test
	run_tap withhold tests/attest/test-withhold build/test
}

# Keepers that are killed, starved and cut off at every step and at any moment;
# how often is said.
check_keeper_faults() {
	local name
	build_tests
	note "a thousand kills and about as many faults at every step, some minutes"
	if diff <(build/test/test_keep_decide --table) <(sed -n '/^| kernel | tpm/,/^$/ { /^$/d; p }' docs/keeper-reconcile.md) &&
		diff <(build/test/test_keep_decide --holds) <(sed -n '/^| tpm | id/,/^$/ { /^$/d; p }' docs/keeper-reconcile.md); then
		pass "docs/keeper-reconcile.md has the table of the code"
	else
		fail "docs/keeper-reconcile.md has the table of the code"
	fi
	for name in test_keep_steps test_keep_disk kill-rounds; do
		run_tap "$name" "build/test/$name" | tee "$logs/$name.tap"
		note "$name: $(sed -n 's/^# \([0-9]* faults injected.*\)/\1/p' "$logs/$name.tap")"
	done
	note "a file system that loses its power, half a minute"
	build_release
	run_tap power-off tests/keeper/test-power-off build/release
}

# What is installed with it, judged by systemd and AppArmor, and run by a systemd.
check_packaging() {
	build_release
	run_tap packaging tests/keeper/test-packaging build/release
	run_tap systemd tests/keeper/test-systemd build/release
}

# The kernel's staging core in user space: its KUnit tests, models, allocation
# failures, races; under ASAN and UBSAN, and under TSAN.
check_kernel_core() {
	need kernel_core gcc make || return 0
	run_tap asan make -s -C kernel/ushim asan
	run_tap tsan make -s -C kernel/ushim tsan
}

# The emulator as its user sees it, and the selftest of the kernel on it: with a
# TPM, and with ima_flush_htable.
check_imasim() {
	build_tests
	run_tap imasim tests/imasim/test-imasim build/test
	run_tap verbs tests/imasim/test-verbs build/test
	run_tap firmware tests/imasim/test-firmware build/test
	note "the kernel's selftest, two minutes"
	selftest_on_imasim selftest
	selftest_on_imasim flush --flush-htable -- -F
	need "selftest with a TPM" swtpm || return 0
	selftest_on_imasim tpm --tpm swtpm
}

# selftest_on_imasim NAME OPTION...: its TAP stays in build/imasim/NAME.tap
selftest_on_imasim() {
	local name=$1 program=build/test/ima_staging_test
	shift
	mkdir -p build/imasim
	rm -f "build/imasim/$name.tap"
	gcc -static -O2 -Wall -Wextra -Werror -D_GNU_SOURCE= -pthread -o "$program" \
		kernel/src/tools/testing/selftests/ima_staging/*.c
	run_tap "$name" tests/imasim/conformance build/test "$program" "$@" | tee "build/imasim/$name.tap"
}

# What docs/imasim.md and docs/attestation.md show is what happens.
check_sessions() {
	build_release
	run_tap sessions tests/imasim/test-sessions build/release docs/imasim.md docs/attestation.md docs/policy.md
	run_tap wrong tests/imasim/test-sessions build/release --must-fail tests/imasim/wrong-sessions.md
}

# make demo, in full, interrupted, and where it cannot run.
check_demo() {
	build_release
	note "tells the story a dozen times, two minutes"
	run_tap demo tests/demo/test-demo build/release
}

# Reports, in a real browser: hostile names, narrow windows, keys.
check_report() {
	build_tests
	run_tap browser tests/report/test-browser build/test/report-sample
}

# Every case of the selftest has the same result on imasim and in the kernel, when both were run.
check_conformance() {
	same_results selftest vm_abi build/vm/release-abi/results/abi.tap
	same_results flush vm_abi_flush build/vm/release-abi-flush/results/abi.tap
}

# same_results NAME CHECK TAP: of check imasim, and of CHECK in the kernel
same_results() {
	local tap
	for tap in "build/imasim/$1.tap" "$3"; do
		[[ -s $tap ]] && is_newer_than_selftest "$tap" && continue
		skip "$1" "no results of today's selftest: run the checks imasim and $2 first"
		return
	done
	run_tap "$1" tests/imasim/same-results "$3" "build/imasim/$1.tap"
}

is_newer_than_selftest() { [[ -z $(find kernel/src/tools -newer "$1" -name '*.[ch]') ]]; }

# The patches, as somebody who wants them in a tree would have them.
check_series() {
	note "compiles each commit of the series, a few minutes unless that is known"
	run_tap series kernel/tests/series
}

# The machine that the checks below run in.
check_vm_harness() { run_tap vm kernel/vm/tests/run; }

# check_vm_* and check_debug_*, in a real kernel
. tests/vm/checks.sh
default+=("${sim_scenarios[@]/#/sim_}" "${vm_scenarios[@]/#/vm_}" conformance)
debug+=("${debug_scenarios[@]/#/debug_}")

# ---- running them ----------------------------------------------------------

passed=0
failed=0
skipped=0
declare -A running=() # process and name of the checks that run

count() { grep -c "^$1 - " "$2" || true; }

# begin NAME: in a process group of its own, so that it can be ended with all it has begun
begin() {
	local name=$1
	set -m
	run_check "$name" </dev/null &
	set +m
	running[$!]=$name
}

# run_check NAME: leaves what there is to say of it in its files
run_check() {
	local start=$SECONDS status
	set +m
	current=$1
	: >"$logs/$current.results"
	(
		set -e
		"check_$current"
	) >"$logs/$current.log" 2>&1 3>>"$logs/$current.results"
	status=$?
	echo "$status $((SECONDS - start))" >"$logs/$current.status"
}

# account NAME: prints one line for it, and what failed or was skipped; counts its cases.
account() {
	local name=$1 log=$logs/$1.log results=$logs/$1.results status=ended seconds=0 ok bad skips verdict
	read -r status seconds <"$logs/$name.status" || true
	if [[ $status != 0 ]] && ! grep -q '^not ok - ' "$results"; then
		echo "not ok - $name: ended with exit status $status" | tee -a "$log" >>"$results"
	fi
	[[ -s $results ]] || echo "ok - $name" >"$results"

	ok=$(count ok "$results")
	bad=$(count 'not ok' "$results")
	skips=$(count skip "$results")
	verdict=ok
	((ok)) || verdict=skipped
	((!bad)) || verdict=FAILED
	printf '%-7s %-14s %4d passed %4d s\n' "$verdict" "$name" "$ok" "$seconds"
	sed -n 's/^skip - \(.*\): \(.*\)/        skipped: \1 (\2)/p; s/^not ok - /        FAILED: /p' "$results"
	((!bad)) || echo "        see $log"

	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skips))
}

# reap MAX: waits until no more than MAX run. (bash 5.2's `wait -n` forgets jobs that ended before.)
reap() {
	local pid
	while :; do
		for pid in "${!running[@]}"; do
			kill -0 "$pid" 2>/dev/null && continue
			account "${running[$pid]}"
			unset "running[$pid]"
		done
		((${#running[@]} > $1)) || return 0
		sleep 0.1
	done
}

is_alone() { [[ " ${alone[*]} " == *" $1 "* ]]; }

run_checks() {
	local name
	for name; do
		rm -f "$logs/$name".{status,results}
		if is_alone "$name"; then reap 0; else reap $((max_jobs - 1)); fi
		begin "$name"
		if is_alone "$name"; then reap 0; fi
	done
	reap 0
}

# signal_all SIGNAL: to all that the checks have begun; fails when there is nothing any more
signal_all() {
	local pid some=1
	for pid in "${!running[@]}"; do kill "-$1" -- "-$pid" 2>/dev/null && some=0; done
	return "$some"
}

# shellcheck disable=SC2317 # called by the trap
interrupted() {
	local i
	trap '' INT TERM HUP
	signal_all TERM
	for ((i = 0; i < 300; i++)); do
		signal_all 0 || break
		sleep 0.1
	done
	signal_all KILL
	echo "interrupted: ended ${running[*]}" >&2
	exit 130
}

# The system's python3, which scripts/setup.sh has seen to: another one in front of it may start three
# shells each time, and tests ask it thousands of times.
take_python() {
	local own=build/bin
	[[ -x /usr/bin/python3 && $(command -v python3) != /usr/bin/python3 ]] || return 0
	mkdir -p "$own"
	ln -sf /usr/bin/python3 "$own/python3"
	PATH=$PWD/$own:$PATH
}

# expand NAME: the checks that a name on the command line stands for.
expand() {
	case $1 in
	default) printf '%s\n' "${default[@]}" ;;
	debug) printf '%s\n' ${debug[@]+"${debug[@]}"} ;;
	*) printf '%s\n' "$1" ;;
	esac
}

list() {
	echo "default: ${default[*]}"
	echo "debug: ${debug[*]-}"
	echo "all: $(declare -F | sed -n 's/^declare -f check_//p' | tr '\n' ' ')"
}

main() {
	local checks name
	(($#)) || set -- default
	if [[ $1 == --list ]]; then
		list
		return 0
	fi
	mapfile -t checks < <(for name; do expand "$name"; done | sed '/^$/d')
	for name in ${checks[@]+"${checks[@]}"}; do
		declare -F "check_$name" >/dev/null && continue
		echo "run-tests: no check '$name'; --list prints what there is" >&2
		return 2
	done
	if ((${#checks[@]} == 0)); then
		echo "run-tests: there is no check in '$*'" >&2
		return 2
	fi
	mkdir -p "$logs"
	take_python
	trap interrupted INT TERM HUP
	run_checks "${checks[@]}"
	trap - INT TERM HUP
	((skipped)) && echo "$passed passed, $failed failed, $skipped skipped" || echo "$passed passed, $failed failed"
	((failed == 0))
}

# Sourced by its own test, which brings its own checks.
[[ ${BASH_SOURCE[0]} != "$0" ]] || main "$@"
