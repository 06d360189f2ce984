# What one types. `make setup` checks for Swift and libevent, and installs what is missing when it may.

SWIFT ?= swift
SOURCES := Sources Tests Examples Package.swift
# Tests with real sockets and processes run by themselves: seeded worlds would keep them from the processors.
PROCESSES := ^(CommandTests|LightweightGroupsTests|EventLoopTests)\.

.PHONY: demo test worlds mutants soak bench model build format lint setup clean

demo: setup
	$(SWIFT) build -c release --product lwg
	.build/release/lwg demo

test: setup lint
	$(SWIFT) build
	$(SWIFT) test --skip '$(PROCESSES)'
	$(SWIFT) test --skip-build --filter '$(PROCESSES)'
	$(MAKE) worlds

# Two thousand seeded worlds of the real cores, in which everything may fail, and five hundred in the mode `primary`.
worlds:
	$(SWIFT) build -c release --product lwg
	.build/release/lwg sim --seeds 1..2000 --nodes 5 --groups 6 --seconds 2
	.build/release/lwg sim --seeds 1..500 --nodes 5 --groups 4 --seconds 3 --partition primary

# Plants one protocol bug after another; the simulator must find each. An hour or more.
mutants: setup
	$(SWIFT) build -c release --product lwg --traits Mutants --scratch-path .build-mutants
	@sh Scripts/mutants.sh

# A hundred thousand worlds: some hours.
soak: setup
	$(SWIFT) build -c release --product lwg
	.build/release/lwg sim --seeds 1..100000 --seconds 5

bench: setup
	$(SWIFT) build -c release --product lwg
	.build/release/lwg bench throughput
	.build/release/lwg bench latency
	.build/release/lwg bench join
	.build/release/lwg bench recovery

# The Promela models: all within bounds, in about ten minutes on a busy core. Not part of `test`. Installs SPIN when it may.
model:
	@sh Scripts/model.sh

build: setup
	$(SWIFT) build -c release --product lwg

lint:
	$(SWIFT) format lint -s -r $(SOURCES)

format:
	$(SWIFT) format -i -r $(SOURCES)

setup:
	@sh Scripts/setup.sh

clean:
	rm -rf .build
