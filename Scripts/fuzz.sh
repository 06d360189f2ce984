#!/bin/sh
# Runs the fuzzers, one after the other: `fuzz.sh [TARGET…]`; all when none is named. Each runs for FUZZ_SECONDS (60).
# Corpora grow in .build-fuzz/corpus, which begins with real traffic; what fails is left in .build-fuzz/found.
set -eu
program=.build-fuzz/release/lwg-fuzz
seconds=${FUZZ_SECONDS:-60}
[ $# -gt 0 ] || set -- frames control node primary record liveness trace configuration shell metrics
export SWIFT_BACKTRACE=enable=no
# What lives as long as the program is no leak.
export ASAN_OPTIONS="detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
mkdir -p .build-fuzz/found
LWG_FUZZ_SEEDS=.build-fuzz/seeds $program
failed=
for target in "$@"; do
    corpus=.build-fuzz/corpus/$target
    log=.build-fuzz/$target.log
    mkdir -p "$corpus"
    longest=4096
    case $target in node | primary) longest=1024 ;; esac
    # A hang is 20 s, a single allocation of 256 MB is one that a length in the input asked for.
    if LWG_FUZZ_TARGET=$target $program -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=256 \
        -max_len="$longest" -print_final_stats=1 -artifact_prefix=".build-fuzz/found/$target-" \
        "$corpus" ".build-fuzz/seeds/$target" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        echo "$target: $runs inputs in $seconds s, nothing found"
    else
        echo "$target: FAILED, see $log and .build-fuzz/found"
        failed="$failed $target"
    fi
done
[ -z "$failed" ]
