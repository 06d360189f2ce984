import GroupModel
import GroupWire

extension HWG {
    /// One membership frame about this group.
    public mutating func frameArrived(
        _ frame: MembershipFrame, from member: MemberID, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        dispatch(frame, from: member, at: now, peers: peers, into: &output)
        drain(at: now, peers: peers, into: &output)
    }

    /// What a node answers about a group that it is not in.
    public static func refusal(of frame: MembershipFrame) -> MembershipFrame? {
        switch frame {
        case .propose(let propose):
            propose.question.map { .refuse(.init(question: $0, view: $0.view, reason: .notMember)) }
        case .cut(let cut):
            .refuse(.init(question: cut.question, view: cut.proposal.view.id, reason: .notMember))
        case .install(let install):
            notMember(of: install.proposal.view.id)
        case .report(let report):
            notMember(of: report.view)
        case .flushed, .cutReached, .refuse, .installed, .announce, .mergeRequest, .mergeAnswer:
            nil
        }
    }

    private static func notMember(of view: ViewID) -> MembershipFrame {
        .refuse(.init(question: .about(view), view: view, reason: .notMember))
    }

    private mutating func dispatch(
        _ frame: MembershipFrame, from member: MemberID, at now: Instant, peers: PeerTable, into output: inout HWGOutput
    ) {
        guard departure == nil else { return departedFrameArrived(frame, from: member, into: &output) }
        switch frame {
        case .propose(let frame): proposeArrived(frame, from: member, at: now, peers: peers, into: &output)
        case .flushed(let frame): flushedArrived(frame, from: member, at: now, peers: peers, into: &output)
        case .cut(let frame): cutArrived(frame, from: member, at: now, peers: peers, into: &output)
        case .cutReached(let frame): cutReachedArrived(frame, from: member, at: now, peers: peers, into: &output)
        case .install(let frame): installArrived(frame, from: member, at: now, peers: peers, into: &output)
        case .refuse(let frame): refuseArrived(frame, from: member, at: now, peers: peers, into: &output)
        case .report(let frame): reportArrived(frame, from: member, at: now, peers: peers, into: &output)
        case .installed(let view): installedArrived(view, from: member)
        case .announce(let frame): announceArrived(frame, from: member, at: now, peers: peers, into: &output)
        case .mergeRequest(let frame): mergeRequestArrived(frame, from: member, at: now, peers: peers, into: &output)
        case .mergeAnswer(let answer): mergeAnswerArrived(answer, from: member, at: now, peers: peers)
        }
    }

    // MARK: Sending

    mutating func send(_ frame: MembershipFrame, to member: MemberID, into output: inout HWGOutput) {
        if member == me {
            loopback.append(frame)
        } else {
            let packet = frame.encoded(group: id, cluster: cluster, sender: me)
            output.transmissions.append(Transmission(packet: packet, to: member))
        }
    }

    /// Encodes once for all.
    mutating func send(_ frame: MembershipFrame, to members: [MemberID], into output: inout HWGOutput) {
        guard !members.isEmpty else { return }
        let packet = frame.encoded(group: id, cluster: cluster, sender: me)
        for member in members {
            if member == me {
                loopback.append(frame)
            } else {
                output.transmissions.append(Transmission(packet: packet, to: member))
            }
        }
    }

    /// Handles the frames to myself, which may cause others.
    mutating func drain(at now: Instant, peers: PeerTable, into output: inout HWGOutput) {
        while !loopback.isEmpty {
            let frame = loopback.removeFirst()
            dispatch(frame, from: me, at: now, peers: peers, into: &output)
        }
    }

    // MARK: Frames about other views

    /// Somebody took me to be in `view`. Tells them what became of it: the decision that ended it, or that I am behind,
    /// or that I am not in it.
    mutating func correct(
        _ member: MemberID, about view: ViewID, asking question: MembershipFrame.Question? = nil, at now: Instant,
        into output: inout HWGOutput
    ) {
        // Two members with different decisions about each other would correct each other at the speed of the network.
        guard member != me, mayCorrect(member, at: now) else { return }
        if let decision, decision.proposal.side(of: view) != nil {
            send(.install(decision), to: member, into: &output)
        } else {
            let reason: MembershipFrame.Refuse.Reason = view > self.view.id ? .behind(self.view.id) : .notMember
            send(
                .refuse(.init(question: question ?? .about(view), view: view, reason: reason)), to: member,
                into: &output)
        }
    }

    private mutating func mayCorrect(_ member: MemberID, at now: Instant) -> Bool {
        if let last = corrected[member], now - last < parameters.resendInterval / 2 { return false }
        // As many as a view can have left behind; after that the oldest memory goes.
        if corrected.count >= Limits.viewMembers { corrected.removeAll() }
        corrected[member] = now
        return true
    }

    /// Frames of streams that are not the current ones: a member of the previous view is still filling its cut, or does
    /// not know that it ended; or the frame is early.
    mutating func retiredFrameArrived(
        _ kind: FrameKind, _ datagram: UnsafeRawBufferPointer, token: ViewToken, from member: MemberID, at now: Instant,
        into output: inout HWGOutput
    ) -> Bool {
        if retired?.token == token {
            if kind == .negativeAcknowledge {
                return retired?.negativeAcknowledgeArrived(datagram, from: member, at: now, into: &output) ?? true
            }
            // Any packet about an old view is answered with the decision that ended it; not each of a burst.
            if let decision, departure == nil, view.rank(of: member).map({ !heard[$0] }) ?? true,
                mayCorrect(member, at: now)
            {
                send(.install(decision), to: member, into: &output)
            }
            return true
        }
        if awaits(token), early.count < Self.earlyLimit { early.append(Packet(copying: datagram)) }
        return true
    }

    /// Whether a frame with this token belongs to the view that I am about to install.
    public func awaits(_ token: ViewToken) -> Bool {
        guard departure == nil, let acceptance else { return false }
        return ViewToken(group: id, view: acceptance.proposal.view.id) == token
    }

    private mutating func departedFrameArrived(
        _ frame: MembershipFrame, from member: MemberID, into output: inout HWGOutput
    ) {
        if case .installed = frame { departure?.unheard.removeAll { $0 == member } }
        guard member != me else { return }
        switch frame {
        case .flushed, .cutReached, .report, .propose, .cut:
            if let install = departure?.install {
                send(.install(install), to: member, into: &output)
            } else if let refusal = Self.refusal(of: frame) {
                send(refusal, to: member, into: &output)
            }
        case .install, .refuse, .installed, .announce, .mergeRequest, .mergeAnswer:
            break
        }
    }
}

extension ViewStreams {
    @inline(__always)
    mutating func frameArrived(
        _ kind: FrameKind, _ datagram: UnsafeRawBufferPointer, memory: AnyObject? = nil, from member: MemberID,
        at now: Instant, into output: inout HWGOutput
    ) -> Bool {
        switch kind {
        case .data: dataArrived(datagram, memory: memory, from: member, at: now, into: &output)
        case .acknowledge: acknowledgeArrived(datagram, from: member, at: now, into: &output)
        case .negativeAcknowledge: negativeAcknowledgeArrived(datagram, from: member, at: now, into: &output)
        case .direct: directArrived(datagram, from: member, at: now, into: &output)
        case .directAcknowledge: directAcknowledgeArrived(datagram, from: member, at: now, into: &output)
        case .heartbeat, .propose, .flushed, .cut, .cutReached, .install, .refuse, .report, .installed, .announce,
            .mergeRequest, .mergeAnswer:
            false
        }
    }
}
