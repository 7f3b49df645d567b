# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What the scenarios of this folder share; they run as /test/NAME in the guest.
#
# A scenario prints "check: ..." for each thing it has seen hold and fails at the
# first that does not. What only the host can judge (replays, evmctl) it exports:
#   KERNEL.NNN.part   records in binary form, in the order of KERNEL.NNN
#   KERNEL.pcrs.BANK  all PCRs of a bank at the end of kernel KERNEL (the STAGE)
set -eu

ima=/sys/kernel/security/ima
current=$ima/binary_runtime_measurements
staged=$ima/binary_runtime_measurements_staged
work=/root/work
part=0
banks="sha1 sha256" # whose PCRs save_current exports
mkdir -p $work

# On a kernel with kmemleak, a scenario that was content has to have lost nothing.
finish()
{
	status=$?
	if [ $status = 0 ] && [ -e /sys/kernel/debug/kmemleak ] && ! leaks; then
		status=1
	fi
	exit $status
}
trap finish EXIT

fail()
{
	echo "FAILED: $*"
	exit 1
}

say()
{
	echo "check: $*"
}

nr_current() { cat $ima/runtime_measurements_count; }
nr_staged() { cat $ima/staged_measurements_count; }
nr_deleted() { cat $ima/deleted_measurements_count; }

# counts DELETED STAGED CURRENT: the three are what they should be
counts()
{
	now="$(nr_deleted) $(nr_staged) $(nr_current)"
	[ "$now" = "$*" ] || fail "deleted, staged, current are $now, not $*"
}

# slab: bytes of kernel memory in slabs that objects use
slab()
{
	awk 'NR > 2 { n += $2 * $4 } END { printf "%d\n", n }' /proc/slabinfo
}

# measure_programs: run and read real programs, as the tcb policy measures them
measure_programs()
{
	bash -c 'ls / | sort | head -n 3; date; seq 3 | wc -l; sha256sum /init' >/dev/null
	find /usr/bin /usr/sbin /usr/lib -type f -exec cat {} + >/dev/null
}

# new_files NAME COUNT: so many new files, read by root, each a record
new_files()
{
	i=0
	while [ $i -lt "$2" ]; do
		echo "$1 $i" >"$work/$1.$i"
		i=$((i + 1))
	done
	cat "$work/$1".* >/dev/null
}

# violate NAME: read a file that somebody has open for writing
violate()
{
	exec 4>"$work/$1"
	echo violated >&4
	cat "$work/$1" >/dev/null
	exec 4>&-
}

# again NAME: the same file name and content, as a new inode
again()
{
	rm -f "$work/$1"
	echo "content of $1" >"$work/$1"
	cat "$work/$1" >/dev/null
}

# grows_by N COMMAND...: COMMAND makes N records
grows_by()
{
	wanted=$1
	shift
	was=$(nr_current)
	"$@"
	now=$(nr_current)
	[ $((now - was)) = "$wanted" ] || fail "$*: $((now - was)) records, not $wanted"
}

# new_part: the name of the next part, in $file
new_part()
{
	file=/tmp/$STAGE.$(printf %03d $part).part
	part=$((part + 1))
}

# export_file FILE: to the host, now
export_file()
{
	/bin/export "$1"
	rm "$1"
}

# save_staged: what is staged becomes the next part
save_staged()
{
	new_part
	cat $staged >"$file"
	export_file "$file"
}

# stage_save_delete: the keeper's transaction, on one descriptor
stage_save_delete()
{
	new_part
	exec 3<>$staged
	echo A >&3 || fail "stage: refused"
	cat <&3 >"$file"
	echo D >&3 || fail "delete: refused"
	exec 3>&-
	export_file "$file"
}

# save_current: the end of the list, and the PCRs that belong to it
save_current()
{
	new_part
	pcrs sha256 >/tmp/before.sha256
	while :; do
		cat $current >"$file"
		for bank in $banks; do
			pcrs "$bank" >"/tmp/$STAGE.pcrs.$bank"
		done
		pcrs sha256 >"/tmp/$STAGE.pcrs.sha256"
		cmp -s /tmp/before.sha256 "/tmp/$STAGE.pcrs.sha256" && break
		mv "/tmp/$STAGE.pcrs.sha256" /tmp/before.sha256
	done
	export_file "$file"
	for bank in $banks; do
		export_file "/tmp/$STAGE.pcrs.$bank"
	done
}

# refused COMMAND FILE MESSAGE: writing COMMAND fails with that errno's text
refused()
{
	if error=$( (echo "$1" >"$2") 2>&1 ); then
		fail "'$1' was accepted"
	fi
	case $error in
	*"$3"*) ;;
	*) fail "'$1' was refused with '$error', not '$3'" ;;
	esac
}
