# What one types. `make setup` checks for Swift and libevent, and installs what is missing when it may.

SWIFT ?= swift
SOURCES := Sources Tests Examples Package.swift
# Tests with real sockets and processes run by themselves: seeded worlds would keep them from the processors.
PROCESSES := ^(CommandTests|LightweightGroupsTests|EventLoopTests)\.

.PHONY: demo test bench model build format lint setup clean

demo: setup
	$(SWIFT) build -c release --product lwg
	.build/release/lwg demo

test: setup lint
	$(SWIFT) build
	$(SWIFT) test --skip '$(PROCESSES)'
	$(SWIFT) test --skip-build --filter '$(PROCESSES)'

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
