#!/bin/sh
# Plants one protocol bug after another and proves that the simulator finds each: the first seed that fails, and the
# property it violates. Fails when a bug survives.
#
#   sh Scripts/mutants.sh [NAME…]     default: all
set -u
export SWIFT_BACKTRACE=enable=no
lwg=.build-mutants/release/lwg
seeds=10000
dead=0
alive=0

# Small worlds first: they are fast, and most bugs show there.
hunt() {
    for world in "3 4 2 all" "5 6 3 all" "3 4 3 primary" "5 4 3 primary"; do
        set -- "$1" $world
        # Rules of one mode have no effect in the other.
        case $1:$5 in
        forgottenRecord:all | lostPromise:all | unsyncedAnswer:all | dataOfFew:all | lastingSuspicion:all) continue ;;
        esac
        found=$($lwg sim --mutant "$1" --seeds "1..$seeds" --until-failure --nodes "$2" --groups "$3" --seconds "$4" --partition "$5" 2>&1)
        status=$?
        # A precondition that fails is a find, too.
        [ $status -gt 1 ] && { echo "trap: $(printf '%s\n' "$found" | grep -m 1 'Fatal error' | cut -c 1-100)"; return 0; }
        [ $status -eq 1 ] && { printf '%s\n' "$found" | grep -m 1 '^seed' | cut -c 1-100; return 0; }
    done
    return 1
}

for mutant in ${*:-$($lwg sim --mutant list)}; do
    if line=$(hunt "$mutant"); then
        dead=$((dead + 1))
        printf '%-20s %s\n' "$mutant" "$line"
    else
        alive=$((alive + 1))
        printf '%-20s SURVIVES\n' "$mutant"
    fi
done
echo "$dead planted bugs found, $alive not"
[ $alive -eq 0 ]
