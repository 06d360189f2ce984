import Testing

/// M1 to M6 and M8: each at least two histories that must be rejected, and legal ones that look odd.
@Suite struct MembershipCheckTests {
    private func violations(_ text: String) -> [String] { CompactHistory.violations(text) }

    // M1

    @Test func `M1 rejects a view without its installer`() {
        #expect(violations("a view 1@b b - -") == ["M1"])
        #expect(
            violations(
                """
                a view 1@a a,b - a
                b view 1@a a,b - b
                a view 2@b b 1@a -
                """) == ["M1", "M6"])
    }

    @Test func `M1 takes another incarnation for another member`() {
        #expect(violations("a.2 view 1@a a.1 - -").contains("M1"))
        #expect(violations("a.2 view 1@a.2 a.2 - =") == [])
    }

    // M2

    @Test func `M2 rejects a lower view and the same view again`() {
        #expect(violations("a view 5@a a - =\na view 4@a a 5@a =") == ["M2"])
        #expect(violations("a view 5@a a - =\na view 5@a a 5@a =") == ["M2"])
    }

    @Test func `M2 rejects a view ID used again after leaving`() {
        #expect(violations("a view 1@a a - =\na leave\na join\na view 1@a a - =") == ["M2"])
    }

    @Test func `M2 rejects an equal epoch, whoever the coordinators are`() {
        #expect(violations("a view 4@n.9 a,n.9 - a\na view 4@n.10 a 4@n.9 a") == ["M2"])
        #expect(violations("a view 4@n.10 a,n.10 - a\na view 4@n.9 a 4@n.10 a") == ["M2"])
    }

    @Test func `M2 accepts leaps, and coordinators in any order`() {
        #expect(violations("a view 1@b b,a - a\na view 2@a a 1@b a\na view 18446744073709551615@c c,a 2@a a") == [])
        #expect(violations("a view 9@n.10 a,n.10 - a\na view 10@n.9 a,n.9 9@n.10 a") == [])
    }

    // M3

    @Test func `M3 rejects sends, deliveries and holds before the first view`() {
        #expect(violations("a send #1 1@a fifo\na view 1@a a - =") == ["M3"])
        #expect(violations("b view 1@b b - =\nb send #1 1@b fifo\na deliver b#1 1@b fifo").contains("M3"))
        #expect(violations("a hold 1@a\na view 1@a a - =") == ["M3"])
    }

    @Test func `M3 rejects sends, deliveries and holds after leaving, also when the member joins again`() {
        let two = "a/0 lwg:g view 1@a a/0,b/0 - -\nb/0 lwg:g view 1@a a/0,b/0 - -\na/0 lwg:g send #1 1@a fifo\n"
        let next = "a/0 lwg:g view 2@a a/0 1@a ="
        #expect(violations(two + "b/0 lwg:g leave\nb/0 lwg:g deliver a/0#1 1@a fifo") == ["M3"])
        #expect(violations(two + "b/0 lwg:g leave\nb/0 lwg:g send #1 1@a fifo") == ["M3"])
        #expect(violations(two + "b/0 lwg:g leave\nb/0 lwg:g hold 1@a") == ["M3"])
        #expect(
            violations(
                two + "b/0 lwg:g leave\nb/0 lwg:g join\nb/0 lwg:g deliver a/0#1 1@a fifo\n"
                    + "a/0 lwg:g deliver #1 1@a fifo\n" + next) == ["M3"])
    }

    @Test func `M3 accepts a seat that leaves twice, is silent in between, and joins again`() {
        #expect(
            violations(
                """
                a/0 lwg:g view 1@a a/0 - =
                a/0 lwg:g send #1 1@a fifo
                a/0 lwg:g leave
                a/0 lwg:g join
                a/0 lwg:g leave
                a/0 lwg:g join
                a/0 lwg:g flush
                a/0 lwg:g view 2@a a/0 - =
                a/0 lwg:g send #2 2@a fifo
                a/0 lwg:g deliver #2 2@a fifo
                """) == [])
    }

    @Test func `M3 accepts a join long before the view`() {
        #expect(violations("a start\na join\na map\na view 1@a a - =\na send #1 1@a fifo") == [])
    }

    // M4

    @Test func `M4 rejects other members, other ranks and another label under one ID`() {
        #expect(violations("a view 2@a a,b - a\nb view 2@a a,b,c - b") == ["M4"])
        #expect(violations("a view 2@a a,b - a\nb view 2@a b,a - b") == ["M4"])
        #expect(violations("a view 2@a a,b - a primary\nb view 2@a a,b - b") == ["M4"])
        #expect(violations("a view 2@a a,a - a") == ["M4"])
    }

    @Test func `M4 accepts one ID in two groups`() {
        #expect(violations("a hwg:h view 2@a a,b - a\nb hwg:i view 2@a b - b") == [])
    }

    // M5

    @Test func `M5 rejects a view from two views with a common member`() {
        // c was in both 1@a and, as far as a knows, in 2@a.
        #expect(
            violations(
                """
                a view 1@a a,b,c - a
                c view 1@a a,b,c - c
                a view 2@a a,c 1@a a
                a view 3@a a,c 2@a a
                c view 3@a a,c 1@a c
                """
            ).contains("M5"))
    }

    @Test func `M5 rejects a previous view that the member was not in`() {
        #expect(violations("a view 1@a a - =\na view 2@a a 1@a =\na view 3@a a 1@a =") == ["M5"])
        #expect(violations("a view 2@a a 1@a =") == ["M5"])
    }

    @Test func `M5 rejects a previous view that the member had left`() {
        #expect(violations("a view 1@a a - =\na leave\na join\na view 2@a a 1@a =") == ["M5"])
    }

    @Test func `M5 accepts a merge of three sides, one of them new`() {
        #expect(
            violations(
                """
                a view 1@a a,b - a
                b view 1@a a,b - b
                c view 1@c c - c
                a view 2@a a,b,c,d 1@a a,b
                c view 2@a a,b,c,d 1@c c
                d view 2@a a,b,c,d - d
                b view 2@a a,b,c,d 1@a a,b
                """) == [])
    }

    // M6

    @Test func `M6 rejects a companion left out and a stranger taken in`() {
        let start = "a view 1@a a,b - a\nb view 1@a a,b - b\n"
        #expect(violations(start + "a view 2@a a,b 1@a a\nb view 2@a a,b 1@a a,b") == ["M6"])
        #expect(
            violations("a view 1@a a - a\nb view 1@b b - b\na view 2@a a,b 1@a a,b\nb view 2@a a,b 1@b b") == ["M6"])
        #expect(violations(start + "a view 2@a a,b 1@a a,b,c\nb view 2@a a,b 1@a a,b") == ["M6"])
        #expect(violations("a view 1@a a - a\na view 2@a a 1@a -") == ["M6"])
    }

    @Test func `M6 rejects a companion that was not in the previous view, or when there was none`() {
        #expect(violations("a view 1@a a - -\na view 2@a a,b 1@a a,b") == ["M6"])
        #expect(
            violations("a view 1@a a,b - a\na view 2@a a,b 1@a a,b\na view 3@a a,c,b 2@a a,c,b").contains("M6"))
        #expect(violations("a view 1@a a,b - a,b") == ["M6"])
    }

    @Test func `M6 accepts companions in another order, none at all at a first view, and some who never install`() {
        #expect(violations("a view 1@a a,b,c - -\na view 2@a a,d,c,b 1@a b,a,c") == [])
        #expect(violations("a view 1@a a,b - -\na view 2@b b,a 1@a b,a") == [])
    }

    @Test func `M6 accepts a companion that never installs, and joiners with an empty set`() {
        #expect(violations("a view 1@a a,b - a\nb view 1@a a,b - -\na view 2@a a,b 1@a a,b") == [])
        #expect(violations("a view 1@a a,b - -\nb view 1@a a,b - -") == [])
    }

    // Unchanged

    @Test func `a view is rejected that is unchanged with other members, or as a first one`() {
        #expect(violations("a view 1@a a,b - -\na view 2@a a 1@a = unchanged") == ["unchanged"])
        #expect(violations("a view 1@a a,b - -\na view 2@a a,b,c 1@a a,b unchanged") == ["unchanged"])
        #expect(violations("a view 1@a a,b - -\na view 2@a a,c 1@a a unchanged") == ["unchanged"])
        #expect(violations("a view 1@a a - - unchanged") == ["unchanged"])
    }

    @Test func `a view is rejected that has the same members, who all come along, and is not unchanged`() {
        #expect(violations("a view 1@a a - -\na view 2@a a 1@a = changed") == ["unchanged"])
        #expect(violations("a view 1@a a,b - -\na view 2@a a,b 1@a = changed") == ["unchanged"])
    }

    @Test func `a view of the same members is accepted as unchanged in another order, and not where one comes anew`() {
        #expect(violations("a view 1@a a,b - -\na view 2@b b,a 1@a b,a unchanged") == [])
        #expect(
            violations(
                """
                a/0 lwg:g view 1@a a/0,b/0 - -
                b/0 lwg:g view 1@a a/0,b/0 - -
                b/0 lwg:g leave
                b/0 lwg:g join
                a/0 lwg:g view 2@a a/0,b/0 1@a a/0
                b/0 lwg:g view 2@a a/0,b/0 - -
                """) == [])
    }

    // M8

    private let three = """
        a view 1@a a,b,c - - primary
        b view 1@a a,b,c - - primary
        c view 1@a a,b,c - - primary

        """

    @Test func `M8 rejects who returns right from the view it was excluded from`() {
        #expect(
            violations(
                three + """
                    a view 2@a a,b 1@a a,b
                    b view 2@a a,b 1@a a,b
                    a view 3@a a,b,c 2@a a,b
                    b view 3@a a,b,c 2@a a,b
                    c view 3@a a,b,c 1@a c
                    """
            ).contains("M8"))
    }

    @Test func `M8 rejects who returns from nowhere`() {
        #expect(violations(three + "c view 3@a a,b,c - -") == ["M8"])
    }

    @Test func `M8 accepts a merge from a later view of its own, a later incarnation, and a rejoin`() {
        #expect(
            violations(
                three + """
                    a view 2@a a,b 1@a a,b
                    b view 2@a a,b 1@a a,b
                    c view 2@c c 1@a c
                    c.2 view 1@c.2 c.2 - =
                    a view 3@a a,b,c.2 2@a a,b
                    b view 3@a a,b,c.2 2@a a,b
                    c.2 view 3@a a,b,c.2 1@c.2 c.2
                    a view 4@a a,b,c.2,c 3@a a,b,c.2
                    c view 4@a a,b,c.2,c 2@c c
                    """) == [])
        #expect(
            violations(
                """
                a/0 lwg:g join
                a/0 lwg:g view 1@a a/0 - =
                a/0 lwg:g leave
                a/0 lwg:g join
                a/0 lwg:g view 2@a a/0 - =
                """) == [])
    }
}
