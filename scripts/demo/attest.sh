# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The last scenes of `make demo`: a verifier comes to know the second machine's TPM, is shown
# what ran there, again and again, and refuses what it has to. What they are made with is in lib.sh.

# As the keeper's configuration: which key, and where it says whom it is enrolled with.
attest_configuration() {
	keeper_configuration
	cat <<-END
		ak = $PWD/private/ak
		enrolled = $PWD/private/enrolled
	END
}

# judged WANTED FILE: shows the verdict of the verifier, which has to be so
judged() {
	local status
	show_command "imastage verify --store attest/verifier attest/$2.evidence"
	imastage verify --store "$IMASTAGE_STORE" "attest/$2.evidence" >private/output
	status=$?
	sed '/^note/d; s/;.*//' private/output | awk '!seen[$0]++' | fold -s -w "$((width - 5))" | sed 's/ *$//' | indented
	[[ $(head -n 1 private/output) == "$1" ]] && (($1 == status))
}

warning=0 rejected=3

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
