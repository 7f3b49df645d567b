# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # lib.sh has the rest
#
# AppArmor in the guest: the shipped profile, loaded and enforced; what it has refused; and what it must refuse.

apparmor=/sys/kernel/security/apparmor
profile=$(find /usr /etc -name usr.sbin.imastaged)

# enforce_profile: no line that the kernel has to say about it is dropped
enforce_profile()
{
	[ -e $apparmor ] || fail "this kernel has no AppArmor"
	echo 0 >/proc/sys/kernel/printk_ratelimit
	apparmor_parser -r "$profile" || fail "the profile cannot be loaded"
	grep -qx 'imastaged (enforce)' $apparmor/profiles || fail "the profile is not enforced: $(cat $apparmor/profiles)"
}

denials() { dmesg | grep 'apparmor="DENIED"' || true; }
nr_denials() { denials | grep -c . || true; }

# Each reason to deny once, without times and process ids; and what says that some are missing.
nothing_denied()
{
	{
		denials
		dmesg | grep -E 'audit: .*(lost|exceeded)|suppressed'
	} | sed 's/.*apparmor="DENIED" //; s/ pid=[0-9]*//' | sort | uniq -c >/tmp/denied
	is "$1" "" "$(cat /tmp/denied)"
}

# refuses NAME OPERATION...: to a program under the profile, not to others; and the kernel's log has it
refuses()
{
	name=$1
	shift
	was=$(nr_denials)
	unshare --mount as-confined imastaged "$@" >/tmp/out 2>/tmp/err && one=0 || one=$?
	logged=$(($(nr_denials) > was))
	unshare --mount as-confined unconfined "$@" >>/tmp/out 2>>/tmp/err && all=0 || all=$?
	is "the profile refuses: $name" "3, logged 1, others 0" "$one, logged $logged, others $all"
}

# What a keeper that was taken over could do otherwise. The first is what may be done.
profile_is_tight()
{
	ok "the profile allows: its configuration" as-confined imastaged read "$conf"
	refuses "passwords" read /etc/shadow
	refuses "root's files" read /root/secret
	refuses "other programs' data" read /var/lib/other/data
	refuses "writing its configuration" write "$conf"
	refuses "writing the programs" write "$(command -v imasim)"
	refuses "a new file in /etc" create /etc/imastage.new
	refuses "IMA's policy" write $ima/policy
	refuses "the profiles" write $apparmor/.replace
	refuses "SysRq" write /proc/sysrq-trigger
	refuses "kernel parameters" write /proc/sys/kernel/printk_ratelimit
	refuses "loading what kexec starts" write /sys/kernel/kexec_crash_size
	refuses "the kernel's log" read /dev/kmsg
	refuses "another process's environment" read /proc/1/environ
	refuses "another process's memory" read /proc/1/mem
	refuses "tracing others" trace 1
	refuses "signals to others" kill 1
	refuses "a shell" exec /bin/busybox
	refuses "another program" exec "$(command -v env)"
	refuses "another user" setuid
	refuses "a device" mknod /run/imastage/device
	refuses "mounting tmpfs" mount tmpfs /var/lib/imastage
	refuses "mounting proc" mount proc /run/imastage
	refuses "a mount over /etc" bind /run/imastage /etc
	refuses "a mount of /etc" bind /etc /run/imastage
	refuses "unmounting securityfs" umount /sys/kernel/security
	refuses "unmounting others" umount /tmp
}

# The same of a kernel that has more to it.
profile_is_tight_here()
{
	refuses "the kernel's memory" read /proc/kcore
	refuses "the Internet" inet
}
