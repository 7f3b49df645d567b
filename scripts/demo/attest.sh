# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The last scenes of `make demo`: a verifier comes to know the second machine's TPM, is shown
# what ran there, again and again, and refuses what it has to; another machine is judged by policies.
# What they are made with is in lib.sh.

# As the keeper's configuration: which key, and where it says whom it is enrolled with.
attest_configuration() {
	keeper_configuration
	cat <<-END
		ak = $PWD/private/ak
		enrolled = $PWD/private/enrolled
	END
}

# judged WANTED FILE [OPTION]...: shows the verdict of the verifier, which has to be so
judged() {
	local status options=("${@:3}") words="${*:3}${3+ }attest/$2.evidence"
	show_command "imastage verify --store attest/verifier ${words/--boot-policy/\\$'\n'       --boot-policy}"
	imastage verify --store "$IMASTAGE_STORE" "${options[@]}" "attest/$2.evidence" >private/output
	status=$?
	sed '/^note/d; s/;.*//' private/output | awk '!seen[$0]++' | fold -s -w "$((width - 5))" | sed 's/ *$//' | indented
	[[ $(head -n 1 private/output) == "$1" ]] && (($1 == status))
}

accepted=0 warning=0 rejected=3

gives() { grep -q "^$1: " private/output; }

# attested NAME [OPTION]: a challenge, and the evidence for it
attested() {
	run_shown "imastage challenge${2+ $2} -o private/challenge \$machine_id" &&
		run_output "imastage attest --config private/attest.conf -o attest/$1.evidence private/challenge"
}

scene_enrolled() {
	title "A verifier comes to know the machine"
	tell "The verifier is another machine, with one file for all that it knows, and no TPM. It believes" \
		"whom the TPM's maker has certified: the secret that it seals can only be opened by that TPM," \
		"and only if the attestation key (AK) is in it."
	gap
	mkdir attest && attest_configuration >private/attest.conf || return
	export IMASTAGE_STORE=$PWD/attest/verifier
	run_output 'imastage ak create --config private/attest.conf | head -n 3' &&
		run_shown 'imastage enroll request --config private/attest.conf -o private/request' &&
		run_shown 'imastage enroll challenge --ca private/never-ca/ca.pem -o private/sealed private/request' &&
		run_shown 'imastage enroll answer --config private/attest.conf -o private/answer private/sealed' &&
		run_shown 'machine_id=$(imastage enroll accept private/answer)' || return
	run_output 'imastage machine list' && grep -q "^$machine_id  ek-certificate" private/output
}

scene_attested() {
	title "The machine shows what ran, the TPM signs it"
	tell "A nonce that is good once goes in, one file comes out: the TPM's quote, and the records that" \
		"explain it, from the archive and the kernel. The verifier replays them."
	gap
	attested first && judged warning first || return
	grep -q "^records 0\.\.$((nr_kept - 1)) are proved" private/output && ! gives failure || return
	found "none was lost, none was changed; it warns of what nobody has approved: boot, kernel and files"
	gap
	tell "More programs, a kexec, and again: the verifier knows where it stopped, so only new records are sent."
	gap
	never load 9 100 >private/load && never kexec && imastage collect --config private/keeper.conf >private/load || return
	attested second && judged warning second || return
	grep -q "^records $nr_kept\.\.$((nr_kept + 100)) are proved" private/output && ! gives failure || return
	found "$(stat -c %s attest/first.evidence) bytes the first time, $(stat -c %s attest/second.evidence) the second"
}

scene_refused() {
	title "What it refuses"
	tell "The same evidence once more:"
	gap
	judged rejected second && gives 'failure: quote.used' || return
	gap
	tell "Evidence in which the name of one program was changed on the way:"
	gap
	never measure /usr/bin/env && attested third --reverify || return
	run_shown "sed 's,/usr/bin/env,/usr/bin/eve,' attest/third.evidence >attest/forged.evidence"
	judged rejected forged && gives 'failure: log.digest' || return
	gap
	tell "Evidence of another machine, whose owner answers for this one, with a TPM that is as good:"
	gap
	mkdir other && machine other private/other --tpm swtpm || return
	sed "s,/never$,/other,; s,/private/never ,/private/other ,; s,/private/ak$,/private/other-ak," private/attest.conf >private/other.conf
	imastage ak create --config private/other.conf >private/said || return
	run_shown 'imastage challenge --reverify -o private/challenge $machine_id' &&
		run_output 'imastage attest --config private/other.conf --no-archive -o attest/other.evidence private/challenge' || return
	judged rejected other && gives 'failure: ak.other' || return
	found "three of three, each with its reason; this boot stays rejected until somebody has looked"
}

# The packages that list_programs has looked at, as dpkg has them: a system of these alone.
few_packages() {
	local package folder
	mkdir -p private/few/var/lib/dpkg/info
	for package in coreutils findutils diffutils grep sed tar gzip; do
		dpkg-query -s "$package" && echo && cp "/var/lib/dpkg/info/$package.md5sums" private/few/var/lib/dpkg/info/
	done 2>/dev/null >private/few/var/lib/dpkg/status
	for folder in /*; do
		[[ $folder == /var || ! -d $folder ]] || ln -s "$folder" private/few/
	done
}

# Another machine, which the verifier comes to know as it did the first one.
enrol_judged() {
	mkdir judged && machine judged private/judged --tpm swtpm --ek-ca private/judged-ca --boot-log private/judged-firmware || return
	sed "s,/never$,/judged,; s,/private/never ,/private/judged ,; s,/private/ak$,/private/judged-ak,
		s,/enrolled$,/judged-enrolled," private/attest.conf >private/judged.conf
	imastage ak create --config private/judged.conf >private/said &&
		imastage ak export --config private/judged.conf -o private/judged.pub >private/said &&
		imastage enroll request --config private/judged.conf -o private/request &&
		imastage enroll challenge --ca private/judged-ca/ca.pem -o private/sealed private/request &&
		imastage enroll answer --config private/judged.conf -o private/answer private/sealed &&
		judged_id=$(imastage enroll accept private/answer)
}

# judged_evidence NAME: a challenge, and the evidence for it
judged_evidence() {
	imastage challenge -o private/challenge "$judged_id" &&
		imastage attest --config private/judged.conf --no-archive --boot-log private/judged-firmware -o "attest/$1.evidence" private/challenge >private/said
}

in_judged() { imasim --socket private/judged "$@"; }

scene_policy() {
	local tool=$PWD/private/tools/backup by="--policy attest/policy.json --boot-policy attest/boot.json"
	title "A policy of packages, and a program that was changed"
	tell "A policy says what may run. It is made of packages: a few of those that are installed here, and a" \
		"program of our own. (Packages are held against the index that the distribution has signed. Here, without" \
		"a network, files count as far as dpkg's sums fit them: --weak.)"
	gap
	few_packages
	mkdir private/tools && printf '#!/bin/sh\necho "all is saved"\n' >"$tool" && chmod 755 "$tool" || return
	enrol_judged && xargs -r imasim --socket private/judged measure <private/harmless && in_judged measure "$tool" || return
	run_output 'imastage policy create --apt private/few --weak --unsigned --tree private/tools \
       --prefix $PWD/private/tools -o attest/policy.json 2>private/said | grep -E "^(installed|files)"' || return
	gap
	tell "What the machine booted is learnt from its evidence, and approved:"
	gap
	judged_evidence good || return
	run_output 'imastage policy learn-boot --ak private/judged.pub --approved-by you -o attest/boot.json \
       attest/good.evidence | sed "/^PCR/d; s/;.*//"' || return
	gap
	# shellcheck disable=SC2086 # options, and no blank in them
	judged accepted good $by || return
	found "all is approved: boot, kernel, and $(sed -n 's/^records by outcome:.* \([0-9]*\) by-digest.*/\1/p' private/output) files that ran"
	gap
	tell "Now somebody changes our program. It does what it did, and something else:"
	gap
	run_shown "echo 'echo \"and sent elsewhere\"' >>private/tools/backup" && run_output private/tools/backup &&
		in_judged measure "$tool" && judged_evidence changed || return
	# shellcheck disable=SC2086
	judged rejected changed $by --html attest/report.html || return
	[[ $(grep '^refused: ' private/output) == "refused: record "*": differs: $tool" ]] || return
	the_page "$tool"
}

# the_page PATH: what it says, without a browser; it has to name that file alone
the_page() {
	local says
	says=$(sed -n 's,.*<h1>\(.*\)</h1>.*,\1,p' attest/report.html | sed "s/&#39;/'/g")
	gap
	tell "The same is on a page for a browser, which needs no other file and no network:"
	row '%s' "$PWD/attest/report.html"
	[[ $says == Rejected:* ]] && grep -q "<code>$1</code>" attest/report.html && grep -q 'Refused: 1</caption>' attest/report.html || return
	found "it says \"$says\", and names private/tools/backup alone"
}
