# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A software TPM for tests of the command; sourced behind lib.sh.

have() {
	local program
	for program; do
		command -v "$program" >/dev/null || return
	done
}

# On a port of its own, for tpm2-tools; it ends with the test.
start_tpm() {
	local port
	mkdir -p tpm-state
	for _ in 1 2 3 4 5; do
		port=$((20000 + RANDOM % 20000))
		swtpm socket --tpm2 --tpmstate dir=tpm-state --server "type=tcp,port=$port" \
			--ctrl "type=tcp,port=$((port + 1))" --flags not-need-init,startup-clear >swtpm.log 2>&1 &
		tpm=$!
		trap 'kill "$tpm" 2>/dev/null; rm -rf "$work"' EXIT
		export TPM2TOOLS_TCTI=swtpm:host=127.0.0.1,port=$port
		for _ in $(seq 50); do
			tpm2_pcrread sha256:10 >out 2>err && return
			kill -0 "$tpm" 2>/dev/null || break
			sleep 0.1
		done
	done
	return 1
}

# digests BANK LIST: template digests, one on a line; a violation extends ones
digests() {
	imastage log convert --to ascii --to-bank "$1" "$2" | awk '{ gsub(/^0+$/, "", $2)
		if ($2 == "") { $2 = sprintf("%*s", '"$3"', ""); gsub(/ /, "f", $2) }; print $2 }'
}

# extend LIST: PCR 10 of both banks, record by record
extend() {
	paste -d, <(digests sha1 "$1" 40 | sed 's/^/sha1=/') <(digests sha256 "$1" 64 | sed 's/^/sha256=/') >extends
	sed 's/^/10:/' extends | while read -r spec; do tpm2_pcrextend "$spec" || return; done
}
