# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2317
#
# What tests of imasim share; to be sourced with the build folder as first argument.
# Cases are functions, called by test_, with the files in $dir and room in $work.
set -u -o pipefail

# shellcheck source=scripts/idle-clock.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/idle-clock.sh"

build=$(cd "${1:?the build folder}" && pwd)
work=$(mktemp -d)
dir=$work/ima
export IMASIM_SOCKET=$work/socket TMPDIR=$work
# What sanitizers say of a process in the background is looked for in the end.
mkdir "$work/sanitizers"
export ASAN_OPTIONS=log_path=$work/sanitizers/asan:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=log_path=$work/sanitizers/tsan:second_deadlock_stack=1
mkdir "$dir"

nr=0
bad=0

cleanup() {
	sim stop 2>/dev/null
	wait_until ! mounted
	rm -rf "$work"
}

sim() { "$build/imasim" "$@"; }
mounted() { mountpoint -q "$dir"; }

# wait_until [!] COMMAND: half a minute of the idle clock at most
wait_until() {
	local end=$(($(idle_us) + 30000000))
	while (($(idle_us) < end)); do
		if [[ $1 == ! ]]; then "${@:2}" || return 0; else "$@" && return 0; fi
		sleep 0.05
	done
	return 1
}

# run OPTION...: begins anew
run() {
	sim stop 2>/dev/null
	wait_until ! mounted
	sim run --background "$@" "$dir"
}

report() { # NAME STATUS: 0 is good
	nr=$((nr + 1))
	if (($2 == 0)); then
		echo "ok $nr - $1"
	else
		bad=1
		echo "not ok $nr - $1"
		[[ ! -s $work/why ]] || sed 's/^/# /' "$work/why"
	fi
}

# test_ NAME COMMAND...: the command must succeed; what it prints explains why it does not
test_() {
	local name=$1
	shift
	"$@" >"$work/why" 2>&1
	report "$name" $?
}

is() { # WHAT WANTED GOT
	[[ $2 == "$3" ]] && return
	echo "$1 is '$3', not '$2'"
	return 1
}

count() { cat "$dir/$1_measurements_count"; }
counts_are() { is counts "$*" "$(count deleted) $(count staged) $(count runtime)"; }
command_() { echo "$2" >"$dir/$1"; }

# refused ERROR FILE COMMAND: what the write says
refused() {
	local said
	said=$(LC_ALL=C bash -c 'echo "$2" >"$1"' _ "$dir/$2" "$3" 2>&1) && {
		echo "$3 was not refused"
		return 1
	}
	[[ $said == *"$1"* ]] || is "$3 of $2" "$1" "$said"
}

# files N: measures N new ones
files() {
	local i
	mkdir -p "$work/files"
	for ((i = 0; i < $1; i++)); do
		file=$((${file-0} + 1))
		echo "content $file" >"$work/files/$file"
		sim measure "$work/files/$file" || return
	done
}

current=binary_runtime_measurements
staged=binary_runtime_measurements_staged

# Stages all, appends it to $work/parts, deletes it: on one descriptor.
drain() {
	exec 3<>"$dir/$staged" || return
	echo A >&3 && cat <&3 >>"$work/parts" && echo D >&3
	local status=$?
	exec 3>&-
	return "$status"
}

# The parts and what is there now are what the TPM's PCR 10 stands for, in every bank.
replays() {
	local expect=() pcr
	cat "$work/parts" "$dir/$current" >"$work/all" 2>/dev/null || cat "$dir/$current" >"$work/all"
	for pcr in $(sim pcrs); do
		expect+=(--expect "$pcr" --bank "${pcr%%:*}")
	done
	((${#expect[@]} >= 4)) || return
	"$build/imastage" log replay "${expect[@]}" "$work/all"
}

# begin_or_skip: one that runs, or the end of the whole test
begin_or_skip() {
	if [[ ! -e /dev/fuse ]]; then
		echo '1..0 # SKIP there is no /dev/fuse'
		exit 0
	fi
	trap cleanup EXIT
	if ! run 2>"$work/why"; then
		if grep -q 'Operation not permitted' "$work/why"; then
			echo "1..0 # SKIP nothing may be mounted: $(head -n 1 "$work/why")"
			exit 0
		fi
		report 'imasim starts' 1
		echo "1..$nr"
		exit 1
	fi
}

skip() { echo "ok $((nr += 1)) - $1 # SKIP $2"; }

sanitizers_are_silent() {
	sim stop 2>/dev/null
	wait_until ! mounted && wait_until ! pgrep -f "$build/imasim run .*$dir" >/dev/null
	cat "$work"/sanitizers/* 2>/dev/null
	! compgen -G "$work/sanitizers/*" >/dev/null
}

finish() {
	if grep -q '__[at]san_init' "$build/imasim"; then
		test_ 'sanitizers have nothing to say' sanitizers_are_silent
	fi
	echo "1..$nr"
	exit "$bad"
}
