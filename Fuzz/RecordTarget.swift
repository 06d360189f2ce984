import GroupCore
import GroupModel

@testable import HWGProtocol
@testable import LightweightGroups

/// The file of a record: the input as it is, and as the contents of files whose checksum and head are right. What is read is
/// the same when it is written again, and a node that starts with it lives on.
enum RecordTarget {
    private static let contents = RecordContents(
        .init(name: Trio.names[0], cluster: Trio.cluster, group: HWGID(named: ShortName("main")!)))

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let input = Array(bytes)
        for file in [input, RecordContents.sealed(input), contents.enclose(input)] {
            guard case .success(let record) = file.withUnsafeBytes(contents.decode) else { continue }
            precondition(contents.encode(record) == file, "a record changed")
            live(with: record)
        }
    }

    private static func live(with record: PrimaryRecord) {
        let fresh = PrimaryRecord(initial: Trio.names)
        var trio = Trio(records: [record, fresh, fresh])
        trio.meet()
        trio.pass(.milliseconds(300))
    }

    /// A first record, and ones with a promise and an acceptance; as files, and what is in them.
    static var seeds: [[UInt8]] {
        let members = Trio.names.map { MemberID(node: NodeID(name: $0), incarnation: 1) }
        let view = View(id: ViewID(epoch: 3, coordinator: members[0]), members: members)
        let next = View(id: ViewID(epoch: 4, coordinator: members[0]), members: members)
        let first = PrimaryRecord(initial: Trio.names)
        let ballot = Ballot(attempt: 3, proposer: members[0])
        let side = Side(previous: view, wasPrimary: true, continuing: members, leaving: [])
        let proposal = Proposal(
            view: next, sides: [.init(side: side, cut: [3, 4, 5], controls: 1, hasState: true)], isPrimary: true,
            isEligible: true, after: first.last,
            mandate: Mandate(since: members.map { _ in first.last.id }, groups: []))
        let acceptors = [
            Acceptor(), Acceptor(promised: ballot, accepted: nil),
            Acceptor(promised: ballot, accepted: Accepted(ballot: ballot, proposal: proposal)),
        ]
        let records = acceptors.map { PrimaryRecord(origin: first.origin, last: first.last, acceptor: $0) }
        return records.map(contents.encode) + records.map(\.encoded)
    }
}
