/// Bounds that packets are checked against before anything is allocated, each with its reason.
public enum Limits {
    /// A message; larger ones belong in a file or a database.
    public static let messageBytes = 16 << 20
    /// A point-to-point message: the light-weight layer's own fields go in front of it.
    public static let directBytes = messageBytes - 64
    /// A group's name, in UTF-8 bytes: what one length byte holds.
    public static let groupNameBytes = 255
    /// A node's name.
    public static let nodeNameBytes = 63
    /// Nodes in one heavyweight view. Acknowledgement vectors cost a view's size squared.
    public static let viewMembers = 256
    /// Sides that one merge brings together; others wait for the next.
    public static let mergeSides = 32
    /// Light-weight groups in one heavyweight group: what 22 bits of a message's label number.
    public static let groupsPerHWG = 1 << 22
    /// Endpoints of one node in one light-weight group: what 8 bits of a label number.
    public static let seatsPerNode = 255
    /// Heavyweight groups of one node.
    public static let heavyweightGroups = 16_384
    /// Packets of one sender that not all members have acknowledged.
    public static let windowPackets = 8_192
    /// One datagram: seven of these are the largest send that the kernel segments (65,507 bytes).
    public static let packetBytes = 9_344
    /// The largest datagram that is read at all.
    public static let datagramBytes = 65_507
}
