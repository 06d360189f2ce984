#!/bin/sh
# Plants protocol bugs in real node processes: the checkers over the processes' traces must name the property that each breaks.
# Fails when one is not told.
#
#   sh Scripts/chaos-mutants.sh [NAME…]      some that show within half a minute or so; or those named, in the order of the table
set -u
export SWIFT_BACKTRACE=enable=no
lwg=${LWG:-.build-mutants/release/lwg}

# Mutant | properties, any of which shows it | options of the run
table='
unordered|O3|--nodes 4 --groups 60 --minutes 0.5
skippedHoldOK|F1 F2|--nodes 4 --groups 60 --minutes 0.5
beyondCut|D4|--nodes 4 --groups 60 --minutes 1
noEra|M2 M4 D4|--nodes 4 --groups 60 --minutes 0.5
unstable|S1|--nodes 4 --groups 60 --minutes 0.5
anyView|D3|--nodes 4 --groups 60 --minutes 1
'
dead=0
alive=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
printf '%s\n' "$table" >"$log.table"
while IFS='|' read -r mutant properties options; do
    [ -n "$mutant" ] || continue
    if [ $# -gt 0 ]; then case " $* " in *" $mutant "*) ;; *) continue ;; esac fi
    traces=$(mktemp -d)
    # shellcheck disable=SC2086
    $lwg chaos --mutant "$mutant" $options --seed 1 --trace "$traces" --json >"$log" 2>&1
    status=$?
    told=
    for property in $properties; do
        grep -q "\"property\":\"$property\"" "$log" && told="$told $property"
    done
    if [ $status -eq 1 ] && [ -n "$told" ]; then
        dead=$((dead + 1))
        echo "$mutant: told as$told"
    else
        alive=$((alive + 1))
        echo "$mutant: NOT TOLD as one of $properties (status $status): lwg chaos --mutant $mutant $options"
    fi
    rm -rf "$traces"
done <"$log.table"
rm -f "$log.table"
echo "$dead planted bugs told by the traces of real processes, $alive not"
[ $alive -eq 0 ] && [ $dead -gt 0 ]
