/* One flush of a heavyweight group (HWG) with ballots, in the mode `partition: all` (Sources/HWGProtocol/HWGProtocol.docc/Membership.md).
 *
 * Modelled. The primary view P = {0, …, N-1} and its successors: R rounds (ballots 1 to R, started in any order and
 * time by any member of P, which is also the take-over) of propose, flushed, cut, cutReached and install, with what
 * `Acceptor`, `FlushRound.choose` and `PrimaryRule` do with them. Messages are facts that may be read at any time or
 * never: loss, delay, reordering, duplication. A crash is a member that takes no step any more. Whom a proposer
 * asks is anybody's guess, so suspicion is arbitrary, and not even final. With -DDATA one packet of P is received and
 * delivered by some, and cuts name it or not.
 *
 * Abstracted away. Merges with other sides, leaves, Hold and HoldOK (a member that does not answer yet is one whose
 * message is late), timers, view IDs (a proposal is named by the ballot that made it; it is re-issued under others).
 *
 * Properties. M7: two decided primary successors of P are the same. D4: who installs a view has the packet if and only
 * if the view's cut names it.
 *
 * Variants, each of which must fail:
 *   NO_PROMISE  a member answers and accepts whatever the ballot
 *   MINORITY    what was accepted is re-issued by who did not hear a majority of P; forks only together with HEARSAY
 *   HEARSAY     what a member accepted is replaced under a ballot whose propose it did not answer
 *   MASKED      the proposer of a view that gives up a primary one does not mark it
 *   NO_FREEZE   a member takes data after its `flushed` (with DATA)
 */
#ifndef N
#define N 3
#endif
#ifndef R
#define R 3
#endif
#define NONE 15
#define ALL ((1 << N) - 1)
#define one(n) (1 << (n))
#define has(set, n) (((set) >> (n)) & 1)
#define within(a, b) (((a) & ~(b)) == 0)
#define count(s) \
    (((s) & 1) + (((s) >> 1) & 1) + (((s) >> 2) & 1) + (((s) >> 3) & 1) + (((s) >> 4) & 1))
#define lowest(s) ((s) & (0 - (s)))
#define majority(a, of) \
    (2 * count((a) & (of)) > count(of) || (2 * count((a) & (of)) == count(of) && ((a) & lowest(of)) != 0))
#define SUBSET(set, from) \
    set = 0; \
    if :: has(from, 0) -> set = set | 1 :: true fi; \
    if :: has(from, 1) -> set = set | 2 :: true fi; \
    if :: has(from, 2) -> set = set | 4 :: true fi; \
    if :: has(from, 3) -> set = set | 8 :: true fi; \
    if :: has(from, 4) -> set = set | 16 :: true fi

/* ASK1, ASK2, ASK3: whom the rounds ask, to look at one story with many members. */
#ifdef ASK1
#define asks(b) ((b) == 1 -> ASK1 : ((b) == 2 -> ASK2 : ASK3))
#define ask(b) asked[b] = asks(b)
#define mayAsk(n, b) has(asks(b), n)
#else
#define ask(b) SUBSET(s, ALL); asked[b] = s | one(n)
#define mayAsk(n, b) true
#endif

/* Members. */
byte promised[N], accepted[N], answeredLast[N], installed[N];
/* Rounds; a round's own proposal is named by its ballot. */
byte proposer[R + 1], asked[R + 1], answered[R + 1], chosen[R + 1], reached[R + 1];
byte told[(R + 1) * (R + 1)]; /* [b, a]: who answered b having accepted at ballot a last */
byte primary, ineligible, decided; /* proposals, as sets */
byte fork;                         /* the decided primary successor */
/* The packet. */
byte got, heardOf, cut; /* members that delivered it; rounds that heard of it; proposals whose cut names it */

byte s, o, best, bound;

#ifdef NO_PROMISE
#define mayAnswer(n, b) true
#else
#define mayAnswer(n, b) (promised[n] <= b)
#endif
#ifdef HEARSAY
#define mayReplace(n, b) true
#else
#define mayReplace(n, b) (accepted[n] == 0 || chosen[accepted[n]] == chosen[b] || answeredLast[n] == b)
#endif
#ifdef NO_FREEZE
#define takesData(n) true
#else
#define takesData(n) (promised[n] == 0)
#endif

/* PrimaryRule.hasQuorum: these have accepted proposal o. */
#define quorum(o, by) \
    (has(primary, o) -> majority(by, asked[o]) && majority((by) & asked[o], ALL) : within(asked[o], by))

/* PrimaryRule.canBeDecided by those who are left, which implies mayReissue: they are all that the round asks. */
#ifdef MINORITY
#define mayReissue(o, b) true
#else
#define mayReissue(o, b) quorum(o, asked[o] & asked[b])
#endif

inline answer(b) {
    answered[b] = answered[b] | one(n);
    printf("%d answers %d, having accepted ballot %d\n", n, b, accepted[n]);
    promised[n] = (promised[n] > b -> promised[n] : b);
    answeredLast[n] = b;
    if
    :: accepted[n] != 0 -> told[b * (R + 1) + accepted[n]] = told[b * (R + 1) + accepted[n]] | one(n)
    :: else
    fi;
    if
    :: has(got, n) -> heardOf = heardOf | one(b)
    :: else
    fi
}

inline start(b) {
    proposer[b] = n;
    ask(b);
    printf("%d proposes %d to %d\n", n, b, asked[b]);
    s = 0;
    answer(b)
}

#ifdef MASKED
/* Its own view is not primary, but nobody is told why. */
#define mark(b) skip
#define mayBePrimary (best == 0)
#else
#define mark(b) ineligible = ineligible | one(b)
#define mayBePrimary true
#endif

/* FlushRound.choose. In s: those who answered without having accepted the proposal. */
inline choose(b) {
    best = 0;  /* the highest ballot whose proposal binds */
    bound = 0; /* the highest ballot of a proposal that is not primary */
    for (o : 1 .. R) {
        if
        :: told[b * (R + 1) + o] != 0 ->
            s = answered[b] & ~told[b * (R + 1) + o];
            /* The same proposal may have been accepted under several ballots. */
            s = s & ~(o != 1 && chosen[1] == chosen[o] -> told[b * (R + 1) + 1] : 0);
            s = s & ~(o != 2 && chosen[2] == chosen[o] -> told[b * (R + 1) + 2] : 0);
#if R > 2
            s = s & ~(o != 3 && chosen[3] == chosen[o] -> told[b * (R + 1) + 3] : 0);
#endif
            if
            :: has(primary, chosen[o]) && quorum(chosen[o], asked[chosen[o]] & ~s) -> best = o
            :: !has(primary, chosen[o]) && has(ineligible, chosen[o]) -> best = o
            :: else
            fi;
            if
            :: !has(primary, chosen[o]) -> bound = o
            :: else
            fi
        :: else
        fi
    }
    o = (best != 0 -> best : bound); /* what to adopt */
    if
    :: o != 0 && mayReissue(chosen[o], b) -> chosen[b] = chosen[o]
    :: else ->
        chosen[b] = b;
        if
        :: best != 0 -> mark(b)
        :: else
        fi;
        if
        :: !has(ineligible, b) && majority(asked[b], ALL) && mayBePrimary -> primary = primary | one(b)
        :: else
        fi;
        cut = cut | (has(heardOf, b) -> one(b) : 0)
    fi;
    printf("%d sends the cut of %d for proposal %d, members %d, primary %d\n", n, b, chosen[b], asked[chosen[b]],
        has(primary, chosen[b]));
    for (o : 1 .. R) { told[b * (R + 1) + o] = 0 }
    heardOf = heardOf & ~one(b);
    s = 0; o = 0; best = 0; bound = 0
}

/* Fetches what the cut names. */
inline accept(b) {
    reached[b] = reached[b] | one(n);
    promised[n] = (promised[n] > b -> promised[n] : b);
    accepted[n] = b;
    got = got | (has(cut, chosen[b]) -> one(n) : 0);
    printf("%d accepts %d\n", n, b)
}

inline install(o) {
    /* Whoever accepted it delivered no more than its cut; a member that did not, and did, is excluded. */
    if
    :: has(got, n) && !has(cut, o) -> assert(accepted[n] == 0 || chosen[accepted[n]] != o) /* D4 */
    :: else -> got = got | (has(cut, o) -> one(n) : 0)
    fi;
    installed[n] = o; promised[n] = R + 1; accepted[n] = 0; answeredLast[n] = 0;
    printf("%d installs %d\n", n, o)
}

inline decide(b) {
    s = chosen[b];
    printf("%d decides %d\n", n, s);
    decided = decided | one(s);
    if
    :: has(primary, s) -> assert(fork == 0 || fork == s); /* M7 */ fork = s
    :: else
    fi;
    if
    :: has(asked[s], n) -> install(s)
    :: else
    fi;
    s = 0
}

#define ROUND(b) \
    :: atomic { proposer[b] == NONE && installed[n] == 0 && promised[n] < b && mayAsk(n, b) -> start(b) } \
    :: d_step { proposer[b] != NONE && chosen[b] == 0 && has(asked[b], n) && !has(answered[b], n) && installed[n] == 0 \
                && mayAnswer(n, b) -> answer(b) } \
    :: d_step { proposer[b] == n && promised[n] == b && chosen[b] == 0 && answered[b] == asked[b] -> choose(b) } \
    :: d_step { chosen[b] != 0 && has(asked[chosen[b]], n) && !has(reached[b], n) && installed[n] == 0 && mayAnswer(n, b) \
                && mayReplace(n, b) && !(has(got, n) && !has(cut, chosen[b])) -> accept(b) } \
    :: d_step { proposer[b] == n && promised[n] == b && chosen[b] != 0 && !has(decided, chosen[b]) \
                && quorum(chosen[b], reached[b] & asked[chosen[b]]) -> decide(b) } \
    :: d_step { has(decided, b) && has(asked[b], n) && installed[n] == 0 -> install(b) }

proctype Member(byte n) {
end:
    do
    ROUND(1)
    ROUND(2)
#if R > 2
    ROUND(3)
#endif
#ifdef DATA
    /* The sender is member 0. */
    :: d_step { installed[n] == 0 && takesData(n) && !has(got, n) && (n == 0 || got != 0) -> got = got | one(n);
                printf("%d delivers the packet\n", n) }
#endif
    od
}

init {
    d_step {
        for (o : 0 .. R) { proposer[o] = NONE }
        o = 0
    }
    atomic {
        run Member(0); run Member(1); run Member(2);
#if N > 3
        run Member(3);
#endif
#if N > 4
        run Member(4)
#endif
    }
}
