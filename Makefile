# SPDX-License-Identifier: MIT
#
# The front door. Every target is one line into scripts/, kernel/ or meson, and
# installs what it needs first. Everything that is made goes below build/, or
# into the cache of kernel builds (kernel/README.md).

# What `make check` runs: checks or sets of scripts/run-tests.sh.
CHECKS ?= default
# How long `make fuzz` searches with each target, in seconds of a processor; JOBS share them.
SECONDS ?= 60

.PHONY: help build demo demo-vm check check-debug bench-kernel bench-memory bench-log bench-verify bench-appraise bench-create bench-imasim bench-keeper bars lint fuzz clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

build: ## the programs, optimised, in build/release
	@scripts/setup.sh build && scripts/run-tests.sh release

demo: ## see it work, in a minute: no kernel is built, no root needed
	@scripts/demo/run --check && scripts/setup.sh build && scripts/demo/run

demo-vm: ## the same story in a real kernel, in QEMU
	@scripts/setup.sh build vm && scripts/demo/vm

check: ## all tests
	@scripts/setup.sh build vm lint fuzz browser && scripts/run-tests.sh $(CHECKS)

check-debug: ## the tests on a kernel with every checker on
	@scripts/setup.sh build vm && scripts/run-tests.sh debug

bench-kernel: ## what staging costs, beside the unpatched kernel
	@scripts/setup.sh build vm bench && bench/kernel/run

bench-memory: ## what records and digests cost, on three kernels
	@scripts/setup.sh build vm bench && bench/memory/run

bench-log: ## checking and replaying lists, beside evmctl and bare hashing
	@scripts/setup.sh build bench && scripts/run-tests.sh bench && bench/log/run

bench-verify: ## making and verifying evidence, beside replaying its list and evmctl; FULL=--full: up to 10 million records
	@scripts/setup.sh build bench && scripts/run-tests.sh bench && bench/verify/run $(FULL)

bench-appraise: ## what a record policy costs, of up to a million paths
	@scripts/setup.sh build bench && scripts/run-tests.sh bench && bench/appraise/run

bench-create: ## making a policy of Debian packages, beside unpacking and hashing them
	@scripts/setup.sh build bench && scripts/run-tests.sh release && bench/create/run

bench-imasim: ## how fast imasim measures, beside the TPM that it extends
	@scripts/setup.sh build bench && scripts/run-tests.sh bench && bench/imasim/run

bench-keeper: ## what the keeper costs: drains of a million records, memory, an idle daemon, reading the view
	@scripts/setup.sh build bench && scripts/run-tests.sh bench && bench/keeper/run && bench/keeper/view

bars: ## the bars of all benches, and whether they hold
	@scripts/setup.sh bench && bench/bars build/bench

lint: ## format, static checkers, licences
	@scripts/setup.sh build lint vm && scripts/lint.sh

fuzz: ## search with each fuzz target for SECONDS=60 seconds
	@scripts/setup.sh build fuzz && tests/fuzz/run $(SECONDS)

clean: ## remove build/, keep the cache of kernel builds
	@rm -rf build
