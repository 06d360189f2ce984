import Testing

/// O1, O3, O4, S1 and S2.
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

    @Test func `O3 accepts a crashed sequencer whose last order nobody knew`() {
        #expect(
            violations(
                three + """
                    a send #1 1@a total
                    b send #1 1@a total
                    a deliver b#1 1@a total
                    a deliver a#1 1@a total
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

    // S1

    @Test func `S1 rejects a safe message that a member of V lacks`() {
        #expect(
            violations(
                three + """
                    a send #1 1@a safe
                    a deliver a#1 1@a safe
                    b deliver a#1 1@a safe
                    a view 2@a a,b 1@a =
                    b view 2@a a,b 1@a =
                    c view 2@c c 1@a =
                    """) == ["S1"])
    }

    @Test func `S1 rejects a mark on a message that is not safe, and sending after the view's end`() {
        #expect(violations(two + "a send #1 1@a total\nb deliver a#1 1@a total trans") == ["S1"])
        #expect(
            violations(two + "a send #1 1@a safe\nb deliver a#1 1@a safe trans\nb send #1 1@a fifo") == ["S1"])
    }

    @Test func `S1 accepts a safe message marked by one and not by another, and one that a side lacks`() {
        #expect(
            violations(
                three + """
                    a send #1 1@a safe
                    a deliver a#1 1@a safe
                    b deliver a#1 1@a safe trans
                    c deliver a#1 1@a safe trans
                    a view 2@a a,b 1@a =
                    b view 2@a a,b 1@a =
                    c view 2@c c 1@a =
                    """) == [])
        #expect(
            violations(
                three + """
                    a send #1 1@a safe
                    a deliver a#1 1@a safe trans
                    b deliver a#1 1@a safe trans
                    a view 2@a a,b 1@a =
                    b view 2@a a,b 1@a =
                    c view 2@c c 1@a =
                    """) == [])
    }

    // S2

    @Test func `S2 rejects a flush that returned too early`() {
        let flushed = "a send #1 1@a fifo\na deliver a#1 1@a fifo\na flush\n"
        #expect(violations(three + flushed + "b view 2@b b,c 1@a =\nc view 2@b b,c 1@a =") == ["S2"])
        #expect(
            violations(
                three + flushed + """
                    b deliver a#1 1@a fifo
                    a view 2@a a,b 1@a =
                    b view 2@a a,b 1@a =
                    c view 2@c c 1@a =
                    """) == ["S2"])
    }

    @Test func `S2 accepts a flush before the send, and one of the view before`() {
        #expect(violations(three + "a flush\na send #1 1@a fifo\nb view 2@b b,c 1@a =\nc view 2@b b,c 1@a =") == [])
        #expect(
            violations(
                two + "a send #1 1@a fifo\na deliver a#1 1@a fifo\na view 2@a a 1@a =\na flush\nb view 2@b b 1@a =")
                == [])
    }
}
