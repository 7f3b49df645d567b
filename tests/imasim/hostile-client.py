#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hostile-client.py SOCKET FDS

Sends what no client of imasim would to the one that listens at SOCKET, and looks
whether descriptors stay open in FDS, its /proc/PID/fd. Exit status 0: they do not.
"""
import array
import os
import random
import socket
import sys
import time

PATH, FDS = sys.argv[1:]


def connect():
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(30)
    sock.connect(PATH)
    return sock


def nr_fds():
    return len(os.listdir(FDS))


def answered(packet, fds=()):
    """The status of the answer; None: the connection is closed instead."""
    with connect() as sock:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        sock.sendmsg([packet], rights)
        try:
            answer = sock.recv(65536)
        except ConnectionResetError:
            return None
        return int.from_bytes(answer[:4], "little", signed=True) if answer else None


def wrong_packets():
    verbs = [b"measure", b"violation", b"buffer", b"load", b"watch", b"fault", b"save", b"tpm", b"nothing"]
    words = [b"", b"1", b"-1", b"x" * 3000, b"mount:read", b"read", b"EIO", b"\xff" * 9]
    rng = random.Random(7)
    with open("/dev/null", "rb") as null:
        for _ in range(400):
            packet = b"\0".join([rng.choice(verbs)] + rng.choices(words, k=rng.randrange(12)))
            # Some end without a NUL; load must not run for real.
            packet = packet.replace(b"load\x001\x001", b"load\x00x\x001") + rng.choice([b"", b"\0"])
            answered(packet[:8000], [null.fileno()] * rng.randrange(4))
        for _ in range(200):
            answered(rng.randbytes(rng.randrange(1, 9000)), [null.fileno()] * rng.randrange(4))
    assert answered(b"kexec\0" + b"a\0" * 9) is None
    assert answered(b"status") is None
    assert answered(b"nothing\0") == -38


def nobody_reads():
    """Asks, and does not listen, until imasim has enough of it."""
    with connect() as sock:
        sock.setblocking(False)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                sock.send(b"status\0")
            except BlockingIOError:
                time.sleep(0.05)
            except (BrokenPipeError, ConnectionResetError):
                return
    sys.exit("hostile-client: it still waits for who does not read")


def too_many():
    socks = []
    for _ in range(600):
        try:
            socks.append(connect())
        except (BlockingIOError, ConnectionRefusedError, TimeoutError):
            break
    assert nr_fds() < 400, nr_fds()
    for sock in socks:
        sock.close()


def settled(before):
    deadline = time.monotonic() + 30
    while nr_fds() > before:
        if time.monotonic() > deadline:
            sys.exit(f"hostile-client: {nr_fds()} descriptors are open, {before} were before")
        time.sleep(0.05)


def main():
    answered(b"status\0")
    time.sleep(0.2)
    before = nr_fds()
    for attack in (wrong_packets, nobody_reads, too_many):
        attack()
        settled(before)
    # Those who came before have to be turned away first.
    for _ in range(600):
        try:
            assert answered(b"fault\0none\0") == 0
            return
        except BlockingIOError:
            time.sleep(0.05)
    sys.exit("hostile-client: nobody gets in any more")


main()
