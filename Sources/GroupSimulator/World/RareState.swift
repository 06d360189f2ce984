/// A state that few runs reach, and that must be reached for a run of many seeds to prove anything.
public struct RareState: Hashable, Sendable {
    /// As in `SimulationReport.rare`.
    public let name: String
    public let meaning: String

    fileprivate init(_ name: String, _ meaning: String) {
        self.name = name
        self.meaning = meaning
    }

    /// All that are looked for; what a run counts beside these is no rarity.
    public static let all = [
        RareState("crash", "a node died"),
        RareState("strike", "a node died while it sent a frame of a flush or merge"),
        RareState("ambush", "a node died when a frame of a flush or merge arrived"),
        RareState("massRestart", "all nodes died at once"),
        RareState("slowNode", "a node took long for each datagram, or no longer"),
        RareState("replayed", "an old packet came again"),
        RareState("stop", "a node left everything and ended"),
        RareState("pause", "a node stood still"),
        RareState("reset", "a liveness connection broke between processes that ran on"),
        RareState("partition", "two sides were cut off from each other"),
        RareState("isolation", "one node was cut off"),
        RareState("asymmetricPartition", "one side did not reach the other, which reached it"),
        RareState("oneWayLink", "a link failed in one direction"),
        RareState("bridge", "two sides reached only one common node"),
        RareState("clog", "a link stood still"),
        RareState("swizzleClog", "the links of a node stood still one after the other"),
        RareState("duplicated", "a packet came twice"),
        RareState("foreign", "a datagram of another cluster, version or program came"),
        RareState("slowConsumer", "an application did not read, and data were put back to the network"),
        RareState("left.slow", "an application that did not read lost its seat"),
        RareState("suspected.silence", "a node was suspected because it was silent"),
        RareState("suspected.connectionClosed", "a node was suspected because its connection closed"),
        RareState("suspected.newerIncarnation", "a node came back before its death was noticed"),
        RareState("alive", "a suspect was heard again"),
        RareState("hwg.tookOver", "a member took over a flush"),
        RareState("hwg.restarted", "a flush began anew"),
        RareState("hwg.restartedTwice", "a flush began anew twice"),
        RareState("hwg.adopted", "a view was proposed again because somebody had accepted it"),
        RareState("hwg.adoptedMajority", "a coordinator was lost after a majority had accepted its view"),
        RareState("hwg.donorFailed", "the donor of a cut died"),
        RareState("hwg.refused", "a proposal was refused"),
        RareState("hwg.excluded", "a member learned that the others had gone on without it"),
        RareState("hwg.mergeFailed", "a merge was asked for in vain"),
        RareState("mergeDuringJoin", "sides merged while an application of theirs was joining"),
        RareState("lwgMerge", "a light-weight group had views on two sides, and merged"),
        RareState("tablesAgain", "tables were exchanged twice"),
        RareState("transitionalDelivery", "a safe message was delivered at its view's end"),
        RareState("lateHoldOK", "an application answered a Hold late"),
        RareState("silentHold", "an application did not answer a Hold in time"),
        RareState("holdExpired", "an application lost its seat at the Hold's deadline"),
        RareState("held", "an application was refused to send during a flush"),
        RareState("full", "a window was full"),
        RareState("flush", "a call to flush returned"),
        RareState("direct", "a point-to-point message came"),
        RareState("farNode", "a world had a node with slow links"),
        RareState("deadDirection", "a world had a link that failed in one direction from the start"),
        RareState("deadPair", "a world had two nodes that did not hear each other from the start"),
        RareState("tuned", "a world had other times and bounds than the defaults"),
        RareState("tooManyGroups", "a heavyweight group had no number for another light-weight group"),
        RareState("earlyLeave", "an application left while its join was on its way"),
        RareState("heldLeave", "an application left during a Hold"),
        RareState("rejoin", "an application joined again in the turn in which it was told that it was out"),
        RareState("sendWhileLeaving", "an application sent after it had asked to leave"),
        RareState("twoFlushes", "an application called flush twice at once"),
        RareState("holdOKAgain", "an application answered a Hold twice, or after it was over"),
        RareState("toggledHolds", "an endpoint began or ceased to answer Holds itself"),
        RareState("allOrders", "an application sent in all orders in one turn"),
        RareState("sentOn", "an application went on sending when it was told that it might"),
        RareState("emptyMessage", "messages had no bytes"),
        RareState("largestMessage", "a message was as large as is allowed"),
        RareState("tooLarge", "a message was larger, and was refused"),
        RareState("twinLeave", "two endpoints of a node left a group one after the other"),
        RareState("stopAmid", "a node was stopped with joins, flushes and leaves on their way"),
        RareState("reload", "a running node was told other times"),
    ]
}
