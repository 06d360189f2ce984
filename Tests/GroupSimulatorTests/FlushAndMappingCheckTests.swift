import Testing

/// F1 to F4, L1 to L3, and liveness.
@Suite struct FlushAndMappingCheckTests {
    private func violations(_ text: String) -> [String] { CompactHistory.violations(text) }

    private let two = "a view 1@a a,b - -\nb view 1@a a,b - -\n"

    // F1

    @Test func `F1 rejects a send after HoldOK, to all or to one`() {
        #expect(violations(two + "a hold 1@a\na holdok 1@a\na send #1 1@a fifo") == ["F1"])
        #expect(violations(two + "a hold 1@a\na holdok 1@a\na send #1 1@a fifo b") == ["F1"])
    }

    @Test func `F1 accepts a send between Hold and HoldOK, deliveries after it, and sends in the next view`() {
        #expect(
            violations(
                """
                a view 1@a a - =
                a hold 1@a
                a send #1 1@a fifo
                a holdok 1@a
                a deliver #1 1@a fifo
                a view 2@a a 1@a =
                a send #2 2@a fifo
                """) == [])
    }

    // F2

    @Test func `F2 rejects a second Hold, a HoldOK without one, and the Hold of another view`() {
        #expect(violations(two + "a hold 1@a\na hold 1@a") == ["F2"])
        #expect(violations(two + "a holdok 1@a") == ["F2"])
        #expect(violations(two + "a hold 1@a\na holdok 1@a\na holdok 1@a") == ["F2"])
        #expect(violations(two + "a view 2@a a 1@a =\na hold 1@a") == ["F2"])
    }

    @Test func `F2 accepts a Hold that the trace ends in, or that leaving ends`() {
        #expect(violations(two + "a hold 1@a\nb hold 1@a\nb leave\na view 2@a a 1@a =\na hold 2@a") == [])
    }

    // F3

    private let light = "a view 1@a a,b - -\nb view 1@a a,b - -\na/0 lwg:g view 1@a a/0 - = on=h,1@a\n"

    @Test func `F3 rejects a Hold for the same members on the same HWG view`() {
        #expect(
            violations(light + "a/0 lwg:g hold 1@a\na/0 lwg:g holdok 1@a\na/0 lwg:g view 2@a a/0 1@a = on=h,1@a") == [
                "F3"
            ])
        #expect(
            violations(light + "a/0 lwg:g hold 1@a\na/0 lwg:g view 2@a a/0 1@a = on=hwg:h,1@a") == ["F3"])
    }

    @Test func `F3 accepts a Hold for an HWG view change, for a switch, and for a joiner`() {
        #expect(
            violations(
                light + """
                    a/0 lwg:g hold 1@a
                    a view 2@a a 1@a =
                    a/0 lwg:g view 2@a a/0 1@a = on=h,2@a
                    a hwg:i view 1@a a - =
                    a/0 lwg:g hold 2@a
                    a/0 lwg:g view 3@a a/0 2@a = on=i,1@a
                    a/0 lwg:g hold 3@a
                    a/0 lwg:g view 4@a a/0,a/1 3@a a/0 on=i,1@a
                    """) == [])
    }

    @Test func `F3 accepts a side's view before the merged one, and no second`() {
        let sides =
            "a view 1@a a - -\nb view 1@b b - -\na/0 lwg:g view 1@a a/0,x/0 - = on=h,1@a\na/0 lwg:g hold 1@a\n"
            + "a view 2@a a,b 1@a a\nb view 2@a a,b 1@b b\na/0 lwg:g view 2@a a/0 1@a = on=h,2@a\n"
            + "a/0 lwg:g hold 2@a\na/0 lwg:g view 3@a a/0 2@a = on=h,2@a\n"
        #expect(violations(sides).filter { $0 == "F3" } == [])
        #expect(
            violations(sides + "a/0 lwg:g hold 3@a\na/0 lwg:g view 4@a a/0 3@a = on=h,2@a").filter { $0 == "F3" } == [
                "F3"
            ])
    }

    @Test
    func `F3 accepts a side's view after heavyweight views in which the tables did not arrive, if there was a merge`() {
        func history(_ heavy: String) -> String {
            "a view 1@a a - -\na/0 lwg:g view 1@a a/0,x/0 - = on=h,1@a\na/0 lwg:g hold 1@a\n" + heavy
                + "a/0 lwg:g view 2@a a/0 1@a = on=h,3@a\na/0 lwg:g hold 2@a\na/0 lwg:g view 3@a a/0 2@a = on=h,3@a"
        }
        let merge =
            "b view 1@b b - -\na view 2@a a,b 1@a a\nb view 2@a a,b 1@b b\na view 3@a a,b 2@a =\nb view 3@a a,b 2@a =\n"
        #expect(violations(history(merge)).filter { $0 == "F3" } == [])
        #expect(violations(history("a view 2@a a 1@a =\na view 3@a a 2@a =\n")).filter { $0 == "F3" } == ["F3"])
    }

    /// Found by seed 85635.
    @Test func `F3 accepts a side's view of which a member that came from an earlier view is out`() {
        func history(_ heavy: String) -> String {
            "a view 1@a a - -\na/0 lwg:g view 1@a a/0 - = on=h,1@a\na/0 lwg:g hold 1@a\n" + heavy
                + "a/1 lwg:g view 3@a a/0,a/1 - = on=h,3@a\na/1 lwg:g hold 3@a\n"
                + "a/1 lwg:g view 4@a a/0,a/1 3@a = on=h,3@a"
        }
        let merge =
            "b view 1@b b - -\na view 2@a a,b 1@a a\nb view 2@a a,b 1@b b\na view 3@a a,b 2@a =\nb view 3@a a,b 2@a =\n"
        #expect(violations(history(merge)).filter { $0 == "F3" } == [])
        #expect(violations(history("a view 2@a a 1@a =\na view 3@a a 2@a =\n")).filter { $0 == "F3" } == ["F3"])
    }

    /// Found by seed 12288: a/0 joined while the tables of a merge were awaited, and x, which did not, is gone.
    @Test func `F3 accepts a joiner's second side's view, if its first has a member that came from before the merge`() {
        func history(_ heavy: String, _ inSideView: String) -> String {
            "a view 1@a a,x - =\nx view 1@a a,x - =\nx/0 lwg:g view 1@a x/0 - = on=h,1@a\nx/0 lwg:g hold 1@a\n" + heavy
                + "x/0 lwg:g view 3@a x/0,a/0 1@a x/0 on=h,3@a\nx/0 lwg:g hold 3@a\n"
                + "a/0 lwg:g view 3@a x/0,a/0 - = on=h,3@a\n" + inSideView
                + "a/0 lwg:g hold 3@a\na view 4@a a,b 3@a =\n"
                + "a/0 lwg:g view 4@a a/0 3@a = on=h,4@a\na/0 lwg:g hold 4@a\na/0 lwg:g view 5@a a/0 4@a = on=h,4@a"
        }
        func f3(_ text: String) -> [String] { violations(text).filter { $0 == "F3" } }
        let merge =
            "b view 1@b b - -\na view 2@a a,x,b 1@a a,x\nx view 2@a a,x,b 1@a a,x\nb view 2@a a,x,b 1@b b\n"
            + "a view 3@a a,x,b 2@a =\nx view 3@a a,x,b 2@a =\nb view 3@a a,x,b 2@a =\n"
        #expect(f3(history(merge, "")) == [])
        // Messages went out in the first: the merge was over.
        #expect(f3(history(merge, "a/0 lwg:g send #1 3@a fifo\n")) == ["F3"])
        let none = "a view 2@a a,x 1@a =\nx view 2@a a,x 1@a =\na view 3@a a,x 2@a =\nx view 3@a a,x 2@a =\n"
        #expect(f3(history(none, "").replacing("view 4@a a,b 3@a =", with: "view 4@a a 3@a =")) == ["F3"])
    }

    /// Found by seed 75893.
    @Test func `F3 accepts a side's view that follows an earlier one of that side, in the same unfinished merge`() {
        func history(_ merge: String, _ inSideView: String) -> String {
            "a view 1@a a - -\na/0 lwg:g view 1@a a/0,x/0,y/0,z/0 - = on=h,1@a\na/0 lwg:g hold 1@a\n" + merge
                + "a/0 lwg:g view 2@a a/0,x/0,y/0 1@a = on=h,2@a\na/0 lwg:g hold 2@a\n"
                + "a view 3@a a,b 2@a =\nb view 3@a a,b 2@a =\na/0 lwg:g view 3@a a/0,x/0 2@a = on=h,3@a\n"
                + inSideView + "a/0 lwg:g hold 3@a\na view 4@a a,b 3@a =\nb view 4@a a,b 3@a =\n"
                + "a/0 lwg:g view 4@a a/0 3@a = on=h,4@a\na/0 lwg:g hold 4@a\na/0 lwg:g view 5@a a/0 4@a = on=h,4@a"
        }
        let merge = "b view 1@b b - -\na view 2@a a,b 1@a a\nb view 2@a a,b 1@b b\n"
        let f3 = { (text: String) in violations(text).filter { $0 == "F3" } }
        #expect(f3(history(merge, "")) == [])
        // Messages went out in the side's view: the merge was over.
        #expect(f3(history(merge, "a/0 lwg:g send #1 3@a fifo\n")) == ["F3"])
        #expect(f3(history("a view 2@a a,b 1@a =\nb view 2@a a,b 1@a =\n", "")) == ["F3"])
    }

    // F4

    private let crash = "a view 1@a a,b,c - -\nb view 1@a a,b,c - -\nc view 1@a a,b,c - -\n"

    @Test func `F4 rejects two flushes for one crash`() {
        #expect(violations(crash + "a view 2@a a,b 1@a =\nb view 2@a a,b 1@a =\na view 3@a a,b 2@a =") == ["F4"])
        #expect(violations(crash + "a view 2@a a,b,c 1@a =\na view 3@a a,b 2@a =") == ["F4"])
    }

    @Test func `F4 accepts a second flush where a process started that is in no view`() {
        let repeated = crash + "a view 2@a a,b 1@a =\nb view 2@a a,b 1@a =\na view 3@a a,b 2@a ="
        #expect(violations("d start\n" + repeated) == [])
        #expect(violations("a start\nb start\n" + repeated) == ["F4"])
    }

    @Test func `F4 accepts one flush, a leave beside it, and repeated flushes where there were partitions`() {
        #expect(violations(crash + "a view 2@a a,b 1@a =\nb view 2@a a,b 1@a =\nb leave\na view 3@a a 2@a =") == [])
        #expect(
            violations(
                crash + """
                    a view 2@a a,b 1@a =
                    b view 2@a a,b 1@a =
                    c view 2@c c 1@a =
                    a view 3@a a,b 2@a =
                    """) == [])
        // A merge with d that came to nothing was another flush.
        #expect(
            violations(
                crash + "a view 2@a a,b 1@a =\nb view 2@a a,b 1@a =\nd view 1@d d - =\na view 3@a a,b 2@a =") == [])
    }

    private func flushes(_ count: Int) -> String {
        (1...count).map { "a view \($0 + 1)@a a,b \($0)@a =\nb view \($0 + 1)@a a,b \($0)@a =\n" }.joined()
    }

    @Test func `F4 rejects a storm of flushes without any change`() {
        #expect(violations(two + flushes(4)) == ["F4"])
        #expect(violations("a start\nb start\n" + two + flushes(60)) == ["F4"])
        // Beside a crash, too.
        #expect(violations(two + flushes(4) + "a view 6@a a 5@a =").contains("F4"))
    }

    @Test func `F4 accepts a few, and many where somebody is outside, was cut off or comes and goes`() {
        #expect(violations(two + flushes(3)) == [])
        #expect(violations("c start\n" + two + flushes(9)) == [])
        #expect(violations(two + "c view 1@c c - =\n" + flushes(9)) == [])
        #expect(violations(two + flushes(9) + "a view 11@a a 10@a =\nb view 11@b b 10@a =") == [])
        let comings = (1...9).map { n in
            let (before, with, without) = (2 * n - 1, 2 * n, 2 * n + 1)
            return "a view \(with)@a a,c\(n) \(before)@a a\nc\(n) view \(with)@a a,c\(n) - -\nc\(n) leave\n"
                + "a view \(without)@a a \(with)@a =\n"
        }
        #expect(violations("a view 1@a a - -\n" + comings.joined()) == [])
    }

    // L1

    @Test func `L1 rejects a member whose node is not in the HWG view, and a view named too early`() {
        #expect(violations("a view 1@a a - =\na/0 lwg:g view 1@a a/0,b/0 - - on=h,1@a") == ["L1"])
        #expect(
            violations("b view 1@a a,b - -\na view 1@b a - =\na/0 lwg:g view 1@a a/0 - = on=h,1@a") == ["L1"])
    }

    @Test func `L1 accepts several endpoints of a node, and an HWG that no line tells of`() {
        #expect(violations("a view 1@a a - =\na/0 lwg:g view 1@a a/0,a/x.y - - on=h,1@a") == [])
        #expect(violations("a/0 lwg:g view 1@a a/0,b/0 - - on=elsewhere,1@a") == [])
    }

    // L2

    @Test func `L2 rejects deliveries and sends of a light-weight view after its HWG view`() {
        #expect(
            violations(light + "a/0 lwg:g send #1 1@a fifo\na view 2@a a 1@a =\na/0 lwg:g deliver #1 1@a fifo") == [
                "L2"
            ])
        #expect(violations(light + "a view 2@a a 1@a =\na/0 lwg:g send #1 1@a fifo") == ["L2"])
    }

    @Test func `L2 rejects two next views on one HWG view`() {
        #expect(
            violations(
                two + """
                    a/0 lwg:g view 1@a a/0,b/0,c/0 - - on=h,1@a
                    b/0 lwg:g view 1@a a/0,b/0,c/0 - - on=h,1@a
                    a view 2@a a,b 1@a =
                    b view 2@a a,b 1@a =
                    a/0 lwg:g view 2@a a/0,b/0 1@a = on=h,2@a
                    b/0 lwg:g view 2@b b/0 1@a = on=h,2@a
                    """
            ).contains("L2"))
    }

    /// a and b go from 2@a to 3@a of the heavyweight group, and only b installs the light-weight view of 2@a.
    private func passedOver(_ seat: String) -> String {
        two + "a/0 lwg:g view 1@a a/0,b/0 - - on=h,1@a\nb/0 lwg:g view 1@a a/0,b/0 - - on=h,1@a\n"
            + "a view 2@a a,b,c 1@a a,b\nb view 2@a a,b,c 1@a a,b\nb/0 lwg:g view 2@a a/0,b/0 1@a = on=h,2@a\n" + seat
            + "a view 3@a a,b 2@a =\nb view 3@a a,b 2@a =\n"
    }

    @Test func `L2 rejects a light-weight view that passed a member by, of old or new`() {
        #expect(violations(passedOver("")) == ["L2"])
        #expect(violations(passedOver("b/0 lwg:g view 3@a a/0,b/0 2@a = on=h,2@a\n")) == ["L2"])
        #expect(
            violations(passedOver("a/1 lwg:g join\nb/0 lwg:g view 3@a a/0,b/0,a/1 2@a a/0,b/0 on=h,2@a\n")) == ["L2"])
    }

    @Test func `L2 accepts that where the member left, or its node went elsewhere or nowhere`() {
        #expect(violations(passedOver("a/0 lwg:g leave\n")) == [])
        #expect(violations(passedOver("a/0 lwg:g leave\na/0 lwg:g join\na/0 lwg:g view 4@a a/0 - = on=h,2@a\n")) == [])
        let apart = passedOver("").replacing("a view 3@a a,b 2@a =", with: "a view 3@a a 2@a =")
        #expect(violations(apart.replacing("b view 3@a a,b 2@a =", with: "b view 3@b b 2@a =")) == [])
        #expect(violations(apart.replacing("b view 3@a a,b 2@a =\n", with: "")) == [])
    }

    @Test func `L2 rejects what a light-weight group does when its node has left the heavyweight group`() {
        #expect(violations(light + "a leave\na/0 lwg:g send #1 1@a fifo") == ["L2"])
        #expect(violations(light + "a leave\na/0 lwg:g view 2@a a/0 1@a = on=h,1@a") == ["L1"])
        #expect(violations(light + "a/0 lwg:g leave\na leave") == [])
    }

    @Test func `L2 accepts two sides, and another HWG's views in between`() {
        #expect(
            violations(
                light + """
                    a hwg:i view 1@a a - =
                    a hwg:i view 2@a a 1@a =
                    a/0 lwg:g send #1 1@a fifo
                    a/0 lwg:g deliver #1 1@a fifo
                    a view 2@a a 1@a =
                    a/0 lwg:g view 2@a a/0 1@a = on=h,2@a
                    """) == [])
    }

    // L3

    @Test func `L3 rejects one view on two HWGs, or on two views of one`() {
        #expect(
            violations("a/0 lwg:g view 1@a a/0,b/0 - - on=h,1@a\nb/0 lwg:g view 1@a a/0,b/0 - - on=i,1@a") == ["L3"])
        #expect(
            violations("a/0 lwg:g view 1@a a/0,b/0 - - on=h,1@a\nb/0 lwg:g view 1@a a/0,b/0 - - on=h,2@a") == ["L3"])
    }

    @Test func `L3 accepts the next view on another HWG`() {
        #expect(
            violations("a/0 lwg:g view 1@a a/0 - - on=h,1@a\na/0 lwg:g view 2@a a/0 1@a = on=i,1@a") == [])
    }

    // Liveness

    private let quiet = "a quiet\nb quiet\n"

    @Test func `liveness rejects two views, a ghost, an open Hold, a lost send and an endless join`() {
        #expect(violations("a view 1@a a - =\nb view 1@b b - =\n" + quiet) == ["liveness"])
        #expect(violations("a view 1@a a,b,c - -\nb view 1@a a,b,c - -\n" + quiet) == ["liveness"])
        #expect(violations(two + quiet + "a hold 1@a") == ["liveness"])
        #expect(violations(two + quiet + "a send #1 1@a fifo\na deliver #1 1@a fifo") == ["liveness"])
        #expect(violations(two + "a/0 lwg:g join\n" + quiet) == ["liveness"])
        #expect(violations("a view 1@a a - =\nb view 1@b b - =\ndriver quiet") == ["liveness"])
    }

    @Test func `liveness rejects a point-to-point message that never arrives in the last view`() {
        #expect(violations(two + quiet + "a send #1 1@a fifo b") == ["liveness"])
        let sends = "a send #1 1@a fifo b\na send #2 1@a fifo b\nb deliver a#1 1@a fifo to=b\n"
        #expect(violations(two + quiet + sends) == ["liveness"])
        #expect(violations(two + quiet + "a send #1 1@a fifo a") == ["liveness"])
    }

    @Test func `liveness accepts a point-to-point message to who left, of an earlier view, and without a quiet line`() {
        let send = "a send #1 1@a fifo b\n"
        #expect(violations(two + send) == [])
        #expect(violations(two + quiet + send + "a view 2@a a,b 1@a =\nb view 2@a a,b 1@a =") == [])
        #expect(violations(two + quiet + send + "b leave") == ["liveness"])
        #expect(violations(two + send + "b leave\na view 2@a a 1@a =\n" + quiet) == [])
        #expect(violations(two + "a quiet\n" + send + "a view 2@a a 1@a =") == [])
    }

    @Test func `liveness accepts the dead, the stopped, who left, and everything before a quiet line`() {
        #expect(violations(two + "a view 2@a a 1@a =\na quiet") == [])
        #expect(violations(two + quiet + "b leave\na view 2@a a 1@a =") == [])
        #expect(violations(two + quiet + "b stop\na view 2@a a 1@a =\na stop") == [])
        #expect(violations("a view 1@a a - =\nb view 1@b b - =\na hold 1@a\na send #1 1@a fifo") == [])
        #expect(violations("a view 1@a a - =\na.2 view 2@a.2 a.2 - =\ndriver quiet") == [])
    }
}
