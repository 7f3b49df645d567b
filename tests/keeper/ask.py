#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ask.py SOCKET LINE [UID GID]: sends a line, as another user if asked to, prints the answer."""
import os
import socket
import sys

if len(sys.argv) > 4:
    os.setgroups([])
    os.setresgid(*[int(sys.argv[4])] * 3)
    os.setresuid(*[int(sys.argv[3])] * 3)
sock = socket.socket(socket.AF_UNIX)
sock.settimeout(120)
sock.connect(sys.argv[1])
sock.sendall(sys.argv[2].encode() + b"\n")
with sock.makefile() as file:
    print(file.readline(), end="")
