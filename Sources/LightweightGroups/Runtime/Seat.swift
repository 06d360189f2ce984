import GroupModel

/// What the runtime keeps of one seat, on the loop.
final class Seat {
    let key: SeatKey
    let handle: SeatHandle
    let group: Group
    let consumer: Consumer
    let policy: SlowConsumerPolicy
    var hwg: HWGID?
    var mappingVersion: UInt64 = 0
    /// What waits for the seat's next view or for the window.
    var retained = Retained()
    /// Tickets of messages that were taken without a number, in order; 0 where nobody waits.
    var unnumbered: [UInt64] = []
    /// A handler found the seat without room and wants to know when there is some.
    var wantsWritable = false
    /// Who waits for the seat to be gone.
    var leaving: [() -> Void] = []

    init(key: SeatKey, handle: SeatHandle, group: Group, consumer: Consumer, policy: SlowConsumerPolicy) {
        self.policy = policy
        self.key = key
        self.handle = handle
        self.group = group
        self.consumer = consumer
    }
}

/// One call of `join`, answered when all of its groups are seated or one is refused.
final class JoinCall {
    let names: [String]
    let sink: Consumer.Sink?
    let answer: Answer<[Group]>
    let since: Instant
    /// The inbox's or handler's consumer; a stream's groups have one each.
    var shared: Consumer?
    var seated: [ExactName: Group] = [:]
    var open: Int
    var failure: GroupError?

    init(names: [String], sink: Consumer.Sink?, answer: Answer<[Group]>, at now: Instant) {
        self.names = names
        self.sink = sink
        self.answer = answer
        since = now
        open = names.count
    }
}

/// A join that the core has not answered.
struct JoinKey: Hashable {
    let endpoint: ShortName
    let group: ExactName

    init(endpoint: ShortName, group: String) {
        self.endpoint = endpoint
        self.group = ExactName(group)
    }
}
