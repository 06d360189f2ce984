#!/bin/sh
# Plants one protocol bug after another and proves that the simulator finds each. Fails when one survives.
#
#   sh Scripts/mutants.sh                  each in the world or scenario that found it before (Scripts/mutants.txt)
#   sh Scripts/mutants.sh --hunt [NAME…]   in all scenarios and small worlds, then in up to 10,000 seeds; some minutes.
#                                          Prints lines for Scripts/mutants.txt.
set -u
export SWIFT_BACKTRACE=enable=no
lwg=${LWG:-.build-mutants/release/lwg}
table=Scripts/mutants.txt
seeds=10000

# Scenarios without their timelines: another course of events breaks no property and no expectation.
scripts=$(mktemp -d)
trap 'rm -rf "$scripts"' EXIT
for file in Tests/ScenarioTests/Scenarios/*.scenario; do
    sed '/^--- timeline/,$d' "$file" > "$scripts/${file##*/}"
done

# A precondition that fails is a find, too; wrong usage is not.
finds() {
    if [ "$2" = --scenario ]; then
        script=$scripts/${3##*/}
        shift 3
        set -- sim --scenario "$script" "$@"
    fi
    said=$($lwg "$@" 2>&1)
    status=$?
    [ $status -eq 1 ] || [ $status -gt 2 ]
}

hunt() {
    for file in Tests/ScenarioTests/Scenarios/*.scenario; do
        finds sim --scenario "$file" --mutant "$1" && { echo "sim --scenario $file"; return 0; }
    done
    for world in join crashes mistakes mistakecrash mistake changesend change; do
        finds explore $world --mutant "$1" && { echo "explore $world"; return 0; }
    done
    # Small worlds first: they are fast, and most bugs show there.
    for world in "3 4 2 all all" "5 6 3 all all" "3 4 3 primary all" "5 4 3 primary all" \
        "5 2 3 primary crashes,strikes,restarts,partitions"; do
        set -- "$1" $world
        # Rules of the mode primary have no effect in the other.
        case $1:$5 in
        forgottenRecord:all | lostPromise:all | unsyncedAnswer:all | dataOfFew:all | lastingSuspicion:all | \
            keptWhoCameBack:all | outsider:all | ownSuspicion:all | staleAuthority:all | majorityOfKept:all | \
            unfrozen:all | bornBesideLiving:all | mixedOutput:all) continue ;;
        esac
        options="--nodes $2 --groups $3 --seconds $4 --partition $5 --faults $6"
        finds sim --mutant "$1" --seeds 1..$seeds --until-failure $options || continue
        seed=$(printf '%s\n' "$said" | sed -n 's/^seed \([0-9]*\):.*/\1/p' | head -n 1)
        # A run that ends in a trap names no seed.
        if [ -n "$seed" ]; then echo "sim --seed $seed $options"; else echo "sim --seeds 1..$seeds --until-failure $options"; fi
        return 0
    done
    return 1
}

known=$($lwg sim --mutant list) || exit 2
dead=0
alive=0
if [ "${1:-}" = --hunt ]; then
    shift
    for mutant in ${*:-$known}; do
        if found=$(hunt "$mutant"); then
            dead=$((dead + 1))
            echo "$mutant $found"
        else
            alive=$((alive + 1))
            echo "$mutant SURVIVES"
        fi
    done
else
    for mutant in $known; do
        where=$(sed -n "s/^$mutant //p" $table)
        # Without the bug, the same world must be clean: the find is the bug's.
        if [ -n "$where" ] && ! finds $where && finds $where --mutant "$mutant"; then
            dead=$((dead + 1))
        else
            alive=$((alive + 1))
            echo "$mutant survives${where:+ in lwg $where}; sh Scripts/mutants.sh --hunt $mutant looks elsewhere"
        fi
    done
fi
echo "$dead planted bugs found, $alive not"
[ $alive -eq 0 ]
