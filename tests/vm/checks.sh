# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154,SC2317
#
# Checks in a real kernel with a TPM; scripts/run-tests.sh sources this file.
#
#	tests/vm/guest/NAME	runs in the machine, fails at what it can see itself,
#				exports lists and PCRs
#	vm_NAME below		boots it, and judges what was exported: imastage
#				and evmctl must reach the TPM's PCR with it
#
# Each is a check twice: check_vm_NAME on the release kernel, check_debug_NAME on
# the one that watches itself (KASAN, lockdep, kmemleak, ...). A report of it on
# the console fails the run, see kernel/vm/check-console.

debug_scenarios=(kunit rounds memory duplicates violations banks kexec kexec_digests snapshot oracle suspend abi abi_flush)
# What the keeper asks of a kernel is what rounds and kexec ask of the one that watches itself.
vm_scenarios=("${debug_scenarios[@]}" keeper keeper_unpatched attest confined)

# Those that need no more of a kernel than its list run on imasim, unchanged, and are judged alike: check_sim_NAME.
# In the kernel alone: kunit, memory, oracle and keeper (the TPM of the machine), abi (tests/imasim/conformance runs it).
sim_scenarios=(rounds duplicates violations banks kexec kexec_digests snapshot suspend)

guest_programs() {
	local tools=build/vm/tools name
	mkdir -p "$tools"
	for name in load-records late-writer as-confined; do
		guest_program "$tools/$name" "tests/vm/tools/$name.c" || return
	done
	guest_program "$tools/ima_staging_test" -pthread kernel/src/tools/testing/selftests/ima_staging/*.c
}

# guest_program PROGRAM WORD...: another check takes the whole folder into its machine meanwhile, so the program
# is whole at any time, and nothing in the folder ever goes away
guest_program() {
	local program=$1 made=build/vm/${1##*/}.$BASHPID
	shift
	gcc -static -O2 -Wall -Wextra -Werror -D_GNU_SOURCE= -o "$made" "$@" && mv "$made" "$program"
}

# vm NAME SCENARIO OPTION...: boots into build/vm/NAME; the case "NAME: the guest" says
# whether the guest was content.
vm() {
	local name=$vm_config-$1 scenario=$2 status
	shift 2
	out=build/vm/$name
	guest_programs || { fail "$name: the guest's programs compile" && return 1; }
	note "boots $name"
	boot --run "$scenario" --tests tests/vm/guest --out "$out" --timeout "$vm_timeout" \
		--add build/vm/tools:/usr/bin "$@" && status=0 || status=$?
	if ((status)); then
		complaints "$out/console.log" | while IFS= read -r line; do note "  $line"; done
		fail "$name: the guest, exit status $status: $(complaints "$out/console.log" | sed -n 1p) (see $out/console.log)"
		return 1
	fi
	pass "$name: the guest"
}

# complaints CONSOLE: why a guest was not content: what it said itself, what its kernel said, and how it ended
complaints() {
	{
		grep -a '^FAILED: ' "$1"
		kernel/vm/check-console "$1" 2>&1 | sed 20q
		tail -n 3 "$1"
	} | tr -cd '[:print:]\n'
}

# boot OPTION...: the machine, or imasim in its place, which knows no memory and no second kernel
boot() {
	local kernel
	if [[ $vm_config == imasim ]]; then
		tests/imasim/boot --imasim build/test "$@"
		return
	fi
	kernel=${vm_kernel:-$(kernel/build --config "$vm_config" --tree patched 2>&4)}
	kernel/boot --kernel "$kernel" --mem "$vm_mem" "$@"
}

# keeper_programs: into $adds, options by which a guest has what keeps records, and the way of TSS to /dev/tpmrm0
keeper_programs() {
	local name tcti
	build_release
	adds=()
	for name in imastage imastaged; do
		adds+=(--add "$PWD/build/release/$name:/usr/bin/$name")
	done
	tcti=$(ldconfig -p | awk '$1 == "libtss2-tcti-device.so.0" { if (!n++) print $NF }')
	adds+=(--add "$tcti:$tcti")
}

# installed_programs: into $adds, options by which a guest has all that is installed, systemd and AppArmor
installed_programs() {
	local tree=build/vm/installed units=/usr/lib/systemd/system path
	build_release
	rm -rf "$tree"
	DESTDIR=$PWD/$tree meson install -C build/release --no-rebuild --quiet
	rm -rf "$tree"/usr/local/{include,share}
	adds=(--add "$PWD/$tree:/")
	for path in "$(ldconfig -p | awk '$1 == "libtss2-tcti-device.so.0" { if (!n++) print $NF }')" \
		/usr/lib/systemd/{systemd,systemd-executor,systemd-shutdown,systemd-journald} \
		"$(command -v systemctl)" "$(command -v systemd-tmpfiles)" "$(command -v unshare)" \
		"$(command -v apparmor_parser)" /usr/share/apparmor-features /etc/apparmor /etc/apparmor.d/{abi,abstractions,tunables} \
		$units/{basic,sysinit,local-fs,local-fs-pre,slices,sockets,timers,paths,multi-user,shutdown,umount,final,poweroff}.target \
		$units/systemd-{journald.service,journald.socket,journald-dev-log.socket,tmpfiles-setup.service,poweroff.service}; do
		[[ ! -e $path ]] || adds+=(--add "$path:$path")
	done
}

# explains NAME STAGE PART...: the parts, in this order, replay to what the PCRs
# were at the end of kernel STAGE, in both banks; evmctl thinks so, too (told to
# take violations for what they are: all ones).
explains() {
	local name=$1 pcrs=$out/results/$2.pcrs expect
	expects "$2" sha1 sha256
	shift 2
	cat "$@" >"$out/list"
	replays "$name: replays to the TPM's PCR 10" "${expect[@]}" "$@"
	[[ ! -e $out/twin ]] || starts_with "$name: byte for byte what imasim measured" "$out/twin" "$out/list"
	evmctl_accepts "$name: evmctl accepts it" "$out/list" "$pcrs.sha1" "$pcrs.sha256"
}

# evmctl_accepts NAME LIST SHA1-PCRS SHA256-PCRS
evmctl_accepts() {
	local name=$1 status
	need "$name" evmctl || return 0
	tests/lib/evmctl build/test/imastage "${@:2}" && status=0 || status=$?
	case $status in
	0) pass "$name" ;;
	77) skip "$name" "this evmctl refuses template data above 4096 bytes" ;;
	*) fail "$name" ;;
	esac
}

# expects STAGE BANK...: options by which a replay expects what the PCRs were at
# the end of kernel STAGE, in $expect
expects() {
	local stage=$1 bank
	shift
	expect=()
	for bank; do
		expect+=(--expect "$bank=$(awk '$1 == "PCR-10:" { print $2 }' "$out/results/$stage.pcrs.$bank")")
	done
}

# replays NAME OPTION... FILE...: `imastage log replay` accepts it
replays() {
	local name=$1
	shift
	if build/test/imastage log replay "$@"; then
		pass "$name"
	else
		fail "$name"
	fi
}

# records FILE...: how many there are
records() { build/test/imastage log show --count "$@"; }

# same NAME A B: A and B are the same text
same() {
	if [[ $2 == "$3" ]]; then
		pass "$1"
	else
		fail "$1: '$2' is not '$3'"
	fi
}

# starts_with NAME LIST PART: the bytes of LIST begin with those of PART
starts_with() {
	if cmp -s -n "$(stat -c %s "$3")" "$2" "$3"; then
		pass "$1"
	else
		fail "$1"
	fi
}

# The KUnit suites in the kernel. KTAP nests: the cases are those below a suite,
# each of which has a plan of its own. Suites that are planned must all be there
# and content: one that fails as a whole may not have said so of any case.
vm_kunit() {
	vm kunit kunit --no-tpm --append kunit.enable=1 || return 0
	sed -n 's/^\[[ 0-9.]*\] //p' "$out/results/dmesg" >"$out/ktap"
	run_tap kunit awk '
		/^1\.\./ { missing += substr($1, 4) }
		/^    # Subtest: / { in_suite = / ima_staging/ }
		/^(not )?ok / { in_suite = 0; missing--; bad += $1 == "not" }
		in_suite && /^    (1\.\.|ok|not ok)/ { sub(/^    /, ""); print }
		END { exit missing || bad }' "$out/ktap"
}

# The main job, and that a dropped record is found out.
vm_rounds() {
	local parts total lost
	vm rounds rounds || return 0
	parts=("$out"/results/1.*.part)
	explains rounds 1 "${parts[@]}"
	total=$(records "${parts[@]}")
	same "rounds: deleted and current are all records" "$total" \
		$(($(<"$out/results/deleted") + $(<"$out/results/current")))
	for lost in 0 $((total / 2)) $((total - 1)); do
		build/test/imastage log replay --drop "$lost" \
			--expect "sha256=$(awk '$1 == "PCR-10:" { print $2 }' "$out/results/1.pcrs.sha256")" \
			"${parts[@]}" && status=0 || status=$?
		same "rounds: without record $lost it is rejected" "$status" 3
	done
}

# Memory returns; a TPM would take minutes for so many records, and gets fewer. The
# debug kernel pads its slabs and delays frees: there only kmemleak judges.
vm_memory() {
	local figures=
	[[ $vm_config == release ]] || figures=imastage.figures=ignored
	vm memory memory --no-tpm --append "$figures" || true
	vm memory-flush memory --no-tpm --append "$figures ima_flush_htable" || true
	vm memory-tpm memory --append "$figures" || true
}

vm_duplicates() {
	if vm duplicates duplicates; then
		explains duplicates 1 "$out"/results/1.*.part
	fi
	if vm duplicates-flush duplicates --append ima_flush_htable; then
		explains duplicates-flush 1 "$out"/results/1.*.part
	fi
}

vm_violations() {
	vm violations violations || return 0
	explains violations 1 "$out"/results/1.*.part
}

# A kexec is at its worst between two steps of a transaction. What is expected of
# the second kernel's list: see tests/vm/guest/kexec.
vm_kexec() {
	local mode
	for mode in plain staged read; do
		vm "kexec-$mode" kexec --append "imastage.mode=$mode" || continue
		if [[ $mode == read ]]; then
			starts_with "kexec-read: the saved records come back" \
				"$out/results/2.000.part" "$out/results/1.001.part"
		fi
		explains "kexec-$mode" 2 "$out/results/1.000.part" "$out/results/2.000.part"
	done
	if vm kexec-twice kexec --append imastage.mode=twice; then
		explains kexec-twice 3 "$out/results/1.000.part" "$out/results/3.000.part"
	fi
	[[ $vm_config != imasim ]] || return 0 # one kernel after another, of the same kind
	if vm kexec-unpatched kexec --append imastage.mode=staged \
		--second "$(kernel/build --config "$vm_config" --tree unpatched 2>&4)"; then
		explains kexec-unpatched 2 "$out/results/1.000.part" "$out/results/2.000.part"
	fi
}

# What the files of a bank show has that bank's digests, and leads to its PCR; the
# text form shows the same.
vm_banks() {
	local bank list expect binary
	vm banks banks || return 0
	expects 2 sha1 sha256 sha384 sha512
	for bank in sha1 sha256 sha384 sha512; do
		for list in staged current; do
			binary=$out/results/$list.$bank.binary
			[[ -s $binary ]] || fail "banks: $list $bank: no records"
			build/test/imastage log show --ascii --list-bank $bank "$binary" >"$binary.text"
			same "banks: $list $bank, text and binary" \
				"$(sha256sum <"$out/results/$list.$bank.ascii")" "$(sha256sum <"$binary.text")"
		done
		replays "banks: $bank replays to the TPM's PCR 10" --list-bank $bank "${expect[@]}" "$binary"
	done
}

vm_kexec_digests() {
	local parts kernels=4
	[[ $vm_config == release ]] || kernels=2
	if vm kexec_digests kexec_digests --append "imastage.mode=kept imastage.kernels=$kernels"; then
		parts=("$out"/results/[1-$kernels].*.part)
		explains kexec_digests $kernels "${parts[@]}"
		same "kexec_digests: deleted, staged and current are all records" "$(records "${parts[@]}")" \
			"$(<"$out/results/all")"
	fi
	vm kexec_digests-off kexec_digests --append "imastage.mode=off ima_kexec_digests=0" || true
	# Too slow for the kernel that watches itself; the same is in its KUnit tests.
	if [[ $vm_config == release ]]; then
		vm kexec_digests-many kexec_digests --no-tpm --append "imastage.mode=many ima_kexec_digests=1 loglevel=6" || true
	fi
}

# With all records the snapshots agree; with those that follow one, a replay that
# starts with its values gets as far. Not without it, nor with another before it.
vm_snapshot() {
	local parts=() expect results status
	vm snapshot snapshot || return 0
	results=$out/results
	explains snapshot-1 1 "$results/1.000.part" "$results/1.001.part"
	explains snapshot-2 2 "$results/1.000.part" "$results/2.000.part"
	explains snapshot-2b 2b "$results/1.000.part" "$results/2.001.part" "$results/2b.002.part"
	for parts in 1:1.001 2:2.000 2b:2b.002; do
		expects "${parts%:*}" sha1 sha256 sha384 sha512
		replays "snapshot-${parts%:*}: a replay that starts with it reaches all banks" \
			--from-snapshot "${expect[@]}" "$results/${parts#*:}.part"
		build/test/imastage log replay "${expect[@]}" "$results/${parts#*:}.part" && status=0 || status=$?
		same "snapshot-${parts%:*}: a replay from zero does not" "$status" 3
	done
	build/test/imastage log replay --from-snapshot "$results/1.001.part" "$results/2b.002.part" && status=0 || status=$?
	same "snapshot: records missing between two are found out" "$status" 3
}

# aligned NAME FILE LIST OPTION...: the saved part and LIST lead there, with records
# in excess; those that do are $out/prefix. With a record dropped they do not.
aligned() {
	local name=$1 list=$2 parts status
	shift 2
	parts=("$out/results/1.000.part" "$list")
	build/test/imastage log align --json --prefix "$out/prefix" "$@" "${parts[@]}" >"$out/aligned" && status=0 || status=$?
	cat "$out/aligned"
	same "$name: the list leads there" "$status" 0
	same "$name: and goes further" "$(grep -o '"excess_records":[1-9]' "$out/aligned" | cut -d: -f1)" '"excess_records"'
	build/test/imastage log replay --until-match --drop 7 "$@" "${parts[@]}" && status=0 || status=$?
	same "$name: not without record 7" "$status" 3
}

# What tpm2-tools say of a TPM is what `imastage log` reads, and where a list of
# the same machine leads; evmctl has the same opinion of the records before the excess.
vm_oracle() {
	local results bank
	need oracle tpm2 evmctl || return 0
	keeper_programs
	vm oracle oracle "${adds[@]}" --add "$(command -v tpm2):/usr/bin/tpm2" || return 0
	results=$out/results
	aligned "oracle: tpm2_pcrread" "$results/list.pcrs" --bank sha1,sha256 --expect "$results/pcrs.yaml"
	for bank in sha1 sha256; do
		awk -v bank="  $bank:" '/^ *sha/ { on = $0 == bank } on && /0x/ {
			split($0, part, / *: *0x/); printf "PCR-%02d: %s\n", part[1], part[2] }' \
			"$results/pcrs.yaml" >"$out/pcrs.$bank"
	done
	evmctl_accepts "oracle: evmctl accepts the same records" "$out/prefix" "$out/pcrs.sha1" "$out/pcrs.sha256"
	aligned "oracle: tpm2_quote" "$results/list.quote" --bank sha1,sha256 --quote-pcrs sha1:10+sha256:0,10 \
		--quote-digest "$(<"$results/quote.digest")" --other "$results/pcrs.yaml"
}

# answered NAME WORDS: what late-writer was answered, one command after the other
answered() {
	local name=$1 got
	shift
	got=$(sed -n 's/.*late-writer: \([^:]*\|[0-9]*:1\): \([A-Z]*\)\r*$/\2/p' "$out/console.log" | xargs)
	same "$name: D, A, 1 (staged), 1, T:1 are refused" "$got" "$*"
}

# One processor: see late-writer.
vm_suspend() {
	local mode
	for mode in staged current; do
		vm "suspend-$mode" suspend --smp 1 --append "imastage.mode=$mode" || continue
		explains "suspend-$mode" 2 "$out/results/1.000.part" "$out/results/2.000.part"
		case $mode in
		staged) answered suspend-staged ESTALE EEXIST EEXIST EEXIST EEXIST ;;
		current) answered suspend-current ENOENT EACCES EACCES ESTALE ESTALE ;;
		esac
	done
}

# The kselftest, with the digests of deleted records kept and dropped.
vm_abi() {
	vm abi abi || true
	run_tap abi cat "$out/results/abi.tap"
}

vm_abi_flush() {
	vm abi-flush abi --append ima_flush_htable || true
	run_tap abi-flush cat "$out/results/abi.tap"
}

# number NAME FILE: the first of that name in JSON
number() { grep -o "\"$1\":[0-9]*" "$2" | sed -n "1s/.*://p"; }

# What the keeper has archived and what is left in the kernel are all records, each
# once, in order, as PCR 10 of the TPM has them in all banks: whenever it was killed,
# and at whatever step of a drain a kexec came.
vm_keeper() {
	local rounds=100 mode stage name said
	[[ $vm_config == release ]] || rounds=10
	keeper_programs
	for mode in kill kexec idle view; do
		name=keeper-$mode
		vm "$name" keeper --timeout 1500 --append "imastage.mode=$mode imastage.rounds=$rounds" "${adds[@]}" || continue
		stage=1
		[[ $mode != kexec ]] || stage=6
		explains "$name" $stage "$out/results/$stage.000.part" "$out/results/$stage.001.part"
		same "$name: archived and current are all records" \
			"$(records "$out/results/$stage.000.part" "$out/results/$stage.001.part")" \
			$(($(<"$out/results/deleted") + $(<"$out/results/current")))
		same "$name: one hard boot, no gap, nothing pending" "1 0 0" \
			"$(number boots "$out/results/status.json") $(number nr_gaps "$out/results/status.json") $(number pending "$out/results/status.json")"
		said=$(sed -n 's/^check: \(killed .*\)/\1/p' "$out/console.log" | tr -d '\r')
		[[ ! $said ]] || note "$said"
	done
}

# A verifier attests the machine again and again, over drains and kexecs. What it has proved
# is what the keeper has archived, from record 0 on.
vm_attest() {
	local rounds=${VM_ROUNDS:-5} status
	keeper_programs
	vm attest attest --timeout 1500 --append "imastage.rounds=$rounds" "${adds[@]}" || return 0
	explains attest 3 "$out/results/3.000.part" "$out/results/3.001.part"
	(($(records "$out/results/3.000.part") <= $(<"$out/results/next") &&
		$(<"$out/results/next") <= $(records "$out/results/3.000.part" "$out/results/3.001.part"))) && status=0 || status=$?
	same "attest: all that was archived was proved, and no more than there is" "$status" 0
	sed -n 's/^check: \(kernel [0-9]: .* rounds .*\)/\1/p' "$out/console.log" | tr -d '\r' | while IFS= read -r line; do note "$line"; done
}

# Debian's own kernel, as it is: no staging, one list file, and a list that is followed and never trimmed.
vm_keeper_unpatched() {
	local debian vm_kernel=
	[[ $vm_config == release ]] || {
		skip keeper_unpatched "Debian ships no kernel that watches itself"
		return
	}
	debian=$(kernel/debian 2>&4) || {
		skip keeper_unpatched "missing Debian's kernel image: see kernel/debian"
		return
	}
	keeper_programs
	vm_kernel=$debian/vmlinuz
	vm keeper_unpatched keeper_unpatched --add "$debian/modules:/boot/modules" "${adds[@]}" || return 0
	explains keeper_unpatched 1 "$out/results/1.000.part"
	starts_with "keeper_unpatched: the archive is the list" "$out/results/1.000.part" "$out/results/1.001.part"
	same "keeper_unpatched: all that was measured by then is archived" \
		"$(number end "$out/results/status.json")" \
		"$(records "$out/results/1.001.part")"
}

# What is shipped beside the programs, in force: on a kernel with staging, and under systemd on Debian's own. Both have
# AppArmor, this one to be asked for.
vm_confined() {
	local debian vm_kernel=
	need confined apparmor_parser systemctl unshare || return 0
	installed_programs
	if vm confined confined --append "log_buf_len=4M lsm=integrity,apparmor" "${adds[@]}"; then
		explains confined 1 "$out"/results/1.00[01].part
	fi
	run_tap confined cat "$out/results/confined.tap"
	[[ $vm_config == release ]] || return 0
	debian=$(kernel/debian 2>&4) || {
		skip confined-units "missing Debian's kernel image: see kernel/debian"
		return
	}
	vm_kernel=$debian/vmlinuz
	if vm confined-units confined --mem 1024 --append log_buf_len=4M --add "$debian/modules:/boot/modules" "${adds[@]}"; then
		explains confined-units 1 "$out/results/1.001.part"
		starts_with "confined-units: the archive is the list" "$out/results/1.001.part" "$out/results/1.000.part"
	fi
	run_tap confined-units cat "$out/results/confined.tap"
}

on_imasim() {
	((EUID == 0)) || {
		skip "$1" "watching what is opened takes root"
		return
	}
	need "$1" swtpm tpm2_pcrread busybox cpio unshare || return 0
	build_tests
	vm_config=imasim vm_timeout=300
	"vm_$1"
}

define_vm_checks() {
	local name
	for name in "${sim_scenarios[@]}"; do
		eval "check_sim_$name() { on_imasim $name; }"
	done
	for name in "${vm_scenarios[@]}"; do
		eval "check_vm_$name() { build_tests; vm_config=release vm_mem=512 vm_timeout=300; vm_$name; }"
		eval "check_debug_$name() { build_tests; vm_config=debug vm_mem=1024 vm_timeout=1200; vm_$name; }"
	done
}
define_vm_checks
