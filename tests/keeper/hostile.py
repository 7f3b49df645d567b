#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
hostile.py SOCKET

Does to the agent's socket what its users should not: garbage, halves, crowds, and
ears closed. After each it must answer others at once. Prints TAP.
"""
import json
import random
import socket
import sys

path = sys.argv[1]
number = 0
failed = False


def connect():
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    sock.settimeout(60)
    return sock


def ask(line):
    with connect() as sock:
        sock.sendall(line + b"\n")
        return json.loads(sock.makefile().readline())


def report(name, good, what=""):
    global number, failed
    number += 1
    failed = failed or not good
    print(f"{'ok' if good else 'not ok'} {number} - {name}")
    if not good:
        print(f"# {what}")


def lives(name):
    answer = ask(b'{"do":"status"}')
    report(f"{name}: others are answered", answer.get("ok") is True, answer)


def refused(name, line, words):
    answer = ask(line)
    good = answer.get("ok") is False and answer["errno"] == "EINVAL" and words in answer["error"]
    report(name, good, answer)


refused("no JSON", b"hello", "JSON")
refused("an empty line", b"", "JSON")
refused("an array", b"[1]", "JSON")
refused("two objects", b"{}{}", "JSON")
refused("a NUL", b'{"do":"status"}\0', "JSON")
refused("no UTF-8", b'{"do":"\xff\xfe"}', "JSON")
refused("nesting", b"{" + b'"a":{' * 200 + b"}" * 201, "JSON")
refused("nothing to do", b"{}", "'do'")
refused("an unknown thing to do", b'{"do":"dance"}', "'do'")
refused("a number to do", b'{"do":1}', "'do'")
refused("an unknown member", b'{"do":"status","a":1}', "no member 'a'")
refused("a hold without a name", b'{"do":"hold","from":1}', "needs 'name'")
refused("a hold without a start", b'{"do":"hold","name":"a"}', "needs 'from'")
refused("a negative index", b'{"do":"hold","name":"a","from":-1}', "'from' must be")
refused("a huge index", b'{"do":"hold","name":"a","from":99999999999999999999999}', "'from' must be")
refused("a fraction", b'{"do":"hold","name":"a","from":1.5}', "'from' must be")
refused("an empty name", b'{"do":"hold","name":"","from":1}', "'name' must be")
refused("a long name", b'{"do":"hold","name":"' + b"a" * 64 + b'","from":1}', "'name' must be")
refused("a name with a NUL", b'{"do":"hold","name":"a\\u0000b","from":0}', "'name' must be")
refused("a flush for fun", b'{"do":"flush","for":"fun"}', "'for' must be")

answer = ask(b'{"do":"hold","name":"a\\nb","from":0}')
report("a name with a newline", answer.get("ok") is False, answer)

with connect() as sock:
    sock.sendall(b"x" * 5000)
    answer = json.loads(sock.makefile().readline())
    report("a line too long is refused", answer["errno"] == "EMSGSIZE", answer)
lives("a line too long")

random.seed(1)
for i in range(200):
    with connect() as sock:
        try:
            sock.sendall(random.randbytes(random.randrange(4096)))
        except OSError:
            pass
lives("200 times random bytes")

halves = [connect() for i in range(60)]
for sock in halves:
    sock.sendall(b'{"do":"sta')
lives("60 half requests")

crowd = []
for i in range(1000):
    crowd.append(connect())
lives("1000 connections")

deaf = []
for i in range(60):
    sock = connect()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    sock.settimeout(0.2)
    try:
        for j in range(2000):
            sock.sendall(b'{"do":"metrics"}\n')
    except OSError:
        pass
    deaf.append(sock)
lives("60 who never read")
for sock in halves + crowd + deaf:
    sock.close()

with connect() as sock:
    sock.sendall(b'{"do":"holds"}\n{"do":"metrics"}\n')
    lines = sock.makefile()
    good = json.loads(lines.readline()).get("ok") and "imastage_up" in json.loads(lines.readline())["text"]
    report("two requests at once are answered in turn", good)

with connect() as sock:
    sock.sendall(b'{"do":"status"}\n')
    sock.shutdown(socket.SHUT_WR)
    report("who only listens on gets an answer", json.loads(sock.makefile().readline()).get("ok") is True)

for i in range(100):
    with connect() as sock:
        sock.sendall(b'{"do":"drain"}\n')
lives("100 who leave before the answer")

print(f"1..{number}")
sys.exit(failed)
