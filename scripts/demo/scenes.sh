# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The scenes of `make demo`, in order. Each is a function scene_NAME that says what it
# shows and why it matters, does it, and fails if it does not come out so. What they
# are made with is in lib.sh; the scenes of the verifier are in attest.sh.

scenes=(machine stage rounds kexec blocked proof tampered keeper enrolled attested refused policy account)

scene_machine() {
	printf '\n%simastage: the list of IMA, kept outside of the kernel, proved by the TPM%s\n\n' \
		"$bold" "$plain"
	tell "No kernel is built: imasim shows the files of /sys/kernel/security/ima by FUSE, with the" \
		"very code that goes into the kernel behind them, and extends a software TPM (swtpm)."
	title "A list that only grows"
	tell "IMA records every program that runs, in kernel memory, and extends the TPM's PCR 10 with" \
		"the record. No record ever leaves that list."
	gap
	list_programs
	machine ima private/socket --tpm swtpm --twin private/all || return
	machine never private/never --tpm swtpm --ek-ca private/never-ca --boot-log private/never-firmware --twin private/never-all --boot-id private/never-boot || return
	memory_at_boot=$(memory)
	if imasim watch --exec /usr/bin 2>private/said; then
		run_watched || return
	else
		tell "Here programs are measured, but not run: $(head -n 1 private/said)"
	fi
	programs 1 150 | measure || return
	gap
	tell "With 150 more programs of this machine that were measured without being run, it now ends so:"
	gap
	run_output "imastage log show $current | tail -n 4" || return
	gap
	tell "$(nr_current) records hold $(kib "$(memory)") KiB of kernel memory. PCR 10 is $(pcr sha256 | cut -c 1-16)... in its sha256 bank."
	(($(nr_current) > 150))
}

# Real programs, measured as they are run, by whomever (fanotify).
run_watched() {
	show_command 'imasim watch --exec /usr/bin'
	never watch --exec /usr/bin && run_harmless && imasim unwatch && never unwatch || return
	tell "$(wc -l <private/harmless) programs are run (cat --version, ls --version, ...), and measured as they are: $(nr_current) records."
}

scene_stage() {
	local nr_before
	title "Stage, save, delete"
	nr_before=$(nr_current)
	tell "A sets the whole list aside at once; D deletes what was set aside. In between it is read and" \
		"saved, to stable storage. One descriptor does it all, and nobody else can come in between:"
	gap
	part=parts/$(printf '%020d' 0).ima
	run_shown "exec 3<>$staged"
	run_shown 'echo A >&3'
	run_shown "cat <&3 >$part; sync $part"
	run_shown 'echo D >&3; exec 3>&-'
	gap
	tell "The kernel has $(nr_current) records now, in $(kib "$(memory)") KiB; $(kib "$memory_at_boot") were taken at boot. Of a deleted record only" \
		"the digest stays, to know the file again. The records are in a file of $(stat -c %s "$part") bytes."
	(($(nr_deleted) == nr_before && $(nr_current) == 0))
}

# Measures more and more, beside what the scene does.
busy() {
	programs 151 $((nr_programs - 270)) | measure
	local status=$?
	: >private/rested
	return "$status"
}

# drain: the same as a function; sets $nr_records.
drain() {
	new_part "$(nr_deleted)"
	exec 3<>"$staged" && echo A >&3 || return
	nr_records=$(nr_staged)
	cat <&3 >"$part" && sync "$part" && echo D >&3
	local status=$?
	exec 3>&-
	return "$status"
}

scene_rounds() {
	local round busy
	title "Again and again, while programs are measured"
	tell "Whoever measures does not wait for it: the lock is held for a few instructions, however" \
		"long the list. A second machine measures the same and deletes nothing, as without staging."
	gap
	busy &
	busy=$!
	row '%5s  %7s  %9s  %9s  %7s  %13s  %15s' round records KiB\ saved in\ kernel deleted kernel\ memory without\ staging
	for ((round = 1; round <= 6; round++)); do
		until enough_to_drain; do sleep 0.1; done
		(($(nr_current))) || break # a slow machine found more at once in earlier rounds
		drain || return
		row '%5d  %7d  %9d  %9d  %7d  %9d KiB  %11d KiB' "$round" "$nr_records" "$(kib "$(stat -c %s "$part")")" \
			"$(nr_current)" "$(nr_deleted)" "$(kib "$(memory)")" "$(kib "$(memory_without)")"
	done
	wait "$busy"
}

enough_to_drain() { (($(nr_current) >= nr_programs / 8)) || [[ -e private/rested ]]; }

scene_kexec() {
	local nr_before
	title "kexec in the middle of it"
	tell "A kexec boots another kernel; the TPM is not reset, so the list has to go on. Here it strikes" \
		"when records are staged and saved, but not yet deleted, and kills who was about to."
	gap
	programs $((nr_programs - 119)) 60 | measure || return
	new_part "$(nr_deleted)"
	run_shown "exec 3<>$staged; echo A >&3"
	run_shown "cat <&3 >$part; sync $part"
	nr_records=$(nr_staged)
	nr_before=$(nr_deleted)
	run_shown 'imasim kexec'
	never kexec || return
	refused 'Input/output error' 'echo D >&3' || return
	exec 3>&-
	gap
	tell "The next kernel has them back: $(nr_current) records, of which $nr_records were saved. That $nr_before had been deleted" \
		"it knows, too. Its list begins with the part that was saved, so that many are deleted at once," \
		"and only if nobody else has done so since (T:N, T deleted before):"
	gap
	cmp --bytes="$(stat -c %s "$part")" "$part" "$current" || return
	found "the list of the new kernel begins with that part, byte for byte"
	run_shown "echo $nr_before:$nr_records >$current"
	gap
	tell "Nothing is lost, nothing is there twice; $(nr_current) record is left, the new kernel's boot_aggregate."
	(($(nr_deleted) == nr_before + nr_records && $(nr_current) == 1))
}

# A program that reads the list as Keylime's agent does: it never closes it.
scene_blocked() {
	local holder
	title "Somebody does not let go"
	tell "One task may have the files open for writing, or any number for reading. So a program that" \
		"reads the list and never closes it blocks all staging. It is found and named:"
	gap
	programs $((nr_programs - 59)) 40 | measure || return
	in_background tail -n 0 -f ima/ascii_runtime_measurements 2>/dev/null
	holder=$!
	wait_for is_holder "$holder" || return
	refused 'Device or resource busy' "echo A >$staged" || return
	gap
	run_output "imastage status --source ima 2>&1 | grep 'in the way' | fold -s"
	grep -q "pid $holder " private/output || return
	gap
	run_shown "kill $holder"
	pids=()
	wait_for is_free || return
	drain || return
	tell "Now it goes: $nr_records records staged, saved and deleted. Nothing had been lost; the list waited."
}

# status exits with 3: the kernel has deleted records, and this scene has no archive that could have them.
in_the_way() { { imastage status --source ima 2>/dev/null || true; } | grep 'in the way'; }
is_holder() { in_the_way | grep "pid $1 " >/dev/null; }
is_free() { ! in_the_way >/dev/null; }

# expected: options by which a replay compares with the TPM's banks.
expected() { imasim pcrs | sed 's/^/--expect=/'; }

scene_proof() {
	title "Nobody has to be trusted: the TPM proves it"
	tell "The parts that were saved and the list that is still in the kernel, one after the other, are" \
		"replayed: every record's digest computed anew, PCR 10 extended as the TPM did."
	gap
	programs $((nr_programs - 19)) 20 | measure || return
	cat parts/*.ima "$current" >list
	mapfile -t options < <(expected)
	run_output 'imastage log replay list --expect=sha1:10=$(pcr sha1) \
       --expect=sha256:10=$(pcr sha256)' || return
	imastage log replay "${options[@]}" list >private/verdict || return
	gap
	found "that is PCR 10 of the TPM, in ${#options[@]} banks: $(imasim pcrs | cut -d: -f1 | xargs)"
	cmp list private/all || return
	found "the list is, byte for byte, what it would be had nothing been deleted"
	if command -v evmctl >/dev/null; then
		second_opinion || return
		found "evmctl, which shares no code with imastage, finds the same values"
	fi
}

# evmctl compares with files that have all PCRs.
second_opinion() {
	local bank value
	for bank in sha1 sha256; do
		value=$(pcr "$bank")
		for i in {0..23}; do
			printf 'PCR-%02d: %s\n' "$i" "$(if ((i == 10)); then echo "$value"; else tr 0-9a-f 0 <<<"$value"; fi)"
		done >"private/pcrs.$bank"
	done
	evmctl ima_measurement --ignore-violations --pcrs sha1,private/pcrs.sha1 --pcrs sha256,private/pcrs.sha256 \
		list >private/evmctl 2>&1
}

# bytes_at FILE OFFSET HEX: overwrites them.
bytes_at() {
	# shellcheck disable=SC2059 # the format is the bytes
	printf "$(sed 's/../\\x&/g' <<<"$3")" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# member NAME: of the one JSON object on its input
member() { sed -n "s/.*\"$1\":\"\\{0,1\\}\\([^\",}]*\\).*/\\1/p"; }

scene_tampered() {
	local digest data path offset length before forged sha1
	title "One record is changed"
	victim=$(($(imastage log show --count list) / 4))
	imastage log show --json --index "$victim..$victim" list >private/record || return
	path=$(member event_name <private/record)
	data=$(member template_data <private/record)
	offset=$(member offset <private/record)
	length=$(member length <private/record)
	digest=$(imastage log show --ascii --index "$victim..$victim" list | cut -d' ' -f4 | cut -d: -f2)
	tell "An intruder has replaced $path and run it. What betrays it is its hash" \
		"in record $victim, which the intruder now rewrites, in what was saved:"
	gap
	cp list tampered
	forged=$(printf '%064x' 1 | sed 's/./e/g')
	before=${data%%"$digest"*}
	bytes_at tampered $((offset + length - ${#data} / 2 + ${#before} / 2)) "$forged"
	rejected tampered || return
	tampered_index=$(sed -n 's/^bad digest .* in record \([0-9]*\) .*/\1/p' private/verdict)
	found "record $tampered_index: its digest is not that of its contents"
	gap
	tell "A better intruder makes the digest fit as well. But the TPM was extended with the old one:"
	gap
	cp tampered forged
	# shellcheck disable=SC2059
	sha1=$(printf "$(sed "s/$digest/$forged/; s/../\\\\x&/g" <<<"$data")" | sha1sum | cut -d' ' -f1)
	bytes_at forged $((offset + 4)) "$sha1"
	rejected forged || return
	grep -q '^bad digest' private/verdict && return 1
	found "all digests fit, and yet no number of its records leads to the TPM's PCR 10"
	gap
	tell "Which one it was, a copy tells that somebody else has kept:"
	gap
	run_output 'imastage log diff forged list'
	grep -q "^~ *$victim -> $victim\b" private/output && ((tampered_index == victim))
}

# rejected LIST: with exit status 3, which is a verdict and no error
rejected() {
	local status
	show_command "imastage log replay --expect=sha1:10=... --expect=sha256:10=... $1"
	imastage log replay "${options[@]}" "$1" >private/verdict
	status=$?
	sed -n '/^bad digest/p; /^expected PCRs/p; /^verdict/p' private/verdict | indented
	((status == 3))
}

keeper_configuration() {
	cat <<-END
		archive = $PWD/archive
		source = $PWD/never
		tpm = cmd:imasim --socket $PWD/private/never tpm
		boot_id = $PWD/private/never-boot
		control = $PWD/private/keeper
		metrics_socket = none
		drain_records = 100
		poll = 1s
	END
}

# keeper_killed SEED: runs it while 600 records come in, and kills it once it has saved some.
keeper_killed() {
	local load said
	said=$(nr_drains)
	never load "$1" 600 1000 >private/load &
	load=$!
	setpriv --pdeathsig KILL imastaged --config private/keeper.conf 2>>private/keeper.log &
	pids=($!)
	wait_for has_drained "$said" || return
	pids=()
	kill -KILL $! || return
	wait $! 2>/dev/null
	nr_kills=$((nr_kills + 1))
	wait "$load"
}

nr_drains() { grep -c ' saved [0-9]* records' private/keeper.log; }
has_drained() { (($(nr_drains) > $1)); }

scene_keeper() {
	memory_never=$(memory_without)
	nr_kills=0
	title "The keeper, and whatever happens to it"
	tell "imastaged does all of this by itself, for good. Here it takes over the second machine," \
		"whose list was never shortened, while more records come in. Five times it is killed" \
		"(SIGKILL) in the middle of it, and a kexec boots another kernel."
	gap
	mkdir archive && keeper_configuration >private/keeper.conf && : >private/keeper.log || return
	keeper_killed 1 && keeper_killed 2 && keeper_killed 3 && never kexec && keeper_killed 4 && keeper_killed 5 || return
	run_output "imastage collect --config private/keeper.conf" || return
	gap
	run_output "imastage status --config private/keeper.conf | grep -E '^(verdict|archive|  records)'"
	(($? == 3)) && grep -q '^verdict .* keeper.dead$' private/output || return
	found "the records are safe, and status misses the keeper that was killed (exit status 3)"
	gap
	{ imastage archive cat --config private/keeper.conf && cat never/binary_runtime_measurements; } >kept || return
	cmp kept private/never-all || return
	nr_kept=$(imastage log show --count kept)
	found "after $nr_kills kills and a kexec: all $nr_kept records, none lost, none twice, byte for byte"
	mapfile -t options < <(never pcrs | sed 's/^/--expect=/')
	imastage log replay "${options[@]}" kept >private/verdict || return
	found "and they are what this machine's TPM has in PCR 10, in ${#options[@]} banks"
	gap
	tell "Programs that know nothing of it read the whole list, archive and kernel, in files like the" \
		"kernel's, keep them open as long as they like, and block nobody:"
	gap
	show_command 'imastage mount --config private/keeper.conf view &'
	in_background imastage mount --config private/keeper.conf view
	wait_for is_mounted view || return
	run_output 'wc -l view/ascii_runtime_measurements' || return
	cmp private/never-all view/binary_runtime_measurements || return
	found "view/binary_runtime_measurements is that list, byte for byte"
}

scene_account() {
	local nr nr_parts bytes with without banks seconds
	title "The account"
	nr=$(imastage log show --count list)
	nr_parts=$(printf '%s\n' parts/*.ima | wc -l)
	bytes=$(cat parts/*.ima | wc -c)
	with=$(memory)
	without=$memory_never
	banks=$(imasim pcrs | cut -d: -f1 | xargs)
	seconds=$((SECONDS - start))
	row '%-29s %s' 'records measured' "$nr, in two kernels" \
		'saved, then deleted' "$(nr_deleted), in $nr_parts parts of $bytes bytes together" \
		'in the kernel now' "$(nr_current)" \
		'kernel memory, with staging' "$(kib "$with") KiB, $(kib "$memory_at_boot") of them from the start" \
		'kernel memory, without' "$(kib "$without") KiB" \
		"TPM's PCR 10" "explained in $banks" \
		'record tampered with' "$tampered_index, found" \
		'kept by imastaged' "$nr_kept, through $nr_kills kills and a kexec" \
		'proved to a verifier' "$((nr_kept + 101)), in two rounds; 3 of 3 forgeries refused" \
		'judged by policies' "accepted; then rejected for the one program that was changed" \
		'time' "$seconds s"
	cat >account.json <<-END
		{
		  "records": $nr, "deleted": $(nr_deleted), "current": $(nr_current),
		  "parts": $nr_parts, "part_bytes": $bytes,
		  "memory_with": $with, "memory_without": $without,
		  "banks": ["${banks// /\", \"}"],
		  "tampered": $tampered_index, "kept": $nr_kept, "kills": $nr_kills,
		  "seconds": $seconds
		}
	END
	gap
	tell "What was saved, the whole list and the tampered ones are in"
	row '%s' "$PWD"
	tell "Next: README.md has a tour for you; make demo-vm tells the same in a real Linux."
	((nr == $(nr_deleted) + $(nr_current) && with < without))
}
