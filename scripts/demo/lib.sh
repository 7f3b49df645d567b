# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the scenes of `make demo` are made with. They run in the folder of the demo,
# and find there:
#
#	ima/		the files of the machine: imasim with a software TPM
#	never/		those of a second one that measures the same and never deletes
#	other/		those of a third one, for a moment
#	judged/		those of a fourth one, which is judged by policies
#	attest/		evidence, and the verifier's store
#	view/		where the keeper's whole list is shown as files
#	parts/		what was saved, one file for each round
#	private/	sockets, the TPM's state; gone at the end

# shellcheck source=scripts/idle-clock.sh
. "$here/../idle-clock.sh"

# ---- what is said -------------------------------------------------------------

if [[ -t 1 && -z ${NO_COLOR-} && ${TERM-dumb} != dumb ]]; then
	bold=$'\e[1m' dim=$'\e[2m' good=$'\e[32m' plain=$'\e[0m'
else
	bold='' dim='' good='' plain=''
fi
width=100
[[ ! -t 1 ]] || read -r _ width < <(stty size </dev/tty 2>/dev/null) || width=100
((width = width < 80 ? 80 : width > 100 ? 100 : width, width -= 3))
nr_scenes=0

# title TEXT: a scene begins.
title() {
	nr_scenes=$((nr_scenes + 1))
	printf '\n%s%d  %s%s\n\n' "$bold" "$nr_scenes" "$1" "$plain"
}

# tell TEXT...: a paragraph: what is to be seen, and why it matters.
tell() { fold -s -w "$width" <<<"$*" | sed 's/^/   /; s/ *$//'; }
gap() { echo; }
row() {
	# shellcheck disable=SC2059 # the format is ours
	printf "   $1\n" "${@:2}"
}

# found TEXT: something that had to be so, and is.
found() { printf '   %s=%s %s\n' "$good" "$plain" "$1"; }

show_command() { printf '   %s$ %s%s\n' "$dim" "$1" "$plain"; }
indented() { sed 's/^/     /'; }

# run_shown COMMAND: shows it, and runs it in this shell.
run_shown() {
	show_command "$1"
	eval "$1"
}

# run_output COMMAND: shows it, runs it, shows what it prints, which is in private/output,
# too. Its exit status is the result.
run_output() {
	local status
	show_command "$1"
	eval "$1" >private/output
	status=$?
	indented <private/output
	return "$status"
}

# refused ERROR COMMAND: shows it, runs it, shows what is said: it has to fail so.
refused() {
	show_command "$2"
	{ ! eval "$2"; } 2>private/said && grep -q "$1" private/said || return
	sed 's/.*line [0-9]*: /bash: /' private/said | indented
}

# A ^C ends the programs of a scene, too, so the scene may fail before this shell has seen
# the signal. The kernel forks nothing while it signals a group, and a shell runs its traps
# between two commands: after a fork an interruption has been told from a failure.
die() {
	(:)
	printf '\ndemo: %s\n' "$*" >&2
	[[ ! -s private/errors ]] || cat private/errors >&2
	exit 1
}

# ---- whether it can run -------------------------------------------------------

# no_fuse REASON: what to do instead.
no_fuse() {
	cat >&2 <<-END
		demo: $1

		      make demo shows the kernel's files through FUSE, which it cannot do here. Either

		        allow it    on a machine: modprobe fuse, and the package fuse3
		                    in a container: --device /dev/fuse --cap-add SYS_ADMIN, and on Ubuntu
		                    --security-opt apparmor=unconfined
		        or run      make demo-vm
		                    the same story in a real Linux in QEMU; neither FUSE nor KVM nor root
		                    is needed, but it builds a kernel first (some minutes)
	END
	return 1
}

can_run() {
	if [[ ! -c /dev/fuse ]]; then
		no_fuse "there is no /dev/fuse."
	elif ! { : <>/dev/fuse; } 2>/dev/null; then
		no_fuse "/dev/fuse may not be opened by $(id -un 2>/dev/null || id -u)."
	fi
}

build_programs() {
	local top=$here/../..
	mkdir -p "$top/build"
	[[ -x $top/build/release/imasim ]] || echo "Building the programs, for a minute or two ..."
	"$top/scripts/run-tests.sh" release >"$top/build/demo-build.log" 2>&1 ||
		die "the build failed; see build/demo-build.log"
	bin=$top/build/release
}

# ---- coming and going ---------------------------------------------------------

# enter DIR: makes it the folder of the demo, in place of what an earlier one left.
enter() {
	bin=$(cd "$bin" && pwd) && mkdir -p "$1" && cd "$1" || exit 1
	exec 9>lock
	flock --nonblock 9 || die "another demo is running in $1"
	PATH=$bin:$PATH
	[[ -e ima || -e never || -e other || -e judged || -e view || -e private ]] && clear_away
	rm -rf parts list tampered forged archive kept attest account.json
	# Sockets have short names, so all is done from in here.
	mkdir ima never view private parts || exit 1
	export TMPDIR=private IMASIM_SOCKET=private/socket STATE_DIRECTORY=private/state LC_ALL=C
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 141' PIPE
	trap 'exit 143' TERM
	trap leave EXIT
}

pids=()

# in_background COMMAND...: ends at the latest with the demo, however that ends.
in_background() {
	setpriv --pdeathsig TERM "$@" &
	pids+=($!)
}

# machine DIR SOCKET OPTION...: starts an imasim. It gets a signal to end by if the
# demo is killed.
machine() {
	local dir=$1 socket=$2 pid
	shift 2
	setpriv --pdeathsig TERM imasim --socket "$socket" run "$@" "$dir" 2>private/said &
	pid=$!
	wait_for is_up_or_over "$socket" "$pid"
	! is_up "$socket" || return 0
	kill "$pid" 2>/dev/null
	grep -q 'fuse' private/said && no_fuse "nothing may be mounted: $(head -n 1 private/said)" && return
	die "imasim did not start: $(cat private/said)"
}

is_up() { [[ -S $1 ]] && imasim --socket "$1" status >/dev/null 2>&1; }
is_up_or_over() { is_up "$1" || ! kill -0 "$2" 2>/dev/null; }

is_mounted() { mountpoint -q "$1"; }

# let_go DIR: unmounts it, now or when the last one has closed its files.
let_go() {
	local i
	for ((i = 0; i < 100; i++)); do
		is_mounted "$1" || break
		sleep 0.05
	done
	! is_mounted "$1" || umount --lazy "$1" 2>/dev/null || fusermount3 -uqz "$1"
	[[ ! -d $1 ]] || rmdir "$1"
}

# clear_away: ends all that runs here, unmounts, and removes what is not to stay.
clear_away() {
	local socket
	for socket in private/socket private/never private/other private/judged; do
		[[ ! -S $socket ]] || imasim --socket "$socket" stop >/dev/null 2>&1
	done
	let_go view
	let_go ima
	let_go never
	let_go other
	let_go judged
	rm -rf private
}

leave() {
	local status=$?
	trap '' HUP INT PIPE TERM
	((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null
	exec 3>&-
	clear_away
	wait
	((status < 128)) || printf '\ndemo: interrupted; nothing is mounted, nothing runs any more.\n' >&2
	exit "$status"
}

# ---- the machine --------------------------------------------------------------

staged=ima/binary_runtime_measurements_staged
current=ima/binary_runtime_measurements

never() { imasim --socket private/never "$@"; }
nr_deleted() { echo "$(<ima/deleted_measurements_count)"; }
nr_staged() { echo "$(<ima/staged_measurements_count)"; }
nr_current() { echo "$(<ima/runtime_measurements_count)"; }
memory() { imasim status | sed -n 's/^bytes //p'; }
memory_without() { never status | sed -n 's/^bytes //p'; }
kib() { echo $((($1 + 512) / 1024)); }

# pcr BANK: what the TPM holds.
pcr() { imasim pcrs | sed -n "s/^$1:10=//p"; }

# list_programs: private/harmless are programs that can be run with --version, private/programs
# up to 2000 others, and libraries, of this machine; sets $nr_programs.
list_programs() {
	dpkg -L coreutils findutils diffutils grep sed tar gzip 2>/dev/null | sed -En 's,^(/usr)?(/bin/.*),/usr\2,p' |
		sort -u >private/harmless
	find /usr/bin /usr/sbin /usr/lib /usr/libexec -type f -readable -size -2M '(' -perm /111 -o -name '*.so*' ')' 2>/dev/null |
		grep -v '[[:space:]]' | grep -vxFf private/harmless | sort | head -n 2000 >private/programs
	nr_programs=$(wc -l <private/programs)
	((nr_programs >= 400)) || die "there are only $nr_programs programs in /usr to measure, too few for a story"
}

# run_harmless: runs them, one after the other.
run_harmless() {
	local program
	while read -r program; do
		timeout 5 "$program" --version </dev/null >/dev/null 2>&1
	done <private/harmless
	return 0
}

# programs FROM COUNT: so many of them, from the one that is number FROM, 1 the first.
programs() { sed -n "$1,$(($1 + $2 - 1))p" private/programs; }

# measure: the files named on its input, in both machines.
measure() {
	xargs -r -n 32 bash -c '{ imasim measure "$@" && imasim --socket private/never measure "$@"; } || exit 255' _ \
		2>>private/errors
}

new_part() {
	part=parts/$(printf '%020d' "$1").ima
	[[ ! -e $part ]] || die "$part is there: a part would have been saved twice"
}

# wait_for COMMAND...: until it succeeds, for a minute; longer on a machine that is busy
wait_for() {
	local end=$(($(idle_us) + 60000000))
	until "$@"; do
		(($(idle_us) < end)) || return
		sleep 0.05
	done
}
