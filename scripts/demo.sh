#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# make demo: a real Linux 6.12 with staging and a software TPM measures real files;
# its list is staged, saved and deleted while it keeps measuring; the saved parts
# are replayed against the TPM's PCR 10; a dropped record is found out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=build/demo
imastage=build/release/imastage
start=$SECONDS

heading() { printf '\n== %s\n\n' "$*"; }

die() {
	printf '\ndemo: %s\n' "$*" >&2
	exit 1
}

pcr() { awk '$1 == "PCR-10:" { print tolower($2) }' "$out/results/1.pcrs.$1"; }

# Indents what it says.
judge() { "$imastage" log replay --expect "sha1=$(pcr sha1)" --expect "sha256=$(pcr sha256)" "$@" | sed 's/^/  /'; }

heading "Setting up"
mkdir -p build
scripts/run-tests.sh build >build/demo-build.log || die "the build failed; see build/demo-build.log"
mkdir -p "$out/bin"
gcc -static -O2 -o "$out/bin/load-records" tests/vm/tools/load-records.c
kernel=$(kernel/build --tree patched)
echo "kernel: $kernel"

heading "In the machine"
kernel/boot --kernel "$kernel" --run demo --tests tests/vm/guest --add "$out/bin:/usr/bin" --out "$out" \
	--timeout 300 -v 2>&1 | tr -d '\r' | tee "$out/log" | sed -un 's/^demo: /  /p' ||
	die "the machine failed; see $out/log"

heading "The parts that were saved, and the rest of the list, replayed"
parts=("$out"/results/1.*.part)
for bank in sha1 sha256; do
	echo "  TPM's PCR 10, $bank: $(pcr "$bank")"
done
echo
judge "${parts[@]}" || die "the list does not explain the PCR"
if command -v evmctl >/dev/null; then
	cat "${parts[@]}" >"$out/list"
	printf '\n  evmctl says: '
	evmctl ima_measurement --ignore-violations --pcrs "sha1,$out/results/1.pcrs.sha1" --pcrs "sha256,$out/results/1.pcrs.sha256" \
		"$out/list" || die "evmctl does not accept the list"
fi

lost=$(($("$imastage" log show --count "${parts[@]}") / 2))
heading "The same with record $lost dropped"
judge --drop "$lost" "${parts[@]}" && status=0 || status=$?
((status == 3)) || die "a dropped record was not found out (imastage ended with $status, not 3)"

printf '\nDone in %d s. The parts are in %s/results.\n' $((SECONDS - start)) "$out"
