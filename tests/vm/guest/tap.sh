# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# TAP of what is judged inside a machine, for scenarios with many cases: unlike say and fail of lib.sh, the next case
# is tried whatever became of the one before.

tap_nr=0

# is NAME WANTED GOT
is()
{
	tap_nr=$((tap_nr + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $tap_nr - $1"
	else
		echo "not ok $tap_nr - $1"
		echo "# wanted '$2', got '$3'"
		sed 's/^/# /' /tmp/out /tmp/err 2>/dev/null | tail -n 20
	fi
}

# ok NAME COMMAND...: exit status 0
ok()
{
	name=$1
	shift
	"$@" >/tmp/out 2>/tmp/err && status=0 || status=$?
	is "$name" 0 "$status"
}

# wait_for COMMAND...: until it succeeds, or never will
wait_for()
{
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.1
	done
}

done_testing() { echo "1..$tap_nr"; }
