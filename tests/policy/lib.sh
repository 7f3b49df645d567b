# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the tests of policies share beside cli/lib.sh: packages, indexes and keys, all made
# here.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

export GNUPGHOME=$work/gnupg SOURCE_DATE_EPOCH=1700000000

# run NAME STATUS ARG...: `imastage policy ARG...`
run() {
	local name=$1 want=$2
	shift 2
	"$build/imastage" policy "$@" >out 2>err
	report "$name" "$want" $?
}

# sha FILE
sha() { sha256sum <"$1" | cut -d' ' -f1; }

# has NAME POLICY PATH DIGEST: the path has this digest, perhaps among others
has() {
	grep -aF "\"$3\":[" "$2" | grep -aqF "\"$4\""
	report "$1" 0 $?
}

# lacks NAME POLICY PATH: the path is not there
lacks() {
	! grep -aqF "\"$3\":[" "$2"
	report "$1" 0 $?
}

# tree_of FOLDER VERSION: what the package "tool" has
tree_of() {
	mkdir -p "$1/DEBIAN" "$1/bin" "$1/usr/share/tool" "$1/etc"
	printf '#!/bin/sh\necho %s\n' "$2" >"$1/bin/tool"
	printf 'data of %s\n' "$2" >"$1/usr/share/tool/data"
	echo same >"$1/usr/share/tool/same"
	ln "$1/usr/share/tool/data" "$1/usr/share/tool/linked"
	ln -s data "$1/usr/share/tool/symbolic"
	echo "conf $2" >"$1/etc/tool.conf"
	echo /etc/tool.conf >"$1/DEBIAN/conffiles"
	printf '#!/bin/sh\n: pre %s\n' "$2" >"$1/DEBIAN/preinst"
	printf '#!/bin/sh\n: post %s\n' "$2" >"$1/DEBIAN/postinst"
	printf '#!/bin/sh\n: config %s\n' "$2" >"$1/DEBIAN/config"
	chmod 755 "$1"/DEBIAN/{preinst,postinst,config} "$1/bin/tool"
	control_of tool "$2" >"$1/DEBIAN/control"
}

# control_of PACKAGE VERSION
control_of() {
	printf '%s\n' "Package: $1" "Version: $2" "Architecture: amd64" "Maintainer: a test <t@example.org>" \
		"Description: a test" " of several lines"
}

# deb_of TREE FILE [OPTION]...: builds it
deb_of() {
	local tree=$1 file=$2
	shift 2
	dpkg-deb "$@" --root-owner-group --build "$tree" "$file" >deb.log 2>&1 || cat deb.log >&2
}

# key_of NAME: a key of its own, its public part in NAME.gpg
key_of() {
	mkdir -p "$GNUPGHOME"
	chmod 700 "$GNUPGHOME"
	gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-gen-key "$1" rsa2048 sign never 2>gpg.log
	gpg --batch --export "$1" >"$1.gpg"
	gpg --batch --armor --export "$1" >"$1.asc"
}

# mirror_of FOLDER KEY DEB...: dists/test with one component, signed
mirror_of() {
	local folder=$1 key=$2 deb
	shift 2
	mkdir -p "$folder/main/binary-amd64"
	for deb; do
		control_of tool 1
		printf '%s\n' "Filename: pool/$(basename "$deb")" "Size: $(stat -c %s "$deb")" "SHA256: $(sha "$deb")" ''
	done >"$folder/main/binary-amd64/Packages"
	release_of "$folder" "$key"
}

# release_of FOLDER KEY: of the Packages that are there
release_of() {
	local packages=$1/main/binary-amd64/Packages
	printf '%s\n' 'Origin: test' 'SHA256:' " $(sha "$packages") $(stat -c %s "$packages") main/binary-amd64/Packages" \
		" $(sha "$packages") 12 main/source/Sources" >"$1/Release"
	rm -f "$1/InRelease" "$1/Release.gpg"
	gpg --batch --quiet --local-user "$2" --clearsign -o "$1/InRelease" "$1/Release"
	gpg --batch --quiet --local-user "$2" --armor --detach-sign -o "$1/Release.gpg" "$1/Release"
}

# ar_of FILE MEMBER...: the members in this order
ar_of() {
	rm -f "$1"
	ar qDS "$@" 2>ar.log || cat ar.log >&2
}

trap 'gpgconf --homedir "$GNUPGHOME" --kill all 2>/dev/null; rm -rf "$work"' EXIT
