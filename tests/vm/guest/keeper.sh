# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # lib.sh has the rest
#
# What scenarios with the keeper share, beside lib.sh.

archive=/run/archive # tmpfs: what is read there is not measured
conf=/run/imastaged.conf
control=/run/control
log=/results/imastaged.log

# configure LINE...: the keeper drains whatever there is, at once
configure()
{
	cat >$conf <<-END
		archive = $archive
		control = $control
		metrics_socket = none
		tpm = device:/dev/tpmrm0
		wait = 10s
	END
	printf '%s\n' "$@" >>$conf
	imastaged --config $conf --check-config || fail "the configuration is wrong"
}

start_agent()
{
	TSS2_LOG=all+NONE imastaged --config $conf >>$log 2>&1 &
	agent=$!
}

# wait_for_agent: until it can be asked
wait_for_agent()
{
	n=0
	until [ -S $control ]; do
		n=$((n + 1))
		[ $n -lt 3000 ] || fail "imastaged does not start"
		sleep 0.02
	done
}

# Commands that go to the agent, or do without one.
keeper() { TSS2_LOG=all+NONE imastage "$@" --config $conf; }

# collect: all that the kernel has is in the archive
collect()
{
	keeper collect >/tmp/collected 2>&1 || {
		cat /tmp/collected
		fail "collect"
	}
}

# stop_agent: it ends by itself
stop_agent()
{
	kill -TERM "$agent"
	wait "$agent" || fail "imastaged ended with status $?"
}

# export_archive: all its records as the first part, its status as text
export_archive()
{
	keeper archive verify >/tmp/verified 2>&1 || {
		cat /tmp/verified
		fail "the archive is damaged"
	}
	new_part
	keeper archive cat >"$file" || fail "archive cat"
	export_file "$file"
	keeper status || fail "status: something is wrong"
	keeper status --json >/results/status.json
	keeper archive list --json >/results/archive.json
}
