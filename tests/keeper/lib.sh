# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the tests of the keeper share; sourced by them with $1, the build folder.
#
#	imasim (a kernel's files, a software TPM)  <--  imastaged  -->  archive
#	   |  twin: all records, never trimmed            ^
#	   '--- compared with archive + kernel ---        '-- imastage, sockets
#
# Each case has a machine of its own: `machine`, then `config` and `agent`.

# What is mounted here is nobody else's: who takes a copy into a namespace of his own keeps it
# from being unmounted.
if [[ ! ${own_mounts-} ]] && unshare -m true 2>/dev/null; then
	own_mounts=yes exec unshare -m "$BASH" "$0" "$@"
fi

build=$(cd "${1:?the build folder}" && pwd)
cd "$(dirname "$0")" || exit 1
here=$PWD
top=$(cd ../.. && pwd)
# shellcheck source=scripts/idle-clock.sh
. "$top/scripts/idle-clock.sh"
PATH=$build:$PATH
work=$(mktemp -d)
export IMASIM_SOCKET=$work/sim STATE_DIRECTORY=$work/state
# Half of a sanitized program's start is the look for leaks at its end: daemons alone have it.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=${LEAKS:-0}
nr=0
bad=0
agent_pid=
mounts=()

end_all() {
	[[ ! ${device-} ]] || fsfreeze -u "$work/disk" 2>/dev/null
	agent_kill KILL
	imasim stop >/dev/null 2>&1
	for dir in "${mounts[@]}"; do umount "$dir" 2>/dev/null; done
	fusermount3 -qu "$work/ima" 2>/dev/null
	rm -rf "$work"
}
trap end_all EXIT
trap 'exit 143' TERM

# report NAME WANTED GOT
report() {
	nr=$((nr + 1))
	if [[ $2 == "$3" ]]; then
		echo "ok $nr - $1"
		return
	fi
	bad=1
	echo "not ok $nr - $1"
	echo "# wanted '$2', got '$3'"
	for file in "$work"/{out,err,log}; do
		[[ -s $file ]] && tail -c 3000 "$file" | sed "s|^|# $(basename "$file"): |"
	done
}

skip() {
	nr=$((nr + 1))
	echo "ok $nr - $1 # SKIP $2"
}

finish() {
	echo "1..$nr"
	exit "$bad"
}

# wait_for COMMAND...: until it succeeds, two minutes of the idle clock at most
wait_for() {
	local end=$(($(idle_us) + 120000000))
	until "$@" >/dev/null 2>&1; do
		(($(idle_us) < end)) || return 1
		sleep 0.1
	done
}

# expect NAME COMMAND...: succeeds before long
expect() {
	local name=$1
	shift
	wait_for "$@"
	report "$name" 0 $?
}

# case_ NAME STATUS COMMAND...: exits with STATUS
case_() {
	local name=$1 want=$2
	shift 2
	"$@" >"$work/out" 2>"$work/err"
	report "$name" "$want" $?
}

# says NAME PATTERN: what the last case_ printed has such a line
says() {
	grep -aEq -- "$2" "$work/out" "$work/err"
	report "$1" 0 $?
}

# logged PATTERN, and how often
logged() { grep -aEq -- "$1" "$work/log"; }
times_logged() { grep -aEc -- "$1" "$work/log"; }

# ---- memory ----------------------------------------------------------------

# memory_stalled: microseconds in which somebody waited for memory
memory_stalled() { sed -n 's/^some.* total=//p' /proc/pressure/memory 2>/dev/null; }

# memory_group BYTES: makes a control group whose processes may have so much memory, and prints it
memory_group() {
	local root=/sys/fs/cgroup limit=memory.max group
	[[ -w /proc/pressure/memory ]] || return
	if [[ -d $root/memory ]]; then
		root+=/memory limit=memory.limit_in_bytes
	fi
	group=$(mktemp -d "$root/imastage-test-XXXXXX" 2>/dev/null) || return
	if ! echo "$1" 2>/dev/null >"$group/$limit"; then
		rmdir "$group"
		return 1
	fi
	echo "$group"
}

# ---- the machine -----------------------------------------------------------

# machine [OPTION]...: another one, with a TPM where there is one, and no archive
machine() {
	local tpm=none
	command -v swtpm >/dev/null && tpm=swtpm
	agent_kill KILL
	imasim stop >/dev/null 2>&1
	wait_for test ! -S "$IMASIM_SOCKET"
	rm -rf "${work:?}"/{archive,twin,boot_id,conf,log,control,metrics,out,err}
	mkdir -p "$work/ima"
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=1 imasim run --background --tpm "$tpm" --twin "$work/twin" --boot-id "$work/boot_id" "$@" "$work/ima" ||
		{ echo "Bail out! imasim does not start"; exit 1; }
	if [[ $tpm == swtpm ]]; then
		tcti="cmd:imasim --socket $IMASIM_SOCKET tpm"
	else
		tcti=none
	fi
}

# way: the TPM by a way that is closed, for who comes anew, as long as $work/silent is there
way() {
	rm -f "$work/silent"
	printf '#!/bin/sh\n[ -e %q ] || exec %q --socket %q tpm\n' "$work/silent" "$build/imasim" "$IMASIM_SOCKET" >"$work/way"
	chmod 755 "$work/way"
	tcti="cmd:exec $work/way"
}

# write_list FILE COMMAND: as another agent does, as soon as nobody else has the list
write_list() {
	local end=$(($(idle_us) + 120000000))
	until { exec 3<>"$work/ima/$1"; } 2>/dev/null; do
		(($(idle_us) < end)) || return
		sleep 0.1
	done
	echo "$2" >&3
	exec 3>&-
}

load() { imasim load "$@" >/dev/null; }
kernel_has() { imasim status | awk -v what="$1" '$1 == what { print $2 }'; }
kernel_is() { [[ $(kernel_has "$1") == "$2" ]]; }

# config LINE...: nothing but a start and an explicit request drains
config() {
	{
		cat <<-END
			archive = $work/archive
			source = $work/ima
			tpm = $tcti
			boot_id = $work/boot_id
			control = $work/control
			metrics_socket = $work/metrics
		END
		printf '%s\n' "$@"
		for key in 'poll = 1s' 'interval = 0' 'drain_records = 0' 'drain_bytes = 0' 'pressure = none' 'check_interval = 0'; do
			printf '%s\n' "$@" | grep "^${key%% =*} =" >/dev/null || echo "$key"
		done
	} >"$work/conf"
}

# ---- the agent -------------------------------------------------------------

agent_start() {
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=1 imastaged --verbose --config "$work/conf" 2>>"$work/log" 4<&- &
	agent_pid=$!
}

answers() { ask '{"do":"status"}' | grep '"state":"\(ok\|degraded\|rejected\)"' >/dev/null; }

# agent: starts it, and waits until it has reconciled
agent() {
	agent_start
	wait_for answers || echo "# the agent does not answer"
}

# agent_kill SIGNAL: and waits for its end
agent_kill() {
	[[ $agent_pid ]] || return 0
	kill "-$1" "$agent_pid" 2>/dev/null
	wait "$agent_pid" 2>/dev/null
	local status=$?
	agent_pid=
	return "$status"
}

# ask JSON: what the agent answers
ask() { python3 "$here/ask.py" "$work/control" "$1"; }

keep() { imastage "$1" --config "$work/conf" "${@:2}"; }
archive() { imastage archive "$1" --config "$work/conf" "${@:2}"; }
member() { keep status --json | python3 -c 'import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1].split("."): value = value[name]
print(value)' "$1"; }
member_is() { [[ $(member "$1") == "$2" ]]; }

metrics() { python3 "$here/http.py" "$work/metrics" 'GET /metrics HTTP/1.1'; }
metric_is() { metrics | grep -qF -- "$1 $2"; }
wrong_ids() { keep status --json | python3 -c 'import json, sys
status = json.load(sys.stdin)
assert status["ok"] == (not status["wrong"])
print(" ".join(sorted(wrong["id"] for wrong in status["wrong"])))'; }
is_wrong() { [[ $(wrong_ids) == "$1" ]]; }

# wrong NAME ID: the agent, its metrics and the command agree that this is wrong
wrong() {
	expect "$1: is wrong, in JSON: $2" is_wrong "$2"
	case_ "$1: status exits with 3" 3 keep status
	report "$1: its first line says so" "verdict    not ok: $2" "$(head -n 1 "$work/out")"
	says "$1: its second says what that is" "^  $2: ..."
	expect "$1: metrics say so" metric_is imastage_up 0
	report "$1: and what" 0 "$(metric_is "imastage_wrong{id=\"$2\"}" 1; echo $?)"
	report "$1: the state is no longer ok" 1 "$(member_is agent.state ok; echo $?)"
}

# well NAME: all of them agree that nothing is
well() {
	expect "$1: nothing is wrong, in JSON" is_wrong ""
	case_ "$1: status exits with 0" 0 keep status
	says "$1: its first line says so" '^verdict    ok: [0-9]+ records archived, [0-9]+ in the kernel'
	expect "$1: metrics say so" metric_is imastage_up 1
}

# nothing_lost: what is archived, then what the kernel has, are read at two instants
# between which an agent may save something
nothing_lost() {
	archive cat >"$work/list" 2>"$work/err"
	cat "$work/ima/binary_runtime_measurements_staged" "$work/ima/binary_runtime_measurements" >>"$work/list"
	cmp "$work/list" "$work/twin" >"$work/out" 2>&1
}

# whole NAME: archive and kernel are what was measured, and what the TPM has seen. A record
# that is lost stays lost, one that is there twice stays there: so it is tried again.
whole() {
	local expected=()
	expect "$1: archive and kernel are the list as if never trimmed" nothing_lost
	[[ $tcti == none ]] && return
	mapfile -t expected < <(imasim pcrs | sed 's/^/--expect=/')
	imastage log replay "${expected[@]}" "$work/list" >"$work/out" 2>&1
	report "$1: it explains the TPM's PCR 10" 0 $?
}

# ---- an archive on a disk of its own ---------------------------------------

# on_disk OPTIONS: a machine whose archive is on a disk of its own
on_disk() {
	# shellcheck disable=SC2119 # our options are not the machine's
	machine
	mkdir -p "$work/disk"
	mount -t tmpfs -o "$1" tmpfs "$work/disk" 2>"$work/err" || return 1
	archive_on_disk
}

# on_device: a machine whose archive is on an ext4 of its own, on $device (in memory, so
# that nobody waits for this machine's disk); $missing says why not
on_device() {
	# shellcheck disable=SC2119 # it takes options from others
	machine
	mkdir -p "$work/disk" "$work/memory"
	missing="missing mkfs.ext4"
	command -v mkfs.ext4 >/dev/null || return 1
	missing="ext4 cannot be mounted by a loop device here"
	mount -t tmpfs tmpfs "$work/memory" 2>"$work/err" || return 1
	mounts=("$work/memory")
	image=$work/memory/image
	truncate -s 32M "$image"
	mkfs.ext4 -q -F "$image" || return 1
	mount_device || return 1
	archive_on_disk
}

mount_device() {
	mount -o loop,errors=remount-ro "$image" "$work/disk" 2>"$work/err" || return 1
	device=$(findmnt -no SOURCE "$work/disk")
}

archive_on_disk() {
	mounts=("$work/disk" "${mounts[@]}")
	config 'drain_records = 500'
	sed -i "s|^archive.*|archive = $work/disk/archive|" "$work/conf"
}

off_disk() {
	agent_kill TERM
	umount "${mounts[@]}"
	mounts=()
}
