import EventLoop
import GroupModel
import GroupWire

extension LivenessFrame.Refusal {
    var counter: String {
        switch self {
        case .wireVersion: "wireVersion"
        case .cluster: "cluster"
        case .incarnation: "incarnation"
        case .tooMany: "tooMany"
        case .malformed: "malformed"
        }
    }

    /// Whether somebody should look: a mistake of configuration or installation, not of the network.
    var isOperators: Bool {
        switch self {
        case .wireVersion, .cluster, .incarnation: true
        case .tooMany, .malformed: false
        }
    }

    /// What the refuser sends: its own side of the difference.
    func asSent(cluster: String) -> Self {
        switch self {
        case .wireVersion: .wireVersion(FrameHeader.version)
        case .cluster: .cluster(cluster)
        case .incarnation, .tooMany, .malformed: self
        }
    }

    /// The refuser's log line.
    func told(elsewhere: SocketAddress?) -> String {
        switch self {
        case .wireVersion(let version):
            "it speaks wire version \(version), this node \(FrameHeader.version). Upgrade the older of the two."
        case .cluster(let mine):
            "it is not of the cluster ‘\(mine)’. Check --cluster and --peer on both sides."
        case .incarnation(let known):
            "incarnation \(known) of its name is known already\(elsewhere.map { ", at \($0)" } ?? ""). It restarts with a "
                + "higher one, or has the name of another node."
        case .tooMany: "too many connections"
        case .malformed: "it sent something that is no hello"
        }
    }

    /// The refused one's log line.
    var heard: String {
        switch self {
        case .wireVersion(let version):
            "it speaks wire version \(version), this node \(FrameHeader.version). Upgrade the older of the two."
        case .cluster(let theirs):
            "it is of the cluster ‘\(theirs)’. Check --cluster and --peer on both sides."
        case .incarnation(let known):
            "it knows incarnation \(known) of this node's name."
        case .tooMany: "it has too many connections"
        case .malformed: "it could not read this node's hello"
        }
    }
}

extension SocketAddress {
    init(_ address: NodeAddress) { self.init(high: address.high, low: address.low, port: address.port) }
}

extension NodeAddress {
    init(_ address: SocketAddress) { self.init(high: address.high, low: address.low, port: address.port) }
}
