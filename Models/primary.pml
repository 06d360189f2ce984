/* The primary views of a heavyweight group (HWG) that is not the control HWG (Design/0010).
 *
 * Modelled. One HWG "H" of at most N nodes; its first view {0, 1} is primary and has the authority of control view 0,
 * which all nodes are in. The control HWG's primary views form a chain: each is joined to a majority of the one before
 * (exactly half with the lowest node counts), and takes back nodes that were excluded. A node installs the control
 * views that it is in one by one, when it likes, and learns of its exclusion when it likes or never. In H there are
 * R flush rounds (ballots 1 to R, started in any order and time by any member), each with propose, flushed, cut,
 * cutReached and install. Messages are facts that may be read at any time or never: that is loss, delay, reordering
 * and duplication. A crash is a node that takes no step any more. Members join and leave H.
 * In H's first view, one ordered record of the light-weight layer is received by some and delivered.
 *
 * Abstracted away. How control views are agreed on (flush.pml and control.pml), data but that record, merges of more
 * than one joiner's side, restarts before the exclusion (a later incarnation is another node here: one that joins).
 *
 * Properties. M7: no view of H has two decided primary successors (with one first view, that is one chain). M7 for
 * light-weight groups: what some member delivered in the first view is in the cut of its primary successor.
 *
 * Variants, each of which must fail:
 *   WRITTEN        primary when all of (new view ∩ C) accepted, as the contract had it
 *   NO_PROMISE     a member answers and accepts whatever the ballot
 *   RETURN         members count when they are in C, whenever they came there, and keep their view when C excludes them
 *   OUTSIDER       members count when they are in C, and a joiner need not be in C yet
 *   STALE          a member answers for a control view older than its own
 *   MAJORITY_RECORD  the record is delivered when a majority of the view has it
 *
 * Each fails also with AT_ONCE, where who decides installs in the same step (as the code does), but NO_PROMISE and STALE:
 * those need one who decides and then answers or accepts in another round. SINCE_ONLY must not fail, because the rule does not
 * rest on it alone:
 *   SINCE_ONLY     members keep their view when C excludes them, but do not count when they come back
 */
#ifndef N
#define N 4
#endif
#ifndef R
#define R 3
#endif
#ifndef K
#define K 2 /* control views after the first */
#endif
#ifndef CONTROL0
#define CONTROL0 ALL /* the first control view */
#endif
#ifndef VIEW0
#define VIEW0 3 /* the first view of H */
#endif
#define NONE 15
#define ALL ((1 << N) - 1)
#define one(n) (1 << (n))
#define has(set, n) (((set) >> (n)) & 1)
#define within(a, b) (((a) & ~(b)) == 0)
#define count(s) (((s) & 1) + (((s) >> 1) & 1) + (((s) >> 2) & 1) + (((s) >> 3) & 1))
#define lowest(s) ((s) & (0 - (s)))
#define majority(a, of) \
    (2 * count((a) & (of)) > count(of) || (2 * count((a) & (of)) == count(of) && ((a) & lowest(of)) != 0))

#ifdef MAJORITY_RECORD
#define RECORD
#endif
#ifdef RECORD
#define mayLeave(s) 0 /* elsewhere */
#else
#define mayLeave(s) (s)
#endif
#if defined(RETURN) || defined(OUTSIDER) || defined(SINCE_ONLY)
#define KEEPS_VIEW
#endif
#if defined(RETURN) || defined(OUTSIDER)
#define RAW
#endif

/* The control HWG. */
byte control[K + 1]; /* the chain: members */
byte latest;         /* the last of them */
byte mine[N];        /* the last one that a node installed */
byte inside;         /* nodes that know of no exclusion */

/* H: view 0 is the first, view o what round o proposed of its own. */
byte view[N];    /* where a node is; NONE: not in H, or alone and not primary */
byte members[R + 1], authority[R + 1], before[R + 1], successor[R + 1];
byte promised[N], accepted[N]; /* ballots */

/* Rounds. */
byte proposer[R + 1], previous[R + 1], under[R + 1], asked[R + 1], answered[R + 1], chosen[R + 1], reached[R + 1];
byte told[(R + 1) * (R + 1)]; /* [b, o]: who answered b having accepted o last */
byte decided;                 /* views, as a set */

/* The record of the light-weight layer in view 0. */
byte holds;
bool delivered;
byte inCut;   /* rounds that heard of it, as a set */
byte cutOf;   /* views whose cut has it, as a set */

byte s, j, o, q;

/* Members of view v that control view k has kept since v's authority: what "P ∩ C" means. */
#ifdef RAW
#define kept(v, k) (members[v] & control[k])
#else
#define kept(v, k) \
    (members[v] & control[k] & (authority[v] + 1 > k -> ALL : control[authority[v]]) \
     & (authority[v] + 2 > k -> ALL : control[authority[v] + 1]) \
     & (authority[v] + 3 > k -> ALL : control[authority[v] + 2]))
#endif

#ifdef NO_PROMISE
#define mayAnswer(n, b) true
#else
#define mayAnswer(n, b) (promised[n] <= b)
#endif
#ifdef STALE
#define mayTrust(n, b) true
#else
#define mayTrust(n, b) (mine[n] <= under[b])
#endif
/* A member in the view that the round follows, or a joiner. */
#define takesPart(n, b) \
    (has(inside, n) && (has(members[previous[b]], n) -> view[n] == previous[b] : view[n] == NONE))

#define SUBSET(set, from) \
    set = 0; \
    if :: has(from, 0) -> set = set | 1 :: true fi; \
    if :: has(from, 1) -> set = set | 2 :: true fi; \
    if :: has(from, 2) -> set = set | 4 :: true fi; \
    if :: has(from, 3) -> set = set | 8 :: true fi

/* Who may be asked to join: in C, and not in H. */
#ifdef OUTSIDER
#define mayJoin(x, k) (view[x] == NONE)
#else
#define mayJoin(x, k) (view[x] == NONE && has(control[k], x) && has(inside, x))
#endif

inline outsiders(k) {
    q = 0;
    for (o : 0 .. N - 1) {
        if
        :: mayJoin(o, k) && !has(members[view[n]], o) -> q = q | one(o)
        :: else
        fi
    }
}

inline answer(b) {
    answered[b] = answered[b] | one(n);
    printf("%d answers %d\n", n, b);
    promised[n] = (promised[n] > b -> promised[n] : b);
    if
    :: accepted[n] != 0 -> told[b * (R + 1) + chosen[accepted[n]]] = told[b * (R + 1) + chosen[accepted[n]]] | one(n)
    :: else
    fi;
    if
    :: view[n] == 0 && has(holds, n) -> inCut = inCut | one(b)
    :: else
    fi
}

inline start(b) {
    proposer[b] = n;
    previous[b] = view[n];
    under[b] = mine[n];
#ifdef WRITTEN
    SUBSET(s, members[view[n]]);
    s = s | one(n);
#else
    s = kept(view[n], mine[n]);
#endif
    outsiders(mine[n]);
    SUBSET(j, q);
    asked[b] = s | j;
    /* Members may leave in this round; the proposer stays. */
    SUBSET(q, mayLeave(s & ~one(n)));
    members[b] = (s | j) & ~q;
    authority[b] = under[b];
    before[b] = view[n];
    printf("%d proposes %d after view %d under control view %d: asked %d, members %d\n", n, b, previous[b], under[b], asked[b], members[b]);
    s = 0; j = 0; o = 0; q = 0;
    answer(b)
}

/* What all who count have accepted may have been decided, and comes before anything of the round's own. */
inline choose(b) {
    chosen[b] = b;
    for (o : 1 .. R) {
        if
        :: within(asked[b] & members[previous[b]], told[b * (R + 1) + o]) -> chosen[b] = o
        :: else
        fi
    }
    if
    :: chosen[b] == b && has(inCut, b) -> cutOf = cutOf | one(b)
    :: else
    fi;
    printf("%d sends the cut of %d for view %d\n", n, b, chosen[b]);
    for (o : 1 .. R) { told[b * (R + 1) + o] = 0 }
    o = 0
}

inline accept(b) {
    reached[b] = reached[b] | one(n);
    printf("%d accepts %d\n", n, b);
    promised[n] = (promised[n] > b -> promised[n] : b);
    accepted[n] = b
}

#ifdef WRITTEN
#define quorum(b) (members[chosen[b]] & control[under[b]])
#else
#define quorum(b) ((asked[b] & members[previous[b]]) | (members[chosen[b]] & control[under[b]]))
#endif

#ifdef AT_ONCE
#define installAtOnce() \
    if \
    :: has(members[o], n) -> view[n] = o; promised[n] = 0; accepted[n] = 0 \
    :: else \
    fi
#else
#define installAtOnce() skip
#endif

inline decide(b) {
    o = chosen[b];
    printf("%d decides view %d, members %d, after view %d\n", n, o, members[o], previous[b]);
    assert(successor[previous[b]] == NONE || successor[previous[b]] == o); /* M7 */
    successor[previous[b]] = o;
    decided = decided | one(o);
    if
    :: previous[b] == 0 -> assert(!delivered || has(cutOf, o)) /* M7 of light-weight groups */
    :: else
    fi;
    installAtOnce();
    o = 0
}

inline leaveLineage() {
    view[n] = NONE;
    promised[n] = 0;
    accepted[n] = 0
}

#ifdef KEEPS_VIEW
#define excluded() skip
#else
#define excluded() leaveLineage()
#endif

#define ROUND(b) \
    :: atomic { proposer[b] == NONE && promised[n] < b && has(inside, n) && view[n] != NONE && successor[view[n]] == NONE \
                && has(control[mine[n]], n) && has(kept(view[n], mine[n]), n) -> start(b) } \
    :: d_step { proposer[b] != NONE && chosen[b] == 0 && has(asked[b], n) && !has(answered[b], n) && takesPart(n, b) \
                && mayAnswer(n, b) && mayTrust(n, b) -> answer(b) } \
    :: d_step { proposer[b] == n && promised[n] == b && chosen[b] == 0 && answered[b] == asked[b] && view[n] == previous[b] -> choose(b) } \
    :: d_step { proposer[b] != NONE && chosen[b] != 0 && has(members[chosen[b]] | asked[b], n) && !has(reached[b], n) \
                && takesPart(n, b) && mayAnswer(n, b) && mayTrust(n, b) \
                && (has(answered[b], n) || accepted[n] == 0 || chosen[accepted[n]] == chosen[b]) -> accept(b) } \
    :: d_step { proposer[b] == n && promised[n] == b && chosen[b] != 0 && view[n] == previous[b] && has(inside, n) && !has(decided, chosen[b]) \
                && within(quorum(b), reached[b]) -> decide(b) }

/* Joiners come from where they accepted: who was excluded meanwhile is elsewhere. */
#define INSTALL(o) \
    :: d_step { has(decided, o) && has(members[o], n) && has(inside, n) \
                && (view[n] == before[o] \
                    || (view[n] == NONE && !has(members[before[o]], n) && accepted[n] != 0 && chosen[accepted[n]] == o)) \
                -> printf("%d installs view %d\n", n, o); view[n] = o; promised[n] = 0; accepted[n] = 0 } \
    :: d_step { has(decided, o) && view[n] == before[o] && has(members[before[o]], n) && !has(members[o], n) \
                -> leaveLineage() }

#ifdef MAJORITY_RECORD
#define isStable(n) majority(holds, members[0])
#else
#define isStable(n) within(kept(0, mine[n]), holds)
#endif

/* A next control view: a majority of the last one, and nodes that come back after they left H's lineage. */
#ifdef KEEPS_VIEW
#define mayReturn(x) (!has(inside, x))
#else
#define mayReturn(x) (!has(inside, x) && view[x] == NONE)
#endif
#define mayEnter(x) (has(control[latest], x) -> has(inside, x) && mine[x] == latest : mayReturn(x))

inline nextControlView() {
    q = 0;
    for (o : 0 .. N - 1) { if :: mayEnter(o) -> q = q | one(o) :: else fi }
    SUBSET(s, q);
    if
    :: majority(s, control[latest]) && has(s, n) ->
        latest++;
        control[latest] = s;
        printf("%d installs control view %d, members %d\n", n, latest, s);
        mine[n] = latest
    :: else
    fi;
    s = 0; o = 0; q = 0
}

proctype Node(byte n) {
end:
    do
    ROUND(1)
#if R > 1
    ROUND(2)
#endif
#if R > 2
    ROUND(3)
#endif
#if R > 3
    ROUND(4)
#endif
    INSTALL(1)
#if R > 1
    INSTALL(2)
#endif
#if R > 2
    INSTALL(3)
#endif
#if R > 3
    INSTALL(4)
#endif
    :: atomic { latest < K && has(inside, n) && mine[n] == latest && has(control[latest], n) -> nextControlView() }
    :: d_step { has(inside, n) && mine[n] < latest && has(control[mine[n] + 1], n) ->
                mine[n]++; printf("%d installs control view %d\n", n, mine[n]) }
    :: d_step { has(inside, n) && mine[n] < latest && !has(control[mine[n] + 1], n) ->
                printf("%d learns that it is excluded\n", n); inside = inside & ~one(n); excluded() }
    :: d_step { !has(inside, n) && mine[n] < latest && has(control[latest], n) && !has(control[latest - 1], n) ->
                inside = inside | one(n); mine[n] = latest; printf("%d is back, in control view %d\n", n, latest) }
#ifdef RECORD
    :: d_step { view[n] == 0 && promised[n] == 0 && holds != 0 && !has(holds, n) -> holds = holds | one(n) }
    :: d_step { view[n] == 0 && promised[n] == 0 && has(holds, n) && !delivered && isStable(n) ->
                delivered = true; printf("%d delivers the record\n", n);
                assert(successor[0] == NONE || has(cutOf, successor[0])) }
#endif
    od
}

init {
    d_step {
        control[0] = CONTROL0;
        inside = CONTROL0;
        members[0] = VIEW0;
        holds = 1;
        before[0] = NONE;
        for (o : 0 .. R) { proposer[o] = NONE; successor[o] = NONE }
        for (o : 0 .. N - 1) { view[o] = (has(members[0], o) -> 0 : NONE) }
        o = 0
    }
    atomic {
        run Node(0); run Node(1); run Node(2);
#if N > 3
        run Node(3)
#endif
    }
}
