#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ask.py SOCKET LINE: sends a line, prints the answer."""
import socket
import sys

sock = socket.socket(socket.AF_UNIX)
sock.settimeout(120)
sock.connect(sys.argv[1])
sock.sendall(sys.argv[2].encode() + b"\n")
with sock.makefile() as file:
    print(file.readline(), end="")
