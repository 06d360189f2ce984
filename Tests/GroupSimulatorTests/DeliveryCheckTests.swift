import Testing

/// D1 to D6.
@Suite struct DeliveryCheckTests {
    private func violations(_ text: String) -> [String] { CompactHistory.violations(text) }

    /// a and b in 1@a.
    private let two = "a view 1@a a,b - -\nb view 1@a a,b - -\n"
    private let three = "a view 1@a a,b,c - -\nb view 1@a a,b,c - -\nc view 1@a a,b,c - -\n"
    /// a and b go on together.
    private let next = "a view 2@a a,b 1@a =\nb view 2@a a,b 1@a =\n"

    // D1

    @Test func `D1 rejects what nobody sent, before it was sent, and in another's name`() {
        #expect(violations(two + "b deliver a#1 1@a fifo") == ["D1"])
        #expect(violations(two + "a deliver #1 1@a fifo\na send #1 1@a fifo") == ["D1"])
        #expect(violations(two + "a send b#1 1@a fifo") == ["D1"])
    }

    @Test func `D1 rejects a name given twice, another order and another receiver`() {
        #expect(violations(two + "a send #1 1@a fifo\na send #1 1@a fifo").contains("D1"))
        #expect(violations(two + "a send #1 1@a fifo\nb deliver a#1 1@a total") == ["D1"])
        #expect(violations(three + "a send #1 1@a fifo b\nc deliver a#1 1@a fifo to=b") == ["D1"])
        #expect(violations(three + "a send #1 1@a fifo b\nb deliver a#1 1@a fifo") == ["D1"])
    }

    @Test func `D1 accepts a delivery written before its send in another process's lines`() {
        #expect(violations(two + "b deliver a#1 1@a fifo\na send #1 1@a fifo") == [])
    }

    @Test func `D1 accepts the last send of a killed process, delivered by others only`() {
        #expect(
            violations(
                three + """
                    c send #7 1@a total
                    a deliver c#7 1@a total
                    b deliver c#7 1@a total
                    a view 2@a a,b 1@a a,b
                    b view 2@a a,b 1@a a,b
                    """) == [])
    }

    // D2

    @Test func `D2 rejects a message delivered twice, at once or in the next view`() {
        #expect(violations(two + "a send #1 1@a fifo\nb deliver a#1 1@a fifo\nb deliver a#1 1@a fifo").contains("D2"))
        #expect(
            violations(
                two + "a send #1 1@a fifo\na deliver #1 1@a fifo\nb deliver a#1 1@a fifo\n" + next
                    + "b deliver a#1 1@a fifo"
            ).contains("D2"))
    }

    @Test func `D2 accepts equal numbers in two groups, of two senders, and at two endpoints of one process`() {
        #expect(
            violations(
                """
                a/0 lwg:g view 1@a a/0,a/1 - -
                a/1 lwg:g view 1@a a/0,a/1 - -
                a/0 lwg:i view 1@a a/0 - -
                a/0 lwg:g send #1 1@a fifo
                a/1 lwg:g send #1 1@a fifo
                a/0 lwg:i send #1 1@a fifo
                a/0 lwg:g deliver a/0#1 1@a fifo
                a/1 lwg:g deliver a/0#1 1@a fifo
                a/0 lwg:g deliver a/1#1 1@a fifo
                a/1 lwg:g deliver a/1#1 1@a fifo
                a/0 lwg:i deliver a/0#1 1@a fifo
                """) == [])
    }

    // D3 and D5

    @Test func `D3 and D5 reject a message of the view before`() {
        let late = two + "a send #1 1@a fifo\na deliver #1 1@a fifo\n" + next
        #expect(violations(late + "b deliver a#1 1@a fifo") == ["D3", "D4", "D5"])
        #expect(violations(late + "b deliver a#1 2@a fifo") == ["D3", "D4", "D5"])
    }

    @Test func `D3 rejects a message of a view to come, and a send in a view that is not the sender's`() {
        #expect(violations(two + "a view 2@a a,b 1@a =\na send #1 2@a fifo\nb deliver a#1 2@a fifo") == ["D3"])
        #expect(violations(two + "a view 2@a a,b 1@a =\na send #1 1@a fifo") == ["D3"])
    }

    @Test func `D5 rejects a point-to-point message of the view before`() {
        #expect(
            violations(two + "a send #1 1@a fifo b\n" + next + "b deliver a#1 1@a fifo to=b") == ["D3", "D5"])
    }

    // D4

    @Test func `D4 rejects companions with different sets`() {
        #expect(
            violations(
                three + "c send #1 1@a fifo\na deliver c#1 1@a fifo\na view 2@a a,b 1@a =\nb view 2@a a,b 1@a =")
                == ["D4"])
        #expect(
            violations(
                three + """
                    c send #1 1@a fifo
                    c send #2 1@a fifo
                    a deliver c#1 1@a fifo
                    b deliver c#1 1@a fifo
                    b deliver c#2 1@a fifo
                    a view 2@a a,b 1@a =
                    b view 2@a a,b 1@a =
                    """) == ["D4"])
    }

    @Test func `D4 accepts different sets on two sides of a partition, and at who never goes on`() {
        #expect(
            violations(
                three + """
                    c send #1 1@a fifo
                    b send #1 1@a fifo
                    c deliver c#1 1@a fifo
                    a deliver b#1 1@a fifo
                    b deliver b#1 1@a fifo
                    a view 2@a a,b 1@a =
                    b view 2@a a,b 1@a =
                    c view 2@c c 1@a =
                    """) == [])
        #expect(
            violations(
                three + """
                    a send #1 1@a fifo
                    a deliver a#1 1@a fifo
                    b deliver a#1 1@a fifo
                    a view 2@a a,b 1@a =
                    b view 2@a a,b 1@a =
                    """) == [])
    }

    @Test func `D4 accepts a point-to-point message that the cut left out`() {
        #expect(
            violations(two + "a send #1 1@a fifo b\na send #2 1@a fifo b\nb deliver a#1 1@a fifo to=b\n" + next) == [])
    }

    // D6

    @Test func `D6 rejects a sender that goes on without its own message`() {
        #expect(violations(two + "a send #1 1@a fifo\n" + next) == ["D6"])
        #expect(
            violations(
                "a view 1@a a - =\na send #1 1@a safe\na send #2 1@a safe\na deliver #1 1@a safe trans\na view 2@a a 1@a ="
            )
                == ["D6"])
    }

    @Test func `D6 accepts a sender that leaves or dies with messages on the way`() {
        #expect(violations(two + "a send #1 1@a fifo\na leave\nb view 2@b b 1@a =") == [])
    }
}
