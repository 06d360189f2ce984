import GroupModel
import GroupSimulator
import GroupWire

@testable import HWGProtocol
@testable import LWGProtocol
@testable import LightweightGroups

/// Functions from bytes to a value. Beside not trapping: what was taken is the same after being written and read again.
enum Decoders {
    static func frame(_ bytes: UnsafeRawBufferPointer) {
        guard let header = try? FrameHeader.read(bytes) else { return }
        if let frame = MembershipFrame.decode(header.kind, bytes), let group = MembershipFrame.group(of: bytes) {
            let again = frame.encoded(group: group, cluster: header.cluster, sender: header.sender)
            withExtendedLifetime(again) {
                precondition(MembershipFrame.decode(header.kind, again.contents) == frame, "a membership frame changed")
                precondition(again.count == bytes.count, "a membership frame has another length")
            }
        }
        guard let token = ViewToken(of: bytes) else { return }
        switch header.kind {
        case .data:
            for members in [1, 3, 256] { _ = DataFrame.contents(of: bytes, origin: 0, members: members) }
            _ = DataFrame.contents(of: bytes, origin: 1, members: 3)
        case .negativeAcknowledge:
            guard let (origin, ranges) = NegativeAcknowledgeFrame.read(bytes, token: token) else { return }
            let again = NegativeAcknowledgeFrame.write(header, origin: origin, token: token, ranges: ranges)
            withExtendedLifetime(again) {
                precondition(again.contents.elementsEqual(bytes), "a request for packets changed")
            }
        default: break
        }
    }

    static let controlView: View<MemberID> = {
        let members = (0..<3).map { MemberID(node: NodeID(name: "n\($0)"), incarnation: 1) }
        return View(id: ViewID(epoch: 9, coordinator: members[0]), members: members)
    }()

    static func control(_ bytes: UnsafeRawBufferPointer) {
        guard case .message(let message) = ControlMessage.decode(bytes, in: controlView) else { return }
        let again = message.encoded(for: controlView.id)
        guard case .message(message) = again.withUnsafeBytes({ ControlMessage.decode($0, in: controlView) }) else {
            preconditionFailure("a control message changed")
        }
    }

    static func trace(_ bytes: UnsafeRawBufferPointer) {
        var check = TraceCheck()
        // Cut at an arbitrary place, as reads cut files.
        let middle = bytes.isEmpty ? 0 : Int(bytes[0]) * bytes.count / 256
        check.add(UnsafeRawBufferPointer(rebasing: bytes[..<middle]), named: "a")
        check.add(UnsafeRawBufferPointer(rebasing: bytes[middle...]), named: "b")
        _ = check.report()
    }

    static func configuration(_ bytes: UnsafeRawBufferPointer) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        _ = try? ResolvedConfiguration(fileName: "f", text: text, environment: [:], flags: [])
    }

    static func shell(_ bytes: UnsafeRawBufferPointer) {
        _ = try? ShellRequest.parse(String(decoding: bytes, as: UTF8.self))
    }

    static func metrics(_ bytes: UnsafeRawBufferPointer) {
        guard let page = MetricsPage(String(decoding: bytes, as: UTF8.self)) else { return }
        let first = TopRow.Look(at: 1, page: page)
        let row = TopRow(endpoint: "e", look: TopRow.Look(at: 2, page: page), previous: first)
        let report = TopReport(rows: [row, row])
        _ = report.lines(width: 80, height: 24)
        _ = report.json.line
    }
}
