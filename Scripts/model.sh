#!/bin/sh
# Checks the Promela models in Models/ with SPIN: each run is one line of the list below. A run that must pass and fails, or
# a variant with a rule left out that shows no counterexample, fails the script. About ten minutes on a busy core.
set -eu

say() { printf '%s\n' "model: $*" >&2; }

memory=3000 # MB for one run; a run that needs more fails
directory=$(CDPATH='' cd -- "$(dirname -- "$0")/../Models" && pwd)

# Verdict | model | defines: the bounds, then the rules left out.
runs='
pass|flush|N=3 R=3
pass|flush|N=3 R=3 DATA
pass|flush|N=4 R=2
pass|flush|N=5 R=3 ASK1=15 ASK2=22 ASK3=9
pass|flush|N=5 R=3 ASK1=7 ASK2=6 ASK3=28
fail|flush|N=3 R=3 NO_PROMISE
fail|flush|N=3 R=2 DATA NO_FREEZE
fail|flush|N=5 R=3 ASK1=7 ASK2=6 ASK3=28 MASKED
fail|flush|N=5 R=3 ASK1=15 ASK2=22 ASK3=9 MINORITY HEARSAY
pass|flush|N=5 R=3 ASK1=15 ASK2=22 ASK3=9 MINORITY
pass|flush|N=5 R=3 ASK1=15 ASK2=22 ASK3=9 HEARSAY
pass|control|N=3 R=2
fail|control|N=3 R=3 WRITTEN
fail|control|N=3 R=3 INITIAL=3 FRESH
fail|control|N=3 R=3 NO_DIRECTORY
fail|control|N=3 R=3 PROMISE_LOST
fail|control|N=4 R=2 OWN_INITIAL
pass|control|N=3 R=2 DATA
fail|control|N=3 R=2 DATA_OF_FEW
pass|control|N=3 R=2 RESTARTS=1 IDS
fail|control|N=3 R=2 RANK_ID
pass|primary|N=3 R=2 K=2
pass|primary|N=3 R=2 K=2 VIEW0=7 RECORD
pass|primary|N=3 R=2 K=2 SINCE_ONLY
fail|primary|N=3 R=2 K=2 AT_ONCE WRITTEN
fail|primary|N=3 R=2 K=2 NO_PROMISE
fail|primary|N=3 R=2 K=2 STALE
fail|primary|N=3 R=2 K=2 VIEW0=5 AT_ONCE RETURN
fail|primary|N=4 R=2 K=1 CONTROL0=11 VIEW0=5 AT_ONCE OUTSIDER
fail|primary|N=3 R=1 K=2 VIEW0=7 AT_ONCE MAJORITY_RECORD
pass|birth|
fail|birth|UNFROZEN
fail|birth|UNKNOWN
fail|birth|CARELESS
fail|birth|OUTSIDE
pass|lwgchange|
pass|lwgchange|FIFOS
pass|lwgchange|TOTALS
pass|lwgchange|MERGE_IN
fail|lwgchange|TOTALS FIFO_OK
fail|lwgchange|FIFO_OK MERGE_IN
fail|lwgchange|NO_ERA
'

missing=
command -v spin >/dev/null 2>&1 || missing="$missing spin"
command -v gcc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086
    sh "$(dirname "$0")/install.sh" model $missing
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"

# With a name, only that model; with -t too, the counterexample of each variant in steps.
only=${1:-}
tell=${2:-}
failures=0
count=0
printf '%-10s %-46s %11s %6s %7s  %s\n' model bounds states depth seconds verdict
printf '%s\n' "$runs" >"$work/runs"
while IFS='|' read -r wanted model defines; do
    [ -n "$wanted" ] || continue
    [ -z "$only" ] || [ "$only" = "$model" ] || continue
    options=
    for each in $defines; do options="$options -D$each"; done
    # shellcheck disable=SC2086
    spin $options -a "$directory/$model.pml" >"$work/spin.log" 2>&1 || { cat "$work/spin.log" >&2; exit 1; }
    gcc -O2 -w -DSAFETY -DCOLLAPSE -DMEMLIM=$memory -o pan pan.c
    rm -f ./*.trail
    started=$(date +%s)
    nice -n 10 ./pan -m10000 >"$work/pan.log" 2>&1 || true
    seconds=$(($(date +%s) - started))
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log | head -n 1)
    depth=$(sed -n 's/.*depth reached \([0-9]*\).*/\1/p' pan.log | head -n 1)
    # Complete only when nothing was cut off: no bound on depth or memory was met.
    if grep -q 'assertion violated' pan.log && ! grep -q 'invalid array index' pan.log; then
        found=fail
    elif grep -q 'errors: 0' pan.log && ! grep -Eq 'search not completed|max search depth too small|out of memory' pan.log; then
        found=pass
    else
        found=incomplete
        cat pan.log >&2
    fi
    case $wanted/$found in
    pass/pass) verdict='passes' ;;
    fail/fail) verdict='counterexample, as it must' ;;
    pass/fail) verdict='FAILS' ;;
    fail/pass) verdict='NO COUNTEREXAMPLE' ;;
    *) verdict='INCOMPLETE' ;;
    esac
    [ "$wanted" = "$found" ] || failures=$((failures + 1))
    count=$((count + 1))
    printf '%-10s %-46s %11s %6s %7s  %s\n' "$model" "$defines" "$states" "$depth" "$seconds" "$verdict"
    if [ "$found" = fail ] && { [ "$wanted" = pass ] || [ "$tell" = -t ]; }; then
        # shellcheck disable=SC2086
        spin $options -k "$model.pml.trail" -T "$directory/$model.pml" 2>&1 | sed '/^spin:/q; s/^/    /'
    fi
done <"$work/runs"

if [ "$failures" -ne 0 ]; then
    say "$failures of $count runs were not as they must be"
    exit 1
fi
say "all $count runs are as they must be"
