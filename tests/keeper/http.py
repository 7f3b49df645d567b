#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""http.py SOCKET LINE: an HTTP request, prints the whole answer."""
import socket
import sys

sock = socket.socket(socket.AF_UNIX)
sock.settimeout(60)
sock.connect(sys.argv[1])
sock.sendall(sys.argv[2].encode() + b"\r\nHost: localhost\r\n\r\n")
with sock.makefile(newline="") as file:
    print(file.read().replace("\r", ""), end="")
