#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""held-tpm.py HELD PROGRAM ARG...

The TPM behind PROGRAM (commands on its input, answers on its output), which takes as long for a
quote as there is a file HELD. HELD.asked is made when a quote is asked for.
"""
import os
import signal
import subprocess
import sys
import time

QUOTE = 0x158


def read_all(source, size):
    data = b""
    while len(data) < size:
        part = source.read(size - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def read_message(source):
    head = read_all(source, 10)
    return head + read_all(source, int.from_bytes(head[2:6], "big") - 10)


def main():
    # TSS ends its program by SIGTERM, which it may have inherited blocked.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    held, program = sys.argv[1], sys.argv[2:]
    mine, answers = sys.stdin.buffer, sys.stdout.buffer
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tpm:
        while True:
            command = read_message(mine)
            if int.from_bytes(command[6:10], "big") == QUOTE and os.path.exists(held):
                open(held + ".asked", "w", encoding="ascii").close()
                while os.path.exists(held):
                    time.sleep(0.05)
            tpm.stdin.write(command)
            tpm.stdin.flush()
            answers.write(read_message(tpm.stdout))
            answers.flush()


main()
