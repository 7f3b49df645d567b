#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# scripts/setup.sh GROUP...
#
# Installs the packages of Debian 12 or 13 that a group of tasks needs, only those that are missing. Says nothing when
# nothing is missing. Both releases have every package named here. Groups:
#   build   the programs and their unit tests
#   vm      test kernels, QEMU and the software TPM
#   lint    formatters and static checkers
#   fuzz    fuzzers and sanitizers
#   browser a browser, for the tests of pages
#   bench   tables and plots
set -euo pipefail

# shellcheck disable=SC2034 # used by name
declare -a \
	build=(gcc g++ libc6-dev make meson ninja-build pkg-config libssl-dev libjson-c-dev libpcre2-dev libsqlite3-dev libzstd-dev zstd libarchive-tools zlib1g-dev
		libcmocka-dev libfuse3-dev fuse3 libtss2-dev swtpm swtpm-tools scdoc
		systemd apparmor e2fsprogs ima-evm-utils
		libarchive-dev librpm-dev rpm binutils gpg gpg-agent gpgv lz4 xz-utils) \
	vm=(linux-source-6.12 gcc libc6-dev make bc bison flex libelf-dev libssl-dev cpio xz-utils bzip2 kmod python3 perl
		qemu-system-x86 swtpm swtpm-tools busybox-static kexec-tools ima-evm-utils tpm2-tools bash coreutils
		diffutils file findutils grep gzip mawk openssl patch procps sed sqlite3 tar util-linux) \
	lint=(clang-format clang-tidy cppcheck shellcheck sparse git perl) \
	fuzz=(clang libclang-rt-dev llvm valgrind) \
	browser=(chromium python3) \
	bench=(python3 gnuplot-nox ima-evm-utils openssl)

die()
{
	echo "setup: $*" >&2
	exit 1
}

usage()
{
	sed -n '4,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
}

as_root()
{
	if ((EUID == 0)); then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root to install packages: run it as root, or install sudo"
	fi
}

installed()
{
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Prints the packages of group $1 that are missing.
missing()
{
	local -n group=$1
	local package

	for package in "${group[@]}"; do
		installed "$package" || echo "$package"
	done
}

(($#)) || usage
for name; do
	[[ $name =~ ^(build|vm|lint|fuzz|browser|bench)$ ]] || usage
done
command -v dpkg-query >/dev/null || die "this is not Debian; install by hand what the lists in this script name"
mapfile -t packages < <(for name; do missing "$name"; done | sort -u)
if ((${#packages[@]})); then
	echo "setup: installing ${packages[*]}"
	as_root apt-get -qq update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${packages[@]}" >/dev/null
fi
