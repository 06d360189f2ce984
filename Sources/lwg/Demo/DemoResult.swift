/// What a demo found; the keys are design.md's, section 8.
struct DemoResult: Hashable, Sendable {
    struct Recovery: Hashable, Sendable {
        /// From before `kill -9` to the last survivor's last view.
        var milliseconds = 0.0
        /// To the first survivor's suspicion; nil when none said.
        var detectMilliseconds: Double?
        var hwgFlushes = 0
        var hwgsOfDead = 0
        /// Light-weight views that the survivors installed for it.
        var lwgViews = 0
    }

    var nodes = 0
    var groups = 0
    var hwgs = 0
    var views = 0
    var delivered = 0
    var joinMilliseconds = 0.0
    var flushMilliseconds: Double?
    var recovery = Recovery()
    var agreement = SurvivorAgreement([:])
    var interference: UInt64 = 0
    var seconds = 0.0

    var json: JSON {
        [
            "nodes": .int(nodes), "groups": .int(groups), "hwgs": .int(hwgs), "views": .int(views),
            "delivered": .int(delivered), "joinMs": .number(joinMilliseconds), "flushMs": .optional(flushMilliseconds),
            "recovery": [
                "ms": .number(recovery.milliseconds), "detectMs": .optional(recovery.detectMilliseconds),
                "hwgFlushes": .int(recovery.hwgFlushes), "hwgsOfDead": .int(recovery.hwgsOfDead),
                "lwgViews": .int(recovery.lwgViews),
            ],
            "survivorsAgree": .bool(agreement.holds), "interference": .unsigned(interference),
        ]
    }

    var text: String {
        func ms(_ value: Double?) -> String { value.map { JSON.number($0).line + " ms" } ?? "not seen" }
        return """
            \(nodes) nodes as processes on this machine, \(groups) groups, \(hwgs) heavyweight group\(hwgs == 1 ? "" : "s")
              views installed        \(views)
              messages delivered     \(delivered)
              one more node joined   \(ms(joinMilliseconds)), from its call to everybody's last view
              hold to view           \(ms(flushMilliseconds)), the median over all groups that were held
              one node killed        \(ms(recovery.milliseconds)), from before kill -9 to the last survivor's last view
                first suspicion      \(ms(recovery.detectMilliseconds))
                heavyweight flushes  \(recovery.hwgFlushes), for \(recovery.hwgsOfDead) heavyweight group\(recovery.hwgsOfDead == 1 ? "" : "s") of the dead node
                light-weight views   \(recovery.lwgViews)
              survivors agree        \(agreement.holds ? "yes" : "NO"): \(agreement.compared) views compared, \(agreement.disagreements.count) differ
              interference           \(interference) messages of groups that the receiver is not in
              the whole demo         \(JSON.number(seconds).line) s
            """
    }
}
