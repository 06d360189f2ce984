import GroupModel
import GroupWire

/// What carriers of one HWG tell each other, totally ordered. Each message names the HWG view that it is for.
enum ControlMessage: Hashable, Sendable {
    case record([Operation])
    case flushOK([Run])
    case table(TablePart)
    case sweep

    enum Operation: Hashable, Sendable {
        case join(endpoint: ShortName, name: String)
        case leave(endpoint: ShortName, LWGID)
    }

    /// LWGs with consecutive numbers and the same view count.
    struct Run: Hashable, Sendable {
        /// On the wire.
        static let bytes = 12
        var first: Int
        var length: Int
        var count: UInt32
    }

    private enum Kind: UInt8 { case record = 1, flushOK = 2, table = 3, sweep = 4 }

    func encoded(for view: ViewID) -> [UInt8] {
        var writer = ByteWriter(reserving: 256)
        switch self {
        case .record(let operations):
            writer.u8(Kind.record.rawValue)
            writer.viewID(view)
            Self.write(operations, to: &writer)
        case .flushOK(let runs):
            writer.u8(Kind.flushOK.rawValue)
            writer.viewID(view)
            writer.array(runs) {
                $0.u32(UInt32(truncatingIfNeeded: $1.first))
                $0.u32(UInt32(truncatingIfNeeded: $1.length))
                $0.u32($1.count)
            }
        case .table(let part):
            writer.u8(Kind.table.rawValue)
            writer.viewID(view)
            part.write(to: &writer)
        case .sweep:
            writer.u8(Kind.sweep.rawValue)
            writer.viewID(view)
        }
        return writer.bytes
    }

    enum Decoded { case message(ControlMessage), otherView, malformed }

    /// `members`: the HWG view's, which ranks in tables refer to.
    static func decode(_ bytes: UnsafeRawBufferPointer, in view: View<MemberID>) -> Decoded {
        var reader = ByteReader(bytes)
        let kind = Kind(rawValue: reader.u8())
        let viewID = reader.viewID()
        guard reader.isValid, let kind else { return .malformed }
        guard viewID == view.id else { return .otherView }
        let message: ControlMessage
        switch kind {
        case .record:
            message = .record(readOperations(&reader))
        case .flushOK:
            var end = 0
            message = .flushOK(
                reader.array(limit: Limits.groupsPerHWG, elementBytes: Run.bytes) {
                    let run = Run(first: Int($0.u32()), length: Int($0.u32()), count: $0.u32())
                    // Ascending and disjoint, so that the work is bounded by the table and not by what runs claim.
                    if run.first < end || run.first + run.length > Limits.groupsPerHWG { $0.fail() }
                    end = run.first + run.length
                    return run
                })
        case .table:
            message = .table(TablePart(reading: &reader, members: view.members))
        case .sweep: message = .sweep
        }
        return reader.isComplete ? .message(message) : .malformed
    }

    private static func write(_ operations: [Operation], to writer: inout ByteWriter) {
        var names = NameList()
        for operation in operations {
            switch operation {
            case .join(let endpoint, _), .leave(let endpoint, _): _ = names.index(of: endpoint)
            }
        }
        writer.array(names.names) { $0.shortName($1) }
        writer.array(operations) {
            switch $1 {
            case .join(let endpoint, let name):
                $0.u8(0)
                $0.u16(names.index(of: endpoint))
                $0.shortString(name)
            case .leave(let endpoint, let id):
                $0.u8(1)
                $0.u16(names.index(of: endpoint))
                $0.u64(id.raw)
            }
        }
    }

    static func readOperations(_ reader: inout ByteReader) -> [Operation] {
        let names = reader.array(limit: NameList.limit, elementBytes: 16) { $0.shortName() }
        return reader.array(limit: Limits.groupsPerHWG, elementBytes: 4) {
            let kind = $0.u8()
            let index = Int($0.u16())
            let endpoint: ShortName
            if index < names.count { endpoint = names[index] } else { $0.fail(); endpoint = ShortName(0) }
            switch kind {
            case 0:
                let name = $0.shortString(limit: Limits.groupNameBytes)
                if name.isEmpty { $0.fail() }
                return .join(endpoint: endpoint, name: name)
            case 1: return .leave(endpoint: endpoint, LWGID(raw: $0.u64()))
            default:
                $0.fail()
                return .leave(endpoint: endpoint, LWGID(raw: 0))
            }
        }
    }
}

/// Endpoints' names, each once, in order of first use.
struct NameList {
    /// What 16 bits of an index number.
    static let limit = 65_536
    private(set) var names: [ShortName] = []
    private var indices: [ShortName: Int] = [:]

    mutating func index(of name: ShortName) -> UInt16 {
        if let last = names.last, last == name { return UInt16(truncatingIfNeeded: names.count - 1) }
        if let index = indices[name] { return UInt16(truncatingIfNeeded: index) }
        indices[name] = names.count
        names.append(name)
        return UInt16(truncatingIfNeeded: names.count - 1)
    }
    var isFull: Bool { names.count >= Self.limit }
    /// There are more than indices: what was added last must go elsewhere.
    var isOverfull: Bool { names.count > Self.limit }

    mutating func add(_ entry: SideEntry) {
        for member in entry.members { _ = index(of: member.endpoint.name) }
    }
}

extension ShortName {
    /// The name of a seat without one, and what a failed read gives.
    init(_ digit: UInt8) { self = ShortName(bytes: CollectionOfOne(UInt8(ascii: "0") &+ digit % 10))! }
}
