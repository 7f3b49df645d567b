#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# scripts/lint.sh [CHECK]...
#
# Runs the checks named, or all: format cppcheck shellcheck python spdx length
# layers checkpatch. Each is a function lint_NAME below that prints what it
# finds and returns non-zero when that is something, or 77 with a word on what
# is missing. The output is TAP.
# shellcheck disable=SC2317,SC2016 # checks are called by name; what is not expanded is awk's
set -u -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

function_max=60 # lines of a function's body
file_max=800 # lines of a source file

# ---- files -----------------------------------------------------------------

# Every file that is or could be committed, those below the folders given.
files() {
	git ls-files -co --exclude-standard -- "$@" 2>/dev/null | while IFS= read -r file; do
		[[ -f $file ]] && printf '%s\n' "$file"
	done
}

c_files() { files "$@" | grep -E '\.[ch]$'; }

# Scripts are known by their first line, not by their name.
scripts() {
	files | LC_ALL=C xargs -r -d '\n' awk -v interpreter="^#!.*[/ ]$1" '
		FNR == 1 { if ($0 ~ interpreter) print FILENAME; nextfile }'
}

missing() {
	echo "$1"
	return 77
}

have() { command -v "$1" >/dev/null; }

# ---- checks ----------------------------------------------------------------

# All C is as .clang-format has it, but for kernel/src: there the kernel's own
# checkpatch has the say. Debian 12 has version 14, Debian 13 has 19; the code is written
# so that both agree. A macro that is a bare initializer is where they do not: such a
# macro stands between `clang-format off` and `on`; so is an operator behind a cast.
lint_format() {
	have clang-format || missing clang-format || return
	c_files | grep -v '^kernel/src/' | xargs -r clang-format --dry-run -Werror || return
	c_files | grep -v '^kernel/src/' | xargs -r awk '
		FNR == 1 { off = 0 }
		/clang-format off/ { off = 1 }
		/clang-format on/ { off = 0 }
		!off && macro && /^\t\{ *\\$/ { print FILENAME ":" FNR ": a macro that is a bare initializer: clang-format off"; bad = 1 }
		/\((u?int[0-9]*(_t)?|s?size_t|char|long|unsigned [a-z]+)\) [~!-]/ { print FILENAME ":" FNR ": an operator behind a cast"; bad = 1 }
		{ macro = /^#define .*\\$/ }
		END { exit bad }'
}

# Leaks are not asked about: a cleanup attribute releases the memory. Version 2.17 (Debian 13)
# also guesses of memory that is not initialized, was freed or could not be had, because it
# looks into no macro and at no value. Version 2.10 (Debian 12) does not, and is asked.
cppcheck_silent=(missingInclude resourceLeak varFuncNullUB)
cppcheck_silent_new=(normalCheckLevelMaxBranches uninitvar deallocuse arrayIndexOutOfBoundsCond
	ctunullpointer {nullPointer,nullPointerArithmetic,ctunullpointer}OutOfMemory)

lint_cppcheck() {
	local silent=("${cppcheck_silent[@]}")
	have cppcheck || missing cppcheck || return
	[[ $(cppcheck --version) == *' 2.10'* ]] || silent+=("${cppcheck_silent_new[@]}")
	# What includes kernel headers is checked by the kernel's own tools.
	c_files src emu tests bench | xargs -r grep -L '#include <linux/' |
		xargs -r cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
			--enable=warning,performance,portability "${silent[@]/#/--suppress=}" \
			-D_GNU_SOURCE '-DIMASTAGE_VERSION="0"' '-DIMASTAGE_SYSCONFDIR="/etc"' -D__BYTE_ORDER__=1234 -D__ORDER_LITTLE_ENDIAN__=1234 \
			'-DTEST_DATA="tests"' -I src -I tests
}

lint_shellcheck() {
	have shellcheck || missing shellcheck || return
	scripts '(ba|da)?sh' | xargs -r shellcheck -x --exclude=SC1091,SC2001
}

# Python is compiled only: its few scripts have no dependencies.
lint_python() {
	have python3 || missing python3 || return
	scripts python3 | xargs -r -d '\n' python3 -c '
import sys
for name in sys.argv[1:]: compile(open(name).read(), name, "exec")'
}

# Every source file names its licence in its first lines, and the right one.
lint_spdx() {
	{
		files | grep -E '\.(c|h|sh|py|hex|build)$|(^|/)(Makefile|Kconfig|meson_options.txt|\.clang-format)$'
		scripts '(ba|da)?sh|python3'
	} | sort -u | LC_ALL=C xargs -r -d '\n' awk '
		function judge() {
			if (!file) return
			if (file ~ /^kernel\/src\//) good = licence ~ /^GPL-2\.0-only OR MIT( |$)/
			else good = licence == "MIT" || (file ~ /^kernel\// && licence ~ /GPL-2\.0-only/)
			if (!good) { print file ": licence is \047" licence "\047"; bad = 1 }
		}
		FNR == 1 { judge(); file = FILENAME; licence = "" }
		FNR <= 5 && !licence && sub(/.*SPDX-License-Identifier: */, "") { sub(/ *\*.*/, ""); licence = $0 }
		END { judge(); exit bad }'
}

# Functions and files stay short. In kernel style a function's body is what
# stands between two braces in the first column.
lint_length() {
	local bad=0
	c_files | xargs -r awk -v max="$function_max" '
		/^\{/ { start = FNR }
		/^\}/ && start {
			if (FNR - start - 1 > max) {
				print FILENAME ":" start ": a function of " FNR - start - 1 " lines"
				bad = 1
			}
			start = 0
		}
		FNR == 1 { start = 0 }
		END { exit bad }' || bad=1
	{ c_files; scripts '(ba|da)?sh|python3'; } | xargs -r -d '\n' awk -v max="$file_max" '
		FNR == max + 1 { print FILENAME ": more than " max " lines"; bad = 1 }
		END { exit bad }' || bad=1
	return "$bad"
}

# A lower layer never includes a higher one, and the wings never each other. See ARCHITECTURE.md.
lint_layers() {
	local layers=(base log tool list source archive tpm evidence keep attest view service agent policy verify store report catalog cmd)
	local rank=(0 1 2 3 5 5 5 4 6 7 7 8 9 5 6 7 7 7 10)
	local machine=source\|archive\|tpm\|keep\|attest\|view\|service\|agent verifier=policy\|verify\|store\|report\|catalog
	local bad=0
	c_files src | grep -v '/test_' | xargs -r awk -v layers="${layers[*]}" -v ranks="${rank[*]}" '
		BEGIN {
			n = split(layers, names, " ")
			split(ranks, numbers, " ")
			for (i = 1; i <= n; i++) rank[names[i]] = numbers[i]
		}
		FNR == 1 { split(FILENAME, parts, "/"); own = parts[2] }
		/^ *# *include "/ && split($0, included, "\"") && split(included[2], path, "/") > 1 && path[1] in rank {
			other = path[1]
			if (own in rank && other != own && rank[other] >= rank[own]) {
				print FILENAME ":" FNR ": " $0
				bad = 1
			}
		}
		END { exit bad }' || bad=1
	c_files src | grep -E "^src/($machine)/" | xargs -r grep -HnE "#include \"($verifier)/" && bad=1
	c_files src | grep -E "^src/($verifier)/" | xargs -r grep -HnE "#include \"($machine)/" && bad=1
	return "$bad"
}

# The kernel's own checker, from the kernel's source package. Two things it can
# only know from the patched tree: where the option is documented, and who
# maintains new files.
lint_checkpatch() {
	local checkpatch patches patch bad=0
	have perl || missing perl || return
	[[ -d kernel/src ]] || missing kernel/src || return
	checkpatch=$(find_checkpatch) || missing 'the kernel source: scripts/setup.sh vm' || return
	mapfile -t patches < <(files kernel/patches | grep '\.patch$')
	c_files kernel/src/security |
		run_checkpatch "$checkpatch" UNDOCUMENTED_SETUP -f || bad=1
	c_files kernel/src/tools |
		run_checkpatch "$checkpatch" "$not_for_programs" -f || bad=1
	for patch in ${patches[@]+"${patches[@]}"}; do
		# By its name it would be taken for a source file.
		perl "$checkpatch" --no-tree --strict --quiet --show-types --ignore FILE_PATH_CHANGES - <"$patch" ||
			{ echo "in $patch"; bad=1; }
	done
	return "$bad"
}

# What checkpatch says of kernel code only: programs have no BIT(), need
# volatile for signals, and C's own keywords in camel case.
not_for_programs=BIT_MACRO,CAMELCASE,COMPLEX_MACRO,MACRO_ARG_REUSE,VOLATILE,QUOTED_WHITESPACE_BEFORE_NEWLINE

# run_checkpatch PROGRAM IGNORED [OPTION]: over the files on its input
run_checkpatch() {
	sed '/^$/d' | xargs -r perl "$1" --no-tree --strict --quiet --show-types --ignore "$2" "${@:3}"
}

# In the cached source tree; without one, taken out of the package.
find_checkpatch() {
	local cache=${IMASTAGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/imastage}
	local own=build/lint package=/usr/src/linux-source-6.12.tar.xz found
	for found in "$cache"/src/*/scripts/checkpatch.pl "$own/scripts/checkpatch.pl"; do
		[[ -f $found ]] && echo "$found" && return
	done
	[[ -f $package ]] || return 1
	mkdir -p "$own"
	tar -xJf "$package" -C "$own" --strip-components=1 --wildcards \
		'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch' || return 1
	echo "$own/scripts/checkpatch.pl"
}

# ---- running them ----------------------------------------------------------

main() {
	local checks name out nr=0 failed=0
	checks=("$@")
	((${#checks[@]})) || checks=(format cppcheck shellcheck python spdx length layers checkpatch)
	for name in "${checks[@]}"; do
		declare -F "lint_$name" >/dev/null && continue
		echo "lint: no check '$name'" >&2
		exit 2
	done
	[[ -n $(files scripts) ]] || {
		echo "Bail out! not a git work tree, or one that belongs to somebody else"
		exit 1
	}
	echo "1..${#checks[@]}"
	for name in "${checks[@]}"; do
		nr=$((nr + 1))
		out=$("lint_$name" 2>&1)
		case $? in
		0) echo "ok $nr - $name" ;;
		77) echo "ok $nr - $name # SKIP missing $out" ;;
		*)
			echo "not ok $nr - $name"
			failed=1
			;;
		esac
		[[ -z $out ]] || sed 's/^/# /' <<<"$out"
	done
	exit "$failed"
}

main "$@"
