import EventLoop
import GroupModel

/// One liveness connection.
final class Link {
    let connection: StreamConnection
    /// The address dialled; nil for an accepted connection.
    let target: SocketAddress?
    /// Who is at the other end, once it has said so.
    var peer: LivenessFrame.Introduction?
    /// Who it says that it is, believed or not.
    var claim: NodeCard?
    /// When an unfinished hello ends the connection.
    var deadline: Int64

    init(_ connection: StreamConnection, target: SocketAddress?, deadline: Int64) {
        self.connection = connection
        self.target = target
        self.deadline = deadline
    }
}
