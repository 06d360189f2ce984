/* Changes of one light-weight group (LWG) in one heavyweight group (HWG) (Sources/LWGProtocol/LWGProtocol.docc/LWG.md).
 *
 * Modelled. Nodes 0, 1, 2 in one HWG view; the LWG's first view is {0, 1}. Node 2 joins with an ordered record; node 1
 * leaves with another, before, meanwhile or after. The HWG's total order is one log, of which each node delivers a
 * prefix, at its own pace. With FIFOS nodes 0 and 2 send a FIFO message per LWG view, with TOTALS node 0 a total one, when they like, until held.
 * A record opens a flush; members answer with flushOK; the last one awaited installs the next LWG view, at each node by
 * itself. Early FIFO data wait. At any time an HWG view change takes one node away (crashed or cut off): it may go on
 * alone, in a view of its own; the two others deliver the same prefix of the log, and the same FIFO data, and compute
 * the LWG's view in a new era.
 *
 * Abstracted away. Names, tables, several LWGs, several endpoints per node, merges; the order protocol (the log is
 * given). The node that is taken away has delivered nothing of the log that the others do not (note 0002).
 *
 * Properties. M4: one LWG view ID, one member list. D3: a message is delivered in the view that it was sent in.
 * D4: who goes from one LWG view to the next within an HWG view delivered all that was sent in it.
 *
 * Variants, each of which must fail:
 *   FIFO_OK TOTALS    flushOK is FIFO: it acts when it is received, not at its place in the order
 *   FIFO_OK MERGE_IN  and a record that is ordered while a flush is open joins it (M4)
 *   NO_ERA            a view computed at an HWG view adds one to the count, like any other
 * and one that does not, because the place of the last flushOK in the order is the same for all:
 *   MERGE_IN
 */
#define N 3
#define VIEWS 4 /* LWG views within one HWG view, the first one included */
#define LOG 12  /* control and total messages */
#define one(n) (1 << (n))
#define has(set, n) (((set) >> (n)) & 1)
#define JOIN 1
#define LEAVE 2
#define OK 3
#define TOTAL 4

byte log[LOG], length; /* kind * 16 + sender * 4 + the sender's view count */

/* What each node makes of its prefix. */
byte place[N], members[N], count[N];
byte joins[N], leaves[N], awaited[N];  /* the open flush; none: awaited is 0 */
byte nextJoins[N], nextLeaves[N];      /* what waits for the next */
byte hasOrdered, hasAnswered[VIEWS];   /* who has sent its record; its flushOK of a view */

/* FIFO data and FIFO flushOK of node m in view v: [m * VIEWS + v]; who has received it. */
byte received[N * VIEWS], okReceived[N * VIEWS];
byte sentFIFO[VIEWS], sentTotal[VIEWS];

/* The HWG view change. */
bool changed;
byte survivors, cut, installed;

/* Member lists by LWG view ID: counts of the first era, then the survivors' and the other's. */
byte seen[VIEWS + 3];

byte m, v, list;

#ifdef NO_ERA
#define nextEra(n) (count[n] + 1)
#else
#define nextEra(n) (VIEWS + 1 + (1 - has(survivors, n))) /* the HWG view's coordinator is part of the ID */
#endif

inline see(id, them) {
    assert(seen[id] == 0 || seen[id] == (them)); /* M4 */
    seen[id] = (them)
}

inline complete(n) {
    /* D4 */
    for (m : 0 .. N - 1) {
        assert(!(has(members[n], n) && has(members[n], m) && has(sentFIFO[count[n]], m)) ||
               has(received[m * VIEWS + count[n]], n))
    }
    m = 0;
    members[n] = (members[n] | joins[n]) & ~leaves[n];
    count[n]++;
    printf("%d installs LWG view %d, members %d\n", n, count[n], members[n]);
    see(count[n], members[n]);
    joins[n] = nextJoins[n]; leaves[n] = nextLeaves[n]; nextJoins[n] = 0; nextLeaves[n] = 0;
    awaited[n] = ((joins[n] | leaves[n]) != 0 -> members[n] & ~leaves[n] : 0)
}

inline okArrived(n, from) {
    if
    :: has(awaited[n], from) ->
        awaited[n] = awaited[n] & ~one(from);
        if
        :: awaited[n] == 0 -> complete(n)
        :: else
        fi
    :: else
    fi
}

#ifdef MERGE_IN
#define wait(n, joining, leaving) joins[n] = joins[n] | joining; leaves[n] = leaves[n] | leaving
#else
#define wait(n, joining, leaving) nextJoins[n] = joining; nextLeaves[n] = leaving
#endif

inline recordArrived(n, joining, leaving) {
    if
    :: awaited[n] == 0 ->
        joins[n] = joining; leaves[n] = leaving; awaited[n] = members[n] & ~leaving
    :: else ->
        wait(n, joining, leaving);
        /* A leave counts as its sender's flushOK in the open flush, too. */
        if
        :: leaving != 0 -> okArrived(n, 1)
        :: else
        fi
    fi
}

#define kind (log[place[n]] / 16)
#define sender ((log[place[n]] / 4) % 4)
#define label (log[place[n]] % 4)

inline deliver(n) {
    printf("%d delivers kind %d of %d, view %d\n", n, kind, sender, label);
    place[n]++;
    if
    :: log[place[n] - 1] / 16 == JOIN -> recordArrived(n, 4, 0)
    :: log[place[n] - 1] / 16 == LEAVE -> recordArrived(n, 0, 2)
    :: log[place[n] - 1] / 16 == OK ->
        if
        :: log[place[n] - 1] % 4 == count[n] -> okArrived(n, (log[place[n] - 1] / 4) % 4)
        :: else
        fi
    :: else -> assert(!has(members[n], n) || n == 2 || log[place[n] - 1] % 4 == count[n]) /* D3 */
    fi
}

/* Everything of one sender comes in the order sent: data of a view before its flushOK or leave. */
#define fenced(n, from, until) \
    (!(has(sentFIFO[until], from)) || has(received[(from) * VIEWS + (until)], n))

#define append(k) log[length] = (k) * 16 + n * 4 + count[n]; length++

#define isOpen(n) (has(members[n], n) && awaited[n] == 0 && !(n == 1 && has(hasOrdered, 1)) && !changed)

#define RECEIVE(from, in) \
    :: d_step { n != from && has(sentFIFO[in], from) && !has(received[(from) * VIEWS + (in)], n) \
                && (!changed || !has(survivors, n) || (received[(from) * VIEWS + (in)] & survivors) != 0) -> \
                received[(from) * VIEWS + (in)] = received[(from) * VIEWS + (in)] | one(n); \
                assert(n == 2 || !has(members[n], n) || count[n] <= in) /* D3: stale */ } \
    :: d_step { has(hasAnswered[in], from) && count[n] == in && !has(okReceived[(from) * VIEWS + (in)], n) && fenced(n, from, in) \
                && awaited[n] != 0 && isFIFO -> \
                okReceived[(from) * VIEWS + (in)] = okReceived[(from) * VIEWS + (in)] | one(n); \
                printf("%d receives flushOK of %d, view %d\n", n, from, in); okArrived(n, from) }

#ifdef FIFO_OK
#define isFIFO true
#else
#define isFIFO false
#endif

/* All that a survivor has of the data, this one has. */
#define filled(from, in) \
    ((received[(from) * VIEWS + (in)] & survivors) == 0 || has(received[(from) * VIEWS + (in)], n))
#define allFilled \
    (filled(0, 0) && filled(0, 1) && filled(0, 2) && filled(1, 0) && filled(1, 1) && filled(1, 2) \
     && filled(2, 0) && filled(2, 1) && filled(2, 2))

proctype Node(byte n) {
end:
    do
    :: d_step { !changed && n == 2 && !has(hasOrdered, 2) -> hasOrdered = hasOrdered | 4; append(JOIN) }
    :: d_step { !changed && n == 1 && !has(hasOrdered, 1) -> hasOrdered = hasOrdered | 2; append(LEAVE) }
#ifdef FIFOS
    :: d_step { n != 1 && isOpen(n) && !has(sentFIFO[count[n]], n) ->
                sentFIFO[count[n]] = sentFIFO[count[n]] | one(n);
                received[n * VIEWS + count[n]] = received[n * VIEWS + count[n]] | one(n) }
#endif
#ifdef TOTALS
    :: d_step { n == 0 && isOpen(n) && !has(sentTotal[count[n]], n) -> sentTotal[count[n]] = sentTotal[count[n]] | one(n); append(TOTAL) }
#endif
    :: d_step { !changed && has(awaited[n], n) && !has(hasAnswered[count[n]], n) ->
                hasAnswered[count[n]] = hasAnswered[count[n]] | one(n);
                printf("%d sends flushOK, view %d\n", n, count[n]);
                if
                :: isFIFO
                :: else -> append(OK)
                fi }
    :: d_step { place[n] < length && (!changed || place[n] < cut) && !has(installed, n) &&
                (kind == TOTAL || fenced(n, sender, label)) -> deliver(n) }
    RECEIVE(0, 0)
    RECEIVE(0, 1)
    RECEIVE(0, 2)
    RECEIVE(1, 0)
    RECEIVE(1, 1)
    RECEIVE(2, 1)
    RECEIVE(2, 2)
    :: atomic { !changed ->
                changed = true;
                if
                :: survivors = 3
                :: survivors = 5
                :: survivors = 6
                fi;
                cut = (place[0] > place[1] -> place[0] : place[1]);
                cut = (place[2] > cut -> place[2] : cut);
                do
                :: cut < length -> cut++
                :: break
                od;
                printf("HWG view of %d, cut %d\n", survivors, cut) }
    :: d_step { changed && !has(installed, n) && (has(survivors, n) -> place[n] == cut && allFilled : true) ->
                installed = installed | one(n);
                list = (members[n] | joins[n] | nextJoins[n]) & ~(leaves[n] | nextLeaves[n]) &
                       (has(survivors, n) -> survivors : one(n));
                printf("%d installs its HWG view and LWG view of %d\n", n, list);
                if
                :: has(list, n) -> see(nextEra(n), list)
                :: else
                fi;
                list = 0 }
    od
}

init {
    d_step {
        for (m : 0 .. N - 1) { members[m] = 3 }
        m = 0;
        seen[0] = 3
    }
    atomic { run Node(0); run Node(1); run Node(2) }
}
