/* Births of a heavyweight group (HWG) H by control views, in the mode `partition: primary` (Design/0010, "Births").
 *
 * Modelled. N nodes, all in control view 0. The control HWG's primary views form a chain of at most K more: each is proposed by a
 * round, in which some members of the last one answer one after the other, and decided later, unchanged. It takes along those that answered
 * (a majority), and takes back nodes that are out. An answer tells whether the node is attached to H, and wants it otherwise. A node
 * installs control views in order, when it likes. In H: views are sets of nodes of one birth; a member takes in a node, which accepts first
 * and knows of it later or never; a member leaves; the creator that a control view names begins it. Changes of H need all of
 * its members that the acting node's control view has kept; they happen at once (primary.pml has their rounds).
 * A crash is a node that takes no step any more.
 *
 * Property. Two nodes that a control view has kept are not in H from two births; whoever is kept and in H from an older birth when
 * another is begun under the same control view or a later one is a fork.
 *
 * Variants, each of which must fail:
 *   UNFROZEN   a node comes into H between its answer and its next control view
 *   UNKNOWN    a node that accepted as a joiner, and has not installed, tells that it is not in H
 *   CARELESS   a group is born although a member that goes on is in it
 *   OUTSIDE    who is excluded keeps its place when it comes back
 */
#ifndef N
#define N 3
#endif
#ifndef K
#define K 2
#endif
#ifndef J
#define J 4 /* changes of H at most */
#endif
#define NONE 15
#define one(n) (1 << (n))
#define has(set, n) (((set) >> (n)) & 1)
#define within(a, b) (((a) & ~(b)) == 0)
#define count(s) (((s) & 1) + (((s) >> 1) & 1) + (((s) >> 2) & 1))
#define lowest(s) ((s) & (0 - (s)))
#define majority(a, of) \
    (2 * count((a) & (of)) > count(of) || (2 * count((a) & (of)) == count(of) && ((a) & lowest(of)) != 0))

/* The control HWG. */
byte control[K + 1], along[K + 1]; /* members, and those taken along from the one before */
byte creator[K + 1];               /* who begins H with it */
byte latest;                       /* decided */
byte mine[N];                      /* the last one that a node installed */
byte inside;                       /* nodes that know of no exclusion */
byte frozen;                       /* nodes that have answered */

/* The round for control view latest + 1. */
byte answered, attached, wants;
bool proposed;
byte nextControl, nextAlong, nextCreator;

/* H. A node's birth is the control view that its group was begun with, plus 1; 0: not in H. */
byte birth[N];
byte members[N], authority[N]; /* of its view, as the node knows it */
byte invited[N]; /* the birth that a node accepted to come into, and does not know to be in */
byte changes;
byte s, o;

/* Whether control view k has kept n since view a: it is in k, and was taken along into each after a. (K is 2 at most.) */
#define kept(n, a, k) \
    (has(control[k], n) && ((k) <= (a) || has(along[k], n)) && ((k) <= (a) + 1 || has(along[(k) - 1], n)))

#ifdef UNFROZEN
#define mayComeIn(n) true
#else
#define mayComeIn(n) (!has(frozen, n))
#endif
#ifdef UNKNOWN
#define isAttached(n) (birth[n] != 0)
#else
#define isAttached(n) (birth[n] != 0 || invited[n] != 0)
#endif
#ifdef OUTSIDE
#define giveUp(n) skip
#else
#define giveUp(n) birth[n] = 0; members[n] = 0; invited[n] = 0
#endif

#define SUBSET(set, from) \
    set = 0; \
    if :: has(from, 0) -> set = set | 1 :: true fi; \
    if :: has(from, 1) -> set = set | 2 :: true fi; \
    if :: has(from, 2) -> set = set | 4 :: true fi

/* Nobody who is in the same control view, without a break since an older birth, is in that one. */
inline judge(x) {
    for (o : 0 .. N - 1) {
        assert(o == x || birth[o] == 0 || birth[x] == 0 || birth[o] == birth[x] || !has(inside, o) || mine[o] != mine[x])
    }
    o = 0
}

inline propose() {
    s = 0;
    for (o : 0 .. N - 1) { if :: !has(inside, o) && !has(control[latest], o) -> s = s | one(o) :: else fi }
    SUBSET(nextControl, s);
    s = 0;
    nextAlong = answered;
    nextControl = nextControl | answered;
    nextCreator = NONE;
#ifdef CARELESS
    if
    :: true ->
#else
    if
    :: (attached & answered) == 0 ->
#endif
        /* One of those who want it: of those who answered, or fresh. */
        if
        :: has(nextControl, 0) && !has(attached, 0) -> nextCreator = 0
        :: has(nextControl, 1) && !has(attached, 1) -> nextCreator = 1
        :: has(nextControl, 2) && !has(attached, 2) -> nextCreator = 2
        :: true
        fi
    :: else
    fi;
    proposed = true;
    printf("proposes control view %d: %d, along %d, creator %d\n", latest + 1, nextControl, nextAlong, nextCreator)
}

inline decide() {
    latest++;
    control[latest] = nextControl;
    along[latest] = nextAlong;
    creator[latest] = nextCreator;
    answered = 0; attached = 0; proposed = false; nextControl = 0; nextAlong = 0; nextCreator = 0;
    printf("control view %d is decided\n", latest)
}

inline install() {
    frozen = frozen & ~one(n);
    printf("%d installs control view %d\n", n, mine[n]);
    if
    :: creator[mine[n]] == n && birth[n] == 0 && invited[n] == 0 ->
        birth[n] = mine[n] + 1; members[n] = one(n); authority[n] = mine[n];
        printf("%d begins H\n", n)
    :: else
    fi;
    judge(n)
}

/* All of n's view that n's control view has kept are of n's birth, and have no later control view: they take part in a change. */
#define takesPart(x) (!has(members[n], x) || !kept(x, authority[n], mine[n]) \
    || (birth[x] == birth[n] && mine[x] <= mine[n] && has(inside, x)))
#define mayChange (has(inside, n) && birth[n] != 0 && mine[n] >= authority[n] && changes < J && takesPart(0) && takesPart(1) && takesPart(2))

inline change(to) {
    changes++;
    for (o : 0 .. N - 1) {
        if
        :: has(to, o) && birth[o] == birth[n] -> members[o] = to; authority[o] = mine[n]
        :: else
        fi
    }
    o = 0
}

/* The members that count, as n's control view has them. */
#define counted(x) (has(members[n], x) && kept(x, authority[n], mine[n]))
#define keptMembers ((counted(0)) | ((counted(1)) << 1) | ((counted(2)) << 2))

proctype Node(byte n) {
end:
    do
    /* The control HWG. */
    :: d_step { !proposed && latest < K && has(inside, n) && mine[n] == latest && has(control[latest], n) && !has(answered, n) ->
                answered = answered | one(n); frozen = frozen | one(n);
                if :: isAttached(n) -> attached = attached | one(n) :: else fi;
                printf("%d tells attached %d\n", n, has(attached, n)) }
    :: atomic { !proposed && latest < K && has(answered, n) && majority(answered, control[latest]) -> propose() }
    :: d_step { proposed && has(nextAlong, n) -> decide() }
    /* The round fails, and another begins: who answered stays frozen. */
    :: d_step { proposed && has(nextAlong, n) -> proposed = false; answered = 0; attached = 0; nextControl = 0; nextAlong = 0; nextCreator = 0 }
    :: d_step { has(inside, n) && mine[n] < latest && has(along[mine[n] + 1], n) -> mine[n]++; install() }
    :: d_step { has(inside, n) && mine[n] < latest && !has(along[mine[n] + 1], n) ->
                printf("%d learns that it is out\n", n);
                inside = inside & ~one(n); frozen = frozen & ~one(n); giveUp(n) }
    :: d_step { !has(inside, n) && mine[n] < latest && has(control[latest], n) && !has(along[latest], n) ->
                inside = inside | one(n); mine[n] = latest; install() }
    /* H: takes in x, which accepts and may know of it later or never; then it is a member. */
#define TAKE_IN(x) \
    :: d_step { x != n && mayChange && has(inside, x) && has(control[mine[n]], x) && birth[x] == 0 && invited[x] == 0 && mine[x] <= mine[n] \
                && mayComeIn(x) -> \
                printf("%d takes %d in\n", n, x); invited[x] = birth[n]; s = keptMembers | one(x); change(s); \
                members[x] = s; authority[x] = mine[n]; s = 0 }
    TAKE_IN(0)
    TAKE_IN(1)
    TAKE_IN(2)
    :: d_step { has(inside, n) && invited[n] != 0 -> printf("%d installs H\n", n); birth[n] = invited[n]; invited[n] = 0; judge(n) }
    /* n leaves, with the others' consent; the last one just goes. */
    :: d_step { mayChange -> printf("%d leaves H\n", n); s = keptMembers & ~one(n); change(s); s = 0;
                birth[n] = 0; members[n] = 0 }
    od
}

init {
    d_step {
        control[0] = (1 << N) - 1;
        along[0] = control[0];
        inside = control[0];
        creator[0] = NONE; creator[1] = NONE; creator[2] = NONE;
        birth[0] = 1;
        members[0] = 1
    }
    atomic { run Node(0); run Node(1); run Node(2) }
}
