import GroupModel

/// What a script does to packets and watches for.
struct Stage {
    /// What becomes of a packet on its way.
    enum Fate: Hashable {
        case passes, dropped
        /// Kept until it is released; the text says what it is.
        case held(String)
        /// Arrives after so many nanoseconds, and overtakes whatever it may.
        case delayed(Int64)

        var remark: String {
            switch self {
            case .passes: ""
            case .dropped: " (dropped)"
            case .held: " (held back)"
            case .delayed: " (delayed)"
            }
        }
    }

    struct Held {
        var packet: Packet
        var from: Int
        var to: Int
        var text: String
    }

    /// What a script does when a line of the timeline comes; once.
    struct Trigger {
        var pattern: TimelinePattern
        var statement: ScenarioStatement
    }

    var rules: [PacketRule] = []
    var held: [Held] = []
    var triggers: [Trigger] = []
    /// What triggers have set off and is to be done when the event at hand is over.
    var due: [ScenarioStatement] = []
    /// Where `run until` waits.
    var awaited: TimelinePattern?
    var isReached = false
    /// Every line so far, shown or not.
    private(set) var lines: [String] = []
    private var sceneStart = 0
    /// When the last line came that is more than background.
    private(set) var lastLine: Int64 = 0

    /// A script that makes more than this goes round in circles.
    private static let lineLimit = 200_000

    /// The lines that expectations look at.
    var scene: ArraySlice<String> { lines[sceneStart...] }

    mutating func begin() { sceneStart = lines.count }

    mutating func happened(_ text: String, at now: Int64) {
        if lines.count < Self.lineLimit { lines.append(text) }
        if !Self.isBackground(text) { lastLine = now }
        if let awaited, awaited.matches(text) { isReached = true }
        for index in triggers.indices.reversed() where triggers[index].pattern.matches(text) {
            let statement = triggers.remove(at: index).statement
            // A rule holds for the very next packet.
            if case .rule(let rule) = statement { rules.append(rule) } else { due.append(statement) }
        }
    }

    private static func isBackground(_ text: String) -> Bool {
        ["heartbeat", "acknowledge", "directAcknowledge", "announce"].contains { kind in
            text.contains(" \(kind)") && (text.contains(" > ") || text.contains(" < "))
        }
    }

    /// By the first rule that fits.
    mutating func fate(of frame: String, from: Int, to: Int) -> Fate {
        guard let index = rules.firstIndex(where: { $0.covers(frame, from: from, to: to) }) else { return .passes }
        let action = rules[index].action
        if let times = rules[index].times {
            if times <= 1 { rules.remove(at: index) } else { rules[index].times = times - 1 }
        }
        switch action {
        case .drop: return .dropped
        case .hold: return .held(frame)
        case .delay(let time): return .delayed(time)
        }
    }
}

/// What happens to frames of one kind on some links.
struct PacketRule: Hashable {
    enum Action: Hashable {
        case drop, hold
        case delay(Int64)
    }
    var action: Action
    /// Of the frame's text: its kind and, where wanted, more.
    var frame: TimelinePattern
    /// Nil: any node.
    var from: Int?
    var to: Int?
    /// How many frames it still covers; nil: all.
    var times: Int?

    func covers(_ text: String, from: Int, to: Int) -> Bool {
        (self.from ?? from) == from && (self.to ?? to) == to && frame.matches(text)
    }
}
