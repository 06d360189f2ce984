import LightweightGroups
import Testing

@testable import lwg

@Suite("What a demo compares and reports")
struct DemoTests {
    private func digest(_ messages: [(sender: UInt64, number: UInt64, order: Order, text: String)]) -> DeliveryDigest {
        var digest = DeliveryDigest()
        for message in messages {
            Array(message.text.utf8).withUnsafeBytes {
                digest.delivered(sender: message.sender, number: message.number, order: message.order, bytes: $0)
            }
        }
        return digest
    }

    private func record(_ digest: DeliveryDigest, next: String = "2@a") -> DigestRecord {
        DigestRecord(group: 0, view: "1@a", next: next, digest: digest)
    }

    @Test func `fifo messages of two senders may come in any order`() {
        let one = digest([(1, 1, .fifo, "a"), (2, 1, .fifo, "b")])
        let other = digest([(2, 1, .fifo, "b"), (1, 1, .fifo, "a")])
        #expect(SurvivorAgreement([0: [record(one)], 1: [record(other)]]).holds)
    }

    @Test func `total messages may not`() {
        let one = digest([(1, 1, .total, "a"), (2, 1, .total, "b")])
        let other = digest([(2, 1, .total, "b"), (1, 1, .total, "a")])
        let agreement = SurvivorAgreement([0: [record(one)], 1: [record(other)]])
        #expect(!agreement.holds)
        #expect(agreement.disagreements.map(\.nodes) == [[1]])
    }

    @Test func `a fifo message between total ones is no matter`() {
        let one = digest([(1, 1, .total, "a"), (3, 1, .fifo, "x"), (2, 1, .total, "b")])
        let other = digest([(3, 1, .fifo, "x"), (1, 1, .total, "a"), (2, 1, .total, "b")])
        #expect(SurvivorAgreement([0: [record(one)], 1: [record(other)]]).holds)
    }

    @Test func `a missing, repeated, altered or foreign message is seen`() {
        let whole = digest([(1, 1, .fifo, "abcdefghij"), (1, 2, .fifo, "b")])
        let wrong = [
            digest([(1, 1, .fifo, "abcdefghij")]),
            digest([(1, 1, .fifo, "abcdefghij"), (1, 2, .fifo, "b"), (1, 2, .fifo, "b")]),
            digest([(1, 1, .fifo, "abcdefghiJ"), (1, 2, .fifo, "b")]),
            digest([(2, 1, .fifo, "abcdefghij"), (1, 2, .fifo, "b")]),
            digest([(1, 1, .fifo, "abcdefghij"), (1, 3, .fifo, "b")]),
            digest([(1, 1, .total, "abcdefghij"), (1, 2, .fifo, "b")]),
        ]
        for other in wrong { #expect(!SurvivorAgreement([0: [record(whole)], 1: [record(other)]]).holds) }
    }

    @Test func `members that went on to different views are not compared`() {
        let one = digest([(1, 1, .fifo, "a")])
        let agreement = SurvivorAgreement([0: [record(one)], 1: [record(digest([]), next: "2@b")]])
        #expect(agreement.compared == 0)
        #expect(!agreement.holds, "nothing compared proves nothing")
    }

    @Test func `the report has the keys of the design`() {
        var result = DemoResult()
        result.nodes = 5
        result.recovery.detectMilliseconds = 1.5
        let same = record(digest([(1, 1, .fifo, "a")]))
        result.agreement = SurvivorAgreement([0: [same], 1: [same]])
        #expect(
            result.json.line
                == #"{"nodes":5,"groups":0,"hwgs":0,"views":0,"delivered":0,"joinMs":0,"flushMs":null,"recovery":{"ms":0,"#
                + #""detectMs":1.5,"hwgFlushes":0,"hwgsOfDead":0,"lwgViews":0},"survivorsAgree":true,"interference":0}"#
        )
        #expect(result.text.contains("survivors agree        yes"))
    }

    @Test func `overlapping groups have two members or more and are the same every time`() {
        let table = DemoTable.overlapping(groups: 100, nodes: 4)
        #expect(table == DemoTable.overlapping(groups: 100, nodes: 4))
        #expect(table.members.allSatisfy { $0.intersection(.first(4)).count >= 2 })
        #expect(Set(table.members).count > 8)
        #expect(!table.groups(of: 4).isEmpty && table.groups(of: 4).count < 100)
        #expect(DemoTable.overlapping(groups: 1, nodes: 2).members == [NodeSet([0, 1, 2])])
    }

    @Test func `memberships are read from a file's lines`() throws {
        let (table, nodes) = try DemoTable.parse("group,members\na,p2 p1\nb,p3\n\nc,d,p1 p3\n", file: "f")
        #expect(nodes == ["p1", "p2", "p3"])
        #expect(table.names == ["a", "b", "c,d"])
        #expect(table.members == [NodeSet([0, 1]), NodeSet([2]), NodeSet([0, 2])])
        for bad in ["a\n", "a,\n", ",p1\n", "a,p1 p2 p3\na,p1\n", "a,p1 p2\n"] {
            #expect(throws: Failure.self) { try DemoTable.parse(bad, file: "f") }
        }
    }
}

@Suite("Order statistics")
struct SampleTests {
    @Test func `the median is the middle or the mean of two`() {
        #expect(Sample.median([]) == nil)
        #expect(Sample.median([3, 1, 2]) == 2)
        #expect(Sample.median([4, 1, 2, 3]) == 2.5)
    }

    @Test func `a percentile is a value of the sample`() {
        let values = (1...100).map(Double.init)
        #expect(Sample.percentile(50, of: values) == 50)
        #expect(Sample.percentile(99, of: values) == 99)
        #expect(Sample.percentile(99, of: [7]) == 7)
        #expect(Sample.percentile(0, of: values) == 1)
        #expect(Sample.percentile(50, of: []) == nil)
    }
}
