#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""notified.py SOCKET FILE: a service manager that writes down what it is told."""
import socket
import sys

sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind(sys.argv[1])
with open(sys.argv[2], "w") as file:
    while True:
        file.write(sock.recv(4096).decode() + "\n")
        file.flush()
