# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the tests of the command share; sourced by them with $1, the build
# folder. They run in a folder of their own, $work, which has the golden lists
# as binary files NAME.

build=$(cd "${1:?the build folder}" && pwd)
cd "$(dirname "$0")/.." || exit 1
golden=$PWD/golden
source=$(dirname "$PWD")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${corpus_tool:-$build/fuzz_log_parse_corpus}" --binary "$work" golden/*.hex || exit 1
cd "$work" || exit 1
for file in *.hex; do mv "$file" "${file%.hex}"; done

nr=0
bad=0

imastage() { "$build/imastage" "$@"; }
imasim() { "$build/imasim" "$@"; }
imastaged() { "$build/imastaged" "$@"; }

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
	head -c 4000 out err | sed 's/^/# /'
}

skip() {
	nr=$((nr + 1))
	echo "ok $nr - $1 # SKIP $2"
}

# case_ NAME STATUS VERB ARG...: `imastage log VERB` must exit with STATUS
case_() {
	local name=$1 want=$2
	shift 2
	imastage log "$@" >out 2>err
	report "$name" "$want" $?
}

# says NAME PATTERN: what the last case printed has a line like that
says() {
	grep -aEq -- "$2" out err
	report "$1" 0 $?
}

# same NAME FILE FILE
same() {
	cmp "$2" "$3" >out 2>err
	report "$1" 0 $?
}

finish() {
	echo "1..$nr"
	exit "$bad"
}

# value_of LIST BANK: of PCR 10 after the golden list
value_of() { awk -v bank="$2" '/^pcr/ && $2 == bank && $3 == 10 {print $4}' "$golden/$1.expect"; }

# field_of LIST KEY: "list-bank", "order", "records"
field_of() { awk -v key="$2" '$1 == key {print $2}' "$golden/$1.expect"; }

lists() { for file in "$golden"/*.expect; do basename "$file" .expect; done; }

# unhex DIGITS: the bytes
unhex() {
	# shellcheck disable=SC2059
	printf "$(sed 's/../\\x&/g' <<<"$1")"
}

# le32 NUMBER: four bytes
le32() { unhex "$(printf '%02x%02x%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24)))"; }

# Offsets of the records of the list $1, and its length.
offsets_of() {
	imastage log show --json "$1" | sed 's/.*"offset":\([0-9]*\),.*/\1/'
	stat -c %s "$1"
}

# rearranged K...: the list $list with these records only, in this order;
# ${offset[@]} has its offsets
rearranged() {
	local k
	for k; do
		tail -c "+$((offset[k] + 1))" "$list" | head -c "$((offset[k + 1] - offset[k]))"
	done
}

# flipped FILE OFFSET: one bit changed in the byte there
flipped() {
	local byte
	byte=$(tail -c "+$(($2 + 1))" "$1" | head -c 1 | od -An -tu1 | tr -d ' ')
	head -c "$2" "$1"
	unhex "$(printf %02x $((byte ^ 1)))"
	tail -c "+$(($2 + 2))" "$1"
}

# quoted BANK VALUE...: what a quote's digest of these values is
quoted() {
	local value bank=$1
	shift
	for value; do unhex "$value"; done | "${bank}sum" | cut -d' ' -f1
}
