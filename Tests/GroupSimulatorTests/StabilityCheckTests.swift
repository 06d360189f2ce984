import Testing

/// S1 and S2.
@Suite struct StabilityCheckTests {
    private func violations(_ text: String) -> [String] { CompactHistory.violations(text) }

    /// a and b in 1@a.
    private let two = "a view 1@a a,b - -\nb view 1@a a,b - -\n"
    private let three = "a view 1@a a,b,c - -\nb view 1@a a,b,c - -\nc view 1@a a,b,c - -\n"

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

    /// c never was in 2@a.
    private let passing =
        "a view 2@a a,b,c 1@a =\nb view 2@a a,b,c 1@a =\na send #1 2@a safe\na deliver #1 2@a safe\n"
        + "c view 3@c c 1@a =\n"

    @Test func `S1 rejects it in a light-weight group too, whatever view the member is cut off into`() {
        let lightweight = (three + passing).split(separator: "\n").map { line -> String in
            let place = line.firstIndex(of: " ") ?? line.endIndex
            return "\(line[..<place]) lwg:g\(line[place...])" + (line.contains(" view ") ? " on=hwg:h,1@a" : "")
        }
        let cutOff = lightweight.joined(separator: "\n")
        #expect(violations(cutOff).contains("S1"))
        #expect(violations(cutOff + " primary").contains("S1"))
    }

    @Test func `S1 rejects a safe message in a view that one of its members went past`() {
        #expect(violations(three + passing) == ["S1"])
        #expect(
            violations(three + passing.replacing("#1 2@a safe\nc", with: "#1 2@a safe\nb deliver a#1 2@a safe\nc")) == [
                "S1"
            ])
    }

    @Test
    func
        `S1 accepts such a view without a safe message, with marked ones, and with a member that may yet come or came anew`()
    {
        #expect(violations(three + passing.replacing("safe", with: "total")) == [])
        #expect(violations(three + passing.replacing("deliver #1 2@a safe", with: "deliver #1 2@a safe trans")) == [])
        #expect(violations(three + passing.replacing("c view 3@c c 1@a =\n", with: "")) == [])
        #expect(
            violations(
                three
                    + passing.replacing("c view", with: "c leave\nc join\nc view").replacing(
                        "3@c c 1@a =", with: "3@c c - =")
            ) == [])
    }

    // S2

    @Test func `S2 rejects a flush in a view that one of its members went past`() {
        let flushed = passing.replacing("safe", with: "fifo").replacing("c view", with: "a flush\nc view")
        #expect(violations(three + flushed) == ["S2"])
        #expect(violations(three + passing.replacing("c view", with: "a flush\nc view")) == ["S1", "S2"])
        #expect(violations(three + flushed.replacing("a flush\n", with: "")) == [])
    }

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
