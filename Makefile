# What one types. `make setup` checks for Swift and libevent, and installs what is missing when it may.

SWIFT ?= swift
SOURCES := Sources Tests Examples Fuzz Benchmarks/Benchmarks Benchmarks/Package.swift Package.swift
# Tests with real sockets and processes run by themselves: seeded worlds would keep them from the processors.
PROCESSES := ^(CommandTests|LightweightGroupsTests|EventLoopTests)\.

# Small worlds of which `lwg explore` visits every interleaving within seconds, and within minutes.
EXPLORED := one join onecrash enter exit crash crashes mistakes mistakecrash mistake disorder flush takeover takeovers \
	change changesend entersend exitsend
EXPLORED_LONG := changecrash changeone changemessages

# Of each fuzzer.
FUZZ_SECONDS ?= 60

.PHONY: demo test worlds mutants chaos chaos-mutants fuzz soak bench docs model build format lint setup clean

demo: setup
	$(SWIFT) build -c release --product lwg
	.build/release/lwg demo

test: setup lint
	$(SWIFT) build
	LWG_FUZZ=1 $(SWIFT) build --target lwg-fuzz
	$(SWIFT) test --skip '$(PROCESSES)'
	$(SWIFT) test --skip-build --filter '$(PROCESSES)'
	$(MAKE) worlds
	$(MAKE) mutants

# Two thousand seeded worlds of the real cores, in which everything may fail, five hundred in which little does, and five hundred
# in the mode `primary`; some of two, three and nine nodes; every interleaving of small worlds.
worlds:
	$(SWIFT) build -c release --product lwg
	.build/release/lwg sim --seeds 1..2000 --nodes 5 --groups 6 --seconds 2
	.build/release/lwg sim --seeds 1..500 --nodes 5 --groups 6 --seconds 3 --faults few
	.build/release/lwg sim --seeds 1..500 --nodes 5 --groups 4 --seconds 3 --partition primary
	.build/release/lwg sim --seeds 1..500 --nodes 2 --groups 6 --seconds 2
	.build/release/lwg sim --seeds 1..1000 --nodes 3 --groups 4 --seconds 2
	.build/release/lwg sim --seeds 1..150 --nodes 9 --groups 6 --seconds 2
	.build/release/lwg explore $(EXPLORED)

# Plants one protocol bug after another; the simulator must find each, where it was found before (Scripts/mutants.txt).
# `sh Scripts/mutants.sh --hunt` looks everywhere, for a few minutes.
mutants: setup
	$(SWIFT) build -c release --product lwg --traits Mutants --scratch-path .build-mutants
	@sh Scripts/mutants.sh

# A hundred thousand worlds, more of them in which little fails, a hundred thousand view changes in one world, the larger of the
# small worlds, ten minutes of real processes: some hours.
soak: setup chaos
	.build/release/lwg explore $(EXPLORED_LONG) --states 50000000
	.build/release/lwg sim --churn 100000 --groups 12
	.build/release/lwg sim --seeds 1..20000 --nodes 5 --groups 6 --seconds 3 --faults few
	.build/release/lwg sim --seeds 1..20000 --nodes 5 --groups 4 --seconds 3 --faults few --partition primary
	.build/release/lwg sim --seeds 1..100000 --seconds 5

# Ten minutes in which real node processes are killed, paused and cut apart, and their traces checked.
chaos: setup
	$(SWIFT) build -c release --product lwg
	.build/release/lwg chaos --nodes 5 --groups 500 --minutes 10

# Protocol bugs planted in real processes; the judges of their traces must name the property that each breaks. Some minutes.
chaos-mutants: setup
	$(SWIFT) build -c release --product lwg --traits Mutants --scratch-path .build-mutants
	@sh Scripts/chaos-mutants.sh

# libFuzzer, and the address sanitizer, on every decoder, on a whole node and on what people write; FUZZ_SECONDS each, or `make fuzz FUZZ_TARGETS=node`.
fuzz: setup
	LWG_FUZZ=1 $(SWIFT) build -c release --scratch-path .build-fuzz --product lwg-fuzz --sanitize fuzzer \
		-Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=address -Xswiftc -enable-testing
	@FUZZ_SECONDS=$(FUZZ_SECONDS) sh Scripts/fuzz.sh $(FUZZ_TARGETS)

# The protocol cores by themselves (`Benchmarks`, a package of its own), then whole processes on real sockets.
bench: setup
	$(SWIFT) package --package-path Benchmarks benchmark
	$(SWIFT) build -c release --product lwg
	.build/release/lwg bench throughput
	.build/release/lwg bench latency
	.build/release/lwg bench join
	.build/release/lwg bench recovery

# The library's and the protocols' pages, as a web site each under .build/docs.
docs: setup
	@mkdir -p .build/docs
	for target in LightweightGroups HWGProtocol LWGProtocol GroupSimulator; do \
		LWG_DOCS=1 $(SWIFT) package --scratch-path .build-docs --allow-writing-to-directory .build/docs \
			generate-documentation --target $$target --output-path .build/docs/$$target || exit 1; \
	done

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
	rm -rf .build Benchmarks/.build .build-mutants .build-fuzz .build-docs
