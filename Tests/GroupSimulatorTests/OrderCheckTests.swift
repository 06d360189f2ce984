import Testing

/// O1, O3 and O4.
@Suite struct OrderCheckTests {
    private func violations(_ text: String) -> [String] { CompactHistory.violations(text) }

    /// a and b in 1@a.
    private let two = "a view 1@a a,b - -\nb view 1@a a,b - -\n"
    private let three = "a view 1@a a,b,c - -\nb view 1@a a,b,c - -\nc view 1@a a,b,c - -\n"
    /// a and b go on together.
    private let next = "a view 2@a a,b 1@a =\nb view 2@a a,b 1@a =\n"

    // O1 and O4

    private let threeSends = "a send #1 1@a fifo\na send #2 1@a total\na send #5 1@a fifo\n"

    @Test func `O1 rejects an exchange and a gap`() {
        #expect(violations(two + threeSends + "b deliver a#2 1@a total\nb deliver a#1 1@a fifo") == ["O1"])
        #expect(violations(two + threeSends + "b deliver a#1 1@a fifo\nb deliver a#5 1@a fifo") == ["O1"])
        #expect(
            violations(
                two
                    + "a send #1 1@a fifo b\na send #2 1@a fifo b\nb deliver a#2 1@a fifo to=b\nb deliver a#1 1@a fifo to=b"
            )
                == ["O1"])
    }

    @Test func `O1 rejects numbers that go backwards, in one view, in the next, and to one receiver`() {
        let both = { (number: Int) in
            "a send #\(number) 1@a fifo\na deliver a#\(number) 1@a fifo\nb deliver a#\(number) 1@a fifo\n"
        }
        #expect(violations(two + both(2) + both(1)) == ["O1"])
        #expect(violations(two + both(7) + next + "a send #6 2@a fifo") == ["O1"])
        #expect(violations(two + "a send #2 1@a fifo b\na send #1 1@a fifo b") == ["O1"])
    }

    @Test func `O1 accepts numbers that begin again in a later incarnation, at another endpoint and in another group`()
    {
        #expect(
            violations(
                """
                a/0 lwg:g view 1@a a/0,a/1 - -
                a/0 lwg:i view 1@a a/0 - -
                a/1 lwg:g view 1@a a/0,a/1 - -
                a/0 lwg:g send #9 1@a fifo
                a/1 lwg:g send #4 1@a fifo
                a/0 lwg:i send #3 1@a fifo
                a.2/0 lwg:g view 8@a.2 a.2/0 - -
                a.2/0 lwg:g send #1 8@a.2 fifo
                """) == [])
        // To all and to one are two rows.
        #expect(violations(two + "a send #2 1@a fifo b\na send #1 1@a fifo\na send #3 1@a fifo b") == [])
    }

    @Test func `O1 accepts leaps of numbers, a lost tail, and point-to-point messages between`() {
        #expect(violations(two + threeSends + "b deliver a#1 1@a fifo\nb deliver a#2 1@a total") == [])
        #expect(
            violations(
                two + """
                    a send #1 1@a fifo
                    a send #2 1@a fifo b
                    a send #3 1@a fifo
                    b deliver a#1 1@a fifo
                    b deliver a#3 1@a fifo
                    b deliver a#2 1@a fifo to=b
                    """) == [])
    }

    @Test func `O4 rejects a hole below the cut`() {
        let sends = "c send #1 1@a fifo\nc send #2 1@a fifo\n"
        let holes = "a deliver c#2 1@a fifo\nb deliver c#2 1@a fifo\n"
        #expect(violations(three + sends + holes + next) == ["O1", "O4"])
        #expect(
            violations(
                two + threeSends + "b deliver a#1 1@a fifo\nb deliver a#5 1@a fifo\nb view 2@a a,b 1@a =") == [
                    "O1", "O4",
                ])
    }

    @Test func `O4 accepts a cut below what was sent`() {
        #expect(
            violations(
                three + """
                    c send #1 1@a fifo
                    c send #2 1@a fifo
                    a deliver c#1 1@a fifo
                    b deliver c#1 1@a fifo
                    c deliver c#1 1@a fifo
                    c deliver c#2 1@a fifo
                    a view 2@a a,b 1@a =
                    b view 2@a a,b 1@a =
                    """) == [])
    }

    // O3

    private let totals = "a send #1 1@a total\nb send #1 1@a safe\n"

    @Test func `O3 rejects two orders at members that go on together`() {
        #expect(
            violations(
                two + totals + """
                    a deliver a#1 1@a total
                    a deliver b#1 1@a safe
                    b deliver b#1 1@a safe
                    b deliver a#1 1@a total

                    """ + next) == ["O3"])
    }

    @Test func `O3 rejects two orders at members that stay`() {
        #expect(
            violations(
                two + totals + """
                    a deliver a#1 1@a total
                    a deliver b#1 1@a safe
                    b deliver b#1 1@a safe
                    """) == ["O3"])
    }

    @Test func `O3 rejects a crashed member's order that the surviving sequencer does not share`() {
        #expect(
            violations(
                three + totals + """
                    c deliver b#1 1@a safe
                    a deliver a#1 1@a total
                    a deliver b#1 1@a safe
                    b deliver a#1 1@a total
                    b deliver b#1 1@a safe
                    a view 2@a a,b 1@a =
                    b view 2@a a,b 1@a =
                    """
            ).contains("O3"))
    }

    private let ownTotals = "b send #1 1@a total\nc send #1 1@a total\n"
    private let bThenC = { (member: String) in
        "\(member) deliver b#1 1@a total\n\(member) deliver c#1 1@a total\n"
    }
    private let cThenB = { (member: String) in
        "\(member) deliver c#1 1@a total\n\(member) deliver b#1 1@a total\n"
    }

    @Test func `O3 rejects a leaver's order that others do not share, be it the sequencer's or not`() {
        #expect(violations(three + ownTotals + bThenC("a") + cThenB("b") + "a leave") == ["O3"])
        #expect(
            violations(
                three + ownTotals + bThenC("a") + bThenC("b") + cThenB("c") + "c leave\n" + next) == ["O3"])
    }

    @Test func `O3 rejects two orders before the Hold on two sides`() {
        let hold = "a hold 1@a\nb hold 1@a\n"
        let parted = "a view 2@a a 1@a =\nb view 2@b b,c 1@a =\n"
        #expect(violations(three + ownTotals + bThenC("a") + cThenB("b") + hold + parted) == ["O3"])
        #expect(
            violations(three + ownTotals + bThenC("a") + cThenB("b") + "b hold 1@a\na leave\nb view 2@b b,c 1@a =") == [
                "O3"
            ])
    }

    @Test func `O3 accepts two orders after the Hold on two sides, and at a leaver of one`() {
        let hold = "a hold 1@a\nb hold 1@a\n"
        let parted = "a view 2@a a 1@a =\nb view 2@b b,c 1@a =\n"
        #expect(violations(three + ownTotals + hold + bThenC("a") + cThenB("b") + parted) == [])
        #expect(
            violations(three + ownTotals + hold + bThenC("a") + cThenB("b") + "a leave\nb view 2@b b,c 1@a =") == [])
        // A prefix of the sequencer's order before it, another order of the rest after it.
        #expect(
            violations(
                three + "c send #2 1@a total\n" + "b send #1 1@a total\nb send #2 1@a total\n"
                    + "a deliver b#1 1@a total\nb deliver b#1 1@a total\n" + hold
                    + "a deliver b#2 1@a total\na deliver c#2 1@a total\nb deliver c#2 1@a total\nb deliver b#2 1@a total\n"
                    + parted) == [])
    }

    @Test func `O3 accepts who was killed between the deliveries at V's end and its view line`() {
        let five = "abcde".map { "\($0) view 1@a a,b,c,d,e - -\n" }.joined()
        let sides =
            cThenB("a") + "a view 2@a a,b 1@a =\n" + cThenB("b") + "b view 2@a a,b 1@a =\n"
            + bThenC("c") + "c view 2@c c,d,e 1@a =\n" + bThenC("d") + "d view 2@c c,d,e 1@a =\n"
        #expect(violations(five + ownTotals + sides + bThenC("e")) == [])
        #expect(violations(five + ownTotals + sides + "e deliver b#1 1@a total\n") == [])
        #expect(violations(five + ownTotals + sides + "e hold 1@a\n" + bThenC("e")) == [])
        // No side that names it has its order.
        let alone = sides.replacing("c,d,e", with: "c,d")
        #expect(violations(five + ownTotals + alone + bThenC("e")) == ["O3"])
    }

    @Test func `O3 accepts a crashed sequencer whose last order nobody knew`() {
        #expect(
            violations(
                three + """
                    a send #1 1@a total
                    b send #1 1@a total
                    a deliver b#1 1@a total
                    a deliver a#1 1@a total
                    b hold 1@a
                    c hold 1@a
                    b deliver a#1 1@a total
                    b deliver b#1 1@a total
                    c deliver a#1 1@a total
                    c deliver b#1 1@a total
                    b view 2@b b,c 1@a =
                    c view 2@b b,c 1@a =
                    """) == [])
    }

    @Test func `O3 accepts two orders on two sides, and fifo messages in any place`() {
        #expect(
            violations(
                """
                a view 1@a a,b - -
                b view 1@a a,b - -
                a send #1 1@a total
                b send #1 1@a total
                a deliver a#1 1@a total
                a deliver b#1 1@a total
                b deliver b#1 1@a total
                b deliver a#1 1@a total
                a view 2@a a 1@a =
                b view 2@b b 1@a =
                """) == [])
        #expect(
            violations(
                two + """
                    a send #1 1@a total
                    b send #1 1@a fifo
                    a deliver a#1 1@a total
                    a deliver b#1 1@a fifo
                    b deliver b#1 1@a fifo
                    b deliver a#1 1@a total

                    """ + next) == [])
    }
}
