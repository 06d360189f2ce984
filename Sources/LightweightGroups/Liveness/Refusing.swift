import EventLoop
import GroupModel

extension Liveness {
    /// - Parameter elsewhere: where the node is that the refused one is taken for.
    func refuse(_ link: Link, _ refusal: LivenessFrame.Refusal, at elsewhere: SocketAddress? = nil) {
        count(refusal.counter)
        // Who connects does it from another port each time, so that without a hello only the host can be told once.
        let who = link.claim.map { "\($0.name).\($0.member.incarnation) at \(SocketAddress($0.address))" }
        complain(
            refusal.isOperators ? .peerRefused : .strangerRefused,
            "refused \(who ?? link.connection.peer.host): \(refusal.told(elsewhere: elsewhere))")
        link.connection.send(
            LivenessFrame.refusal(refusal.asSent(cluster: cluster)).encoded())
        drop(link)
    }

    func refused(_ refusal: LivenessFrame.Refusal, by link: Link) {
        count(refusal.counter)
        complain(
            refusal.isOperators ? .refusedByPeer : .turnedAway,
            "\(link.connection.peer) refused this node: \(refusal.heard)")
        // Before the link ends, so that a new life has begun when the dial counts as done.
        if case .incarnation(let known) = refusal { events?.outlived(known) }
        drop(link)
    }

    /// Refused peers dial again and again: a line is said once. Who takes a new name each time has a budget.
    func complain(_ line: LogLine, _ text: String) {
        if complaints.count >= Self.complaintsKept { complaints.removeAll() }
        guard !complaints.contains(text) else { return }
        guard let said = complaintBudget.line(text, at: monotonicNanoseconds()) else { return }
        complaints.insert(text)
        events?.log(line, said)
    }
}
