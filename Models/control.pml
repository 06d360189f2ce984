/* The chain of primary control views in the mode `partition: primary`, with restarts (Design/0010).
 *
 * Modelled. Nodes with a durable record: the last primary view, and what was promised and accepted about its successor
 * (Paxos, keyed by the last primary view; view 0 stands for the initial nodes, so that a first start, a restart, a
 * total restart and a flush are one rule). R rounds (ballots 1 to R, started in any order and time by any node) of
 * propose, flushed, cut, cutReached, decision. Messages are facts that may be read at any time or never. A crash is a
 * node that takes no step any more; a restart loses what is not in the record, and is possible at any time. Nodes join
 * and leave: who is asked is anybody's guess.
 *
 * Abstracted away. Which view of the HWG a node is in (a voter need not be in its last primary view: it may have come
 * back as a later incarnation), data, suspicion (any set of nodes may be asked). What that leaves out is added by:
 *   DATA          view 0 is installed, and all initial nodes are in it. One control record of the light-weight layer is received
 *                 by some of them and delivered when a majority of the view's members has it (note 0002). A restart keeps the
 *                 vote and loses place and data. Whoever of the view's members answers a round is frozen, and enters its
 *                 proposal as the view's side when they are a majority of its members; else nobody does, and all come fresh.
 *                 Nobody leaves.
 *   IDS           views have IDs: an epoch above all that those who answered have seen, and the proposer's life. A restart
 *                 knows the epochs that the record names.
 *
 * Properties. M7: no primary view has two decided primary successors. DATA, M7 for light-weight groups: when members go from
 * a primary view to its successor as its side, what some member delivered is in their cut. IDS, M4: one ID, one proposal.
 *
 * Variants, each of which must fail:
 *   WRITTEN       no record: a majority of the initial nodes, of any incarnation, makes a first primary view
 *   FRESH         no record but whether there was an earlier life: a majority of initial nodes that had none, or all
 *                 initial nodes, make a first primary view (what partition: all does for its label)
 *   NO_DIRECTORY  FRESH, where a restarted node does not know that it had an earlier life
 *   PROMISE_LOST  the record has the last primary view, but not what was promised and accepted after it
 *   OWN_INITIAL   nodes differ about who the initial nodes are
 *   DATA_OF_FEW   DATA, where members enter as the view's side however few they are, with the votes of later lives
 *   RANK_ID       IDS, where the ID names rank 0 of the view instead of the proposer
 */
#ifndef N
#define N 4
#endif
#ifndef R
#define R 3
#endif
#ifndef INITIAL
#define INITIAL 7
#endif
#ifndef RESTARTS
#define RESTARTS 2
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
#define SUBSET(set, from) \
    set = 0; \
    if :: has(from, 0) -> set = set | 1 :: true fi; \
    if :: has(from, 1) -> set = set | 2 :: true fi; \
    if :: has(from, 2) -> set = set | 4 :: true fi; \
    if :: has(from, 3) -> set = set | 8 :: true fi

/* Records. */
byte last[N], promised[N], accepted[N];
byte old; /* nodes that know of an earlier life */

/* Views: 0 the initial nodes, o what round o proposed of its own. */
byte members[R + 1], before[R + 1], successor[R + 1], decided;

/* Rounds. */
byte proposer[R + 1], previous[R + 1], asked[R + 1], answered[R + 1], chosen[R + 1], reached[R + 1];
byte told[(R + 1) * (R + 1)]; /* [b, o]: who answered b having accepted o last */
byte fresh[R + 1];            /* who answered b without having been in a primary view */
byte restarts, lost[R + 1];   /* rounds that a life which ended took part in: sets of nodes */

#ifdef DATA_OF_FEW
#define DATA
#endif
#ifdef RANK_ID
#define IDS
#endif
#ifdef DATA
byte here;       /* nodes whose present life is in view 0 */
byte holds;      /* of these, who has the record */
byte had;        /* nodes whose life in view 0 ever had it */
bool delivered;
byte side[R + 1]; /* who enters the round's own view as the side of view 0 */
byte inCut;      /* rounds whose side has the record, as a set */
#endif
#ifdef IDS
byte seen[N];    /* the highest epoch */
byte life[N];
byte epoch[R + 1], named[R + 1];
#ifdef RANK_ID
#define nameOf(b) lowest(members[b])
#else
#define nameOf(b) ((life[proposer[b]] << 2) | proposer[b])
#endif
#endif

byte s, q, o;

#ifdef OWN_INITIAL
#define initial(n) ((n) < 2 -> 3 : 12)
#else
#define initial(n) INITIAL
#endif
#define electorate(b) (previous[b] == 0 -> initial(proposer[b]) : members[previous[b]])

#ifdef NO_DIRECTORY
#define FRESH
#endif
#if defined(WRITTEN) || defined(FRESH)
#define NO_RECORD
#endif
#ifdef FRESH
#define isQuorum(b) \
    (previous[b] != 0 -> majority(answered[b], members[previous[b]]) \
     : 2 * count(fresh[b] & INITIAL) > count(INITIAL) || within(INITIAL, answered[b]))
/* A first primary view needs all its members. */
#define isDecided(b, o) \
    (previous[b] != 0 -> majority(reached[b], members[previous[b]]) && majority(reached[b], members[o]) \
     : within(members[o], reached[b]))
#else
#define isQuorum(b) majority(answered[b], electorate(b))
#define isDecided(b, o) (majority(reached[b], electorate(b)) && majority(reached[b], members[o]))
#endif

#if defined(DATA) || defined(IDS)
#define forgetAcceptor() skip
#else
#define forgetAcceptor() promised[n] = 0; accepted[n] = 0
#endif
#ifdef DATA
#define mayRestart(n) has(here, n)
#elif defined(IDS)
#define mayRestart(n) (seen[n] != 0 || promised[n] != 0)
#else
#define mayRestart(n) (last[n] != 0 || promised[n] != 0)
#endif
#ifdef DATA
#define leavePlace() here = here & ~one(n); holds = holds & ~one(n)
#ifdef DATA_OF_FEW
#define mayEnter(s) true
#else
#define mayEnter(s) majority(s, members[0])
#endif
#else
#define leavePlace() skip
#endif
#ifdef IDS
#define knows(n, o) seen[n] = (seen[n] > epoch[o] -> seen[n] : epoch[o])
#define nextLife() \
    life[n]++; \
    seen[n] = epoch[last[n]]; \
    if :: accepted[n] != 0 -> knows(n, chosen[accepted[n]]) :: else fi
#else
#define knows(n, o) skip
#define nextLife() skip
#endif

inline answer(b) {
    answered[b] = answered[b] | one(n);
    promised[n] = (promised[n] > b -> promised[n] : b);
    printf("%d answers %d\n", n, b);
    if
    :: accepted[n] != 0 -> told[b * (R + 1) + chosen[accepted[n]]] = told[b * (R + 1) + chosen[accepted[n]]] | one(n)
    :: !has(old, n) && accepted[n] == 0 && last[n] == 0 -> fresh[b] = fresh[b] | one(n)
    :: else
    fi
#ifdef DATA
    ;
    if
    :: has(here, n) && last[n] == 0 ->
        side[b] = side[b] | one(n);
        if :: has(holds, n) -> inCut = inCut | one(b) :: else fi
    :: else
    fi
#endif
#ifdef IDS
    ;
    epoch[b] = (epoch[b] > seen[n] -> epoch[b] : seen[n])
#endif
}

inline start(b) {
    proposer[b] = n;
    previous[b] = last[n];
    SUBSET(s, ALL);
    asked[b] = s | one(n);
#ifdef DATA
    q = asked[b]; /* nobody leaves */
#else
    SUBSET(q, asked[b]);
    if :: q == 0 -> q = asked[b] :: else fi;
#endif
    members[b] = q;
    before[b] = last[n];
    printf("%d proposes %d after view %d: asked %d, members %d\n", n, b, previous[b], asked[b], members[b]);
    s = 0; q = 0;
    answer(b)
}

/* s: who would have to be wrong; what may have been decided without them binds, the highest ballot first. */
#ifdef NO_RECORD
#define lack(b, o) (answered[b] & ~told[b * (R + 1) + (o)] & ~lost[o]) /* a later life refuses nothing of an earlier */
#else
#define lack(b, o) (answered[b] & ~told[b * (R + 1) + (o)])
#endif
#define mayBeDecided(b, o) \
    (told[b * (R + 1) + (o)] != 0 && majority(electorate(b) & ~lack(b, o), electorate(b)) \
     && majority(members[o] & ~lack(b, o), members[o]))

inline choose(b) {
    chosen[b] = b;
    q = 0;
    for (o : 1 .. R) {
        /* The highest ballot at which any of those who answered accepted it. */
        for (s : 1 .. R) {
            if
            :: s != b && s > q && chosen[s] == o && (reached[s] & told[b * (R + 1) + o]) != 0 && mayBeDecided(b, o) ->
                q = s; chosen[b] = o
            :: else
            fi
        }
    }
#ifdef DATA
    if
    :: !mayEnter(side[b]) -> side[b] = 0
    :: else
    fi;
#endif
#ifdef IDS
    if
    :: chosen[b] == b ->
        epoch[b]++;
        named[b] = nameOf(b);
        for (o : 1 .. R) { assert(o == b || chosen[o] != o || epoch[o] != epoch[b] || named[o] != named[b]) } /* M4 */
        seen[n] = epoch[b]
    :: else
    fi;
#endif
    printf("%d sends the cut of %d for view %d\n", n, b, chosen[b]);
    for (o : 1 .. R) { told[b * (R + 1) + o] = 0 }
    s = 0; q = 0; o = 0
}

inline accept(b) {
    reached[b] = reached[b] | one(n);
    promised[n] = (promised[n] > b -> promised[n] : b);
    accepted[n] = b;
    knows(n, chosen[b]);
    printf("%d accepts %d\n", n, b)
}

inline decide(b) {
    o = chosen[b];
    printf("%d decides view %d, members %d, after view %d\n", n, o, members[o], previous[b]);
    assert(successor[previous[b]] == NONE || successor[previous[b]] == o); /* M7 */
    successor[previous[b]] = o;
    decided = decided | one(o);
#ifdef DATA
    if
    :: previous[b] == 0 -> assert(!delivered || side[o] == 0 || has(inCut, o)) /* M7 of light-weight groups */
    :: else
    fi;
#endif
    knows(n, o);
    if
    :: has(members[o], n) -> last[n] = o; promised[n] = 0; accepted[n] = 0
    :: else
    fi;
    o = 0
}

#define ROUND(b) \
    :: atomic { proposer[b] == NONE && promised[n] < b && successor[last[n]] == NONE -> start(b) } \
    :: d_step { proposer[b] != NONE && chosen[b] == 0 && has(asked[b], n) && !has(answered[b] | lost[b], n) \
                && last[n] == previous[b] && promised[n] <= b -> answer(b) } \
    :: d_step { proposer[b] == n && !has(lost[b], n) && promised[n] == b && chosen[b] == 0 && answered[b] == asked[b] \
                && last[n] == previous[b] && isQuorum(b) -> choose(b) } \
    :: d_step { proposer[b] != NONE && chosen[b] != 0 && has(members[chosen[b]] | asked[b], n) && !has(reached[b] | lost[b], n) \
                && last[n] == previous[b] && promised[n] <= b \
                && (has(answered[b], n) || accepted[n] == 0 || chosen[accepted[n]] == chosen[b]) -> accept(b) } \
    :: d_step { proposer[b] == n && !has(lost[b], n) && promised[n] == b && chosen[b] != 0 && last[n] == previous[b] && !has(decided, chosen[b]) \
                && isDecided(b, chosen[b]) -> decide(b) } \
    :: d_step { has(decided, b) && last[n] == before[b] && mayLearn(n, b) -> \
                last[n] = b; promised[n] = 0; accepted[n] = 0; knows(n, b); printf("%d records view %d\n", n, b) }

#ifdef NO_DIRECTORY
#define remember() skip
#else
#define remember() old = old | one(n)
#endif

#ifdef NO_RECORD
#define mayLearn(n, b) (has(members[b], n) && !has(lost[b], n))
#else
#define mayLearn(n, b) true
#endif
#ifdef NO_RECORD
#define forget() last[n] = 0
#else
#define forget() skip
#endif

proctype Node(byte n) {
end:
    do
    ROUND(1)
    ROUND(2)
#if R > 2
    ROUND(3)
#endif
#if R > 3
    ROUND(4)
#endif
#if defined(NO_RECORD) || defined(PROMISE_LOST) || defined(DATA) || defined(IDS)
    :: d_step { restarts < RESTARTS && mayRestart(n) ->
                printf("%d starts again\n", n);
                restarts++; for (o : 1 .. R) { lost[o] = lost[o] | (proposer[o] == NONE -> 0 : one(n)) } o = 0; forgetAcceptor(); remember(); forget(); leavePlace(); nextLife() }
#endif
#ifdef DATA
    :: d_step { has(here, n) && last[n] == 0 && promised[n] == 0 && !has(holds, n) ->
                holds = holds | one(n); had = had | one(n); printf("%d has the record\n", n) }
    :: d_step { has(holds, n) && last[n] == 0 && promised[n] == 0 && !delivered && majority(had, members[0]) ->
                delivered = true; printf("%d delivers the record\n", n);
                assert(successor[0] == NONE || side[successor[0]] == 0 || has(inCut, successor[0])) }
#endif
    od
}

init {
    d_step {
        members[0] = INITIAL;
        before[0] = NONE;
        for (o : 0 .. R) { proposer[o] = NONE; successor[o] = NONE }
#ifdef DATA
        here = INITIAL;
#endif
        o = 0
    }
    atomic {
        run Node(0); run Node(1); run Node(2);
#if N > 3
        run Node(3)
#endif
    }
}
