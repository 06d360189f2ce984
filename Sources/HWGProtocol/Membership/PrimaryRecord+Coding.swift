import GroupModel
import GroupWire

extension ByteWriter {
    mutating func decided(_ decided: DecidedView) {
        viewID(decided.id)
        array(decided.nodes) { $0.u64($1.raw) }
        bool(decided.follows != nil)
        if let follows = decided.follows { viewID(follows) }
    }

    mutating func accepted(_ accepted: Accepted?) {
        bool(accepted != nil)
        if let accepted {
            ballot(accepted.ballot)
            proposal(accepted.proposal)
        }
    }

    mutating func vote(_ vote: FlushRound.Vote) {
        decided(vote.last)
        accepted(vote.accepted)
    }
}

extension ByteWriter {
    /// Of a group other than the control group in the mode `primary`.
    mutating func authority(_ authority: ViewID?) {
        guard let authority else { return }
        u8(2)
        viewID(authority)
    }

    mutating func mandate(_ mandate: Mandate) {
        array(mandate.since) { $0.viewID($1) }
        array(mandate.groups) {
            $0.hwgID($1.group)
            $0.bool($1.creator != nil)
            if let creator = $1.creator { $0.member(creator) }
        }
    }

    mutating func places(_ places: Places) {
        array(places.attached) { $0.hwgID($1) }
        array(places.wanted) { $0.hwgID($1) }
    }
}

extension ByteReader {
    /// Another field follows, which the mode `all` does not have.
    var hasMore: Bool { isValid && remaining > 0 }

    /// Zero is a node in the mode `all`, which sends none.
    mutating func origin() -> UInt64 {
        let origin = u64()
        if origin == 0 { fail() }
        return origin
    }

    /// Fails when a node is named twice.
    mutating func decided() -> DecidedView {
        let id = viewID()
        let nodes = array(limit: Limits.viewMembers, elementBytes: 8) { NodeID(raw: $0.u64()) }
        if id.epoch > Self.maximumEpoch || nodes.isEmpty || !nodes.allDiffer { fail() }
        return DecidedView(id: id, nodes: nodes, follows: bool() ? viewID() : nil)
    }

    /// Fails unless each member has its control view.
    mutating func mandate(members: Int) -> Mandate {
        let since = array(limit: Limits.viewMembers, elementBytes: 20) { $0.viewID() }
        let groups = array(limit: Mandate.groupLimit, elementBytes: 17) { reader in
            Mandate.Living(group: reader.hwgID(), creator: reader.bool() ? reader.member() : nil)
        }
        if since.count != members { fail() }
        return Mandate(since: since, groups: groups)
    }

    mutating func places() -> Places {
        var places = Places()
        places.attached = array(limit: Places.limit, elementBytes: 16) { $0.hwgID() }
        places.wanted = array(limit: Places.limit, elementBytes: 16) { $0.hwgID() }
        return places
    }

    mutating func accepted() -> Accepted? { bool() ? Accepted(ballot: ballot(), proposal: proposal()) : nil }

    mutating func vote() -> FlushRound.Vote { FlushRound.Vote(last: decided(), accepted: accepted()) }
}

extension PrimaryRecord {
    /// As it is kept on stable storage.
    public var encoded: [UInt8] {
        var writer = ByteWriter(reserving: 256)
        writer.u64(origin)
        writer.decided(last)
        writer.bool(acceptor.promised != nil)
        if let promised = acceptor.promised { writer.ballot(promised) }
        writer.accepted(acceptor.accepted)
        return writer.bytes
    }

    /// Nil when the bytes are not a record, whole.
    public init?(decoding bytes: UnsafeRawBufferPointer) {
        var reader = ByteReader(bytes)
        let origin = reader.u64()
        let last = reader.decided()
        let promised = reader.bool() ? reader.ballot() : nil
        let accepted = reader.accepted()
        guard reader.isComplete, origin != 0 else { return nil }
        self.init(origin: origin, last: last, acceptor: Acceptor(promised: promised, accepted: accepted))
    }
}
