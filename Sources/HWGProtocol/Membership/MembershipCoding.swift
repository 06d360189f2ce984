import GroupModel
import GroupWire

extension MembershipFrame {
    /// The datagram: header, group, fields.
    public func encoded(group: HWGID, cluster: UInt32, sender: MemberID) -> Packet {
        var writer = ByteWriter(reserving: 256)
        writer.frameHeader(FrameHeader(kind: kind, cluster: cluster, sender: sender))
        writer.hwgID(group)
        switch self {
        case .propose(let frame):
            writer.ballot(frame.ballot)
            writer.array(frame.sides) { $0.side($1) }
            writer.array(frame.cards) { $0.card($1) }
            if let last = frame.last {
                writer.u8(1)
                writer.decided(last)
            }
            writer.authority(frame.authority)
        case .flushed(let frame):
            writer.ballot(frame.ballot)
            writer.viewID(frame.previous)
            writer.array(frame.answer.received) { $0.u64($1) }
            writer.u64(frame.answer.controls)
            writer.bool(frame.answer.accepted != nil)
            if let accepted = frame.answer.accepted {
                writer.ballot(accepted.ballot)
                writer.proposal(accepted.proposal)
            }
            writer.u64(frame.answer.highestEpoch)
            writer.bool(frame.answer.hasState)
            writer.bool(frame.answer.isFresh)
            writer.array(frame.suspects) { $0.member($1) }
            if let vote = frame.answer.vote {
                writer.vote(vote)
                writer.places(frame.answer.places)
            }
        case .cut(let frame):
            writer.ballot(frame.ballot)
            writer.proposal(frame.proposal)
            writer.array(frame.holders) { $0.array($1) { $0.u16($1) } }
            writer.authority(frame.authority)
        case .cutReached(let frame):
            writer.ballot(frame.ballot)
            writer.viewID(frame.view)
        case .install(let frame):
            writer.proposal(frame.proposal)
            writer.array(frame.cards) { $0.card($1) }
        case .refuse(let frame):
            writer.ballot(frame.question.ballot)
            writer.viewID(frame.question.view)
            writer.bool(frame.question.isCut)
            writer.viewID(frame.view)
            writer.refusal(frame.reason)
        case .report(let frame):
            writer.viewID(frame.view)
            writer.array(frame.suspects) { $0.member($1) }
            writer.bool(frame.isLeaving)
            // Nothing is written for `false`, so that a truth value is the one form of `true`.
            if frame.asksForView { writer.bool(true) }
        case .installed(let view):
            writer.viewID(view)
        case .announce(let frame):
            writer.view(frame.view)
            writer.bool(frame.isPrimary)
            writer.card(frame.coordinator)
            if frame.origin != 0 { writer.u64(frame.origin) }
        case .mergeRequest(let frame):
            writer.side(frame.side)
            writer.array(frame.cards) { $0.card($1) }
        case .mergeAnswer(let answer):
            switch answer {
            case .busy: writer.u8(0)
            case .redirect(let member):
                writer.u8(1)
                writer.member(member)
            case .unreachable: writer.u8(2)
            }
        }
        return Packet(writer.bytes)
    }

    /// The group that a membership datagram is about, without reading further; nil when it is too short or malformed.
    public static func group(of datagram: UnsafeRawBufferPointer) -> HWGID? {
        var reader = ByteReader(datagram)
        _ = reader.raw(FrameHeader.bytes)
        let group = reader.hwgID()
        return reader.isValid ? group : nil
    }

    /// Reads what follows the header and the group; nil when malformed, truncated, too long or out of bounds.
    public static func decode(_ kind: FrameKind, _ datagram: UnsafeRawBufferPointer) -> MembershipFrame? {
        var reader = ByteReader(datagram)
        _ = reader.raw(FrameHeader.bytes)
        _ = reader.hwgID()
        let frame: MembershipFrame
        switch kind {
        case .propose:
            var propose = Propose(ballot: reader.ballot(), sides: reader.sides(), cards: reader.cards())
            if reader.hasMore {
                switch reader.u8() {
                case 1: propose.last = reader.decided()
                case 2: propose.authority = reader.viewID()
                default: return nil
                }
            }
            frame = .propose(propose)
        case .flushed:
            let ballot = reader.ballot()
            let previous = reader.viewID()
            let received = reader.vector()
            let controls = reader.u64()
            let accepted = reader.bool() ? Accepted(ballot: reader.ballot(), proposal: reader.proposal()) : nil
            var answer = FlushRound.Answer(
                received: received, controls: controls, accepted: accepted, highestEpoch: reader.epoch(),
                hasState: reader.bool(), isFresh: reader.bool())
            let suspects = reader.members()
            if reader.hasMore {
                answer.vote = reader.vote()
                answer.places = reader.places()
            }
            frame = .flushed(Flushed(ballot: ballot, previous: previous, answer: answer, suspects: suspects))
        case .cut:
            let ballot = reader.ballot()
            let proposal = reader.proposal()
            let holders = reader.array(limit: Limits.mergeSides, elementBytes: 4) {
                $0.array(limit: Limits.viewMembers, elementBytes: 2) { $0.u16() }
            }
            let matches =
                holders.count == proposal.sides.count
                && zip(holders, proposal.sides).allSatisfy { $0.count == $1.cut.count }
            if !matches { reader.fail() }
            var authority: ViewID?
            if reader.hasMore {
                guard reader.u8() == 2 else { return nil }
                authority = reader.viewID()
            }
            frame = .cut(Cut(ballot: ballot, proposal: proposal, holders: holders, authority: authority))
        case .cutReached:
            frame = .cutReached(CutReached(ballot: reader.ballot(), view: reader.viewID()))
        case .install:
            frame = .install(Install(proposal: reader.proposal(), cards: reader.cards()))
        case .refuse:
            let question = Question(ballot: reader.ballot(), view: reader.viewID(), isCut: reader.bool())
            frame = .refuse(Refuse(question: question, view: reader.viewID(), reason: reader.refusal()))
        case .report:
            var report = Report(view: reader.viewID(), suspects: reader.members(), isLeaving: reader.bool())
            if reader.hasMore {
                guard reader.bool() else { return nil }
                report.asksForView = true
            }
            frame = .report(report)
        case .installed:
            frame = .installed(view: reader.viewID())
        case .announce:
            frame = .announce(
                Announce(
                    view: reader.boundedView(), isPrimary: reader.bool(), coordinator: reader.card(),
                    origin: reader.hasMore ? reader.origin() : 0))
        case .mergeRequest:
            frame = .mergeRequest(MergeRequest(side: reader.side(), cards: reader.cards()))
        case .mergeAnswer:
            switch reader.u8() {
            case 0: frame = .mergeAnswer(.busy)
            case 1: frame = .mergeAnswer(.redirect(reader.member()))
            case 2: frame = .mergeAnswer(.unreachable)
            default: return nil
            }
        case .heartbeat, .data, .acknowledge, .negativeAcknowledge, .direct, .directAcknowledge:
            return nil
        }
        return reader.isComplete ? frame : nil
    }
}
