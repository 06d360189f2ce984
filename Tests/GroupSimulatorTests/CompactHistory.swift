import GroupSimulator

/// Histories in a short notation, one event on a line: `MEMBER [GROUP] EVENT …`.
///
/// `a` stands for `a.1`, `a/0` for `a.1/0`, `2@a` for `2@a.1`; the group is `hwg:h` unless named.
/// `view VID MEMBERS PREV TRANS [primary] [on=HWG,HVID] [unchanged|changed]`: lists with commas, `-` for null or an empty
/// list, `=` for all members; whether it is unchanged is told rightly unless it is said. `send M VID ORDER [TO]`, `deliver M VID ORDER [trans] [to=TO]`, where `M` is `#1` for an own message.
enum CompactHistory {
    static func report(_ text: String) -> TraceCheck.Report {
        var check = TraceCheck()
        var lines = json(text)
        lines.withUTF8 { check.add(UnsafeRawBufferPointer($0), named: "compact") }
        return check.report()
    }

    /// The properties violated, each once, sorted.
    static func violations(_ text: String) -> [String] {
        Set(report(text).violations.map(\.property)).sorted()
    }

    static func json(_ text: String) -> String {
        var members: [String: Set<Substring>] = [:]
        return text.split(separator: "\n").map { line(String($0), &members) + "\n" }.joined()
    }

    /// `known`: by group and view, its members.
    private static func line(_ text: String, _ known: inout [String: Set<Substring>]) -> String {
        var words = text.split(separator: " ").map(String.init)
        let me = words.removeFirst()
        var group = "hwg:h"
        if words[0].contains(":") { group = words.removeFirst() }
        let event = words.removeFirst()
        var fields = [("ev", quoted(event)), ("t", "1"), ("p", quoted(member(me)))]
        if !["start", "stop", "quiet"].contains(event) { fields.append(("g", quoted(group))) }
        switch event {
        case "view":
            let members = Set(words[1].split(separator: ","))
            let isSame = known["\(group) \(words[2])"] == members && (words[3] == "=" || words[3] == words[1])
            known["\(group) \(words[0])"] = members
            let isUnchanged = words.contains("unchanged") || isSame && !words.contains("changed")
            fields += view(words) + [("unchanged", isUnchanged ? "true" : "false")]
        case "send":
            fields += message(words, me)
            if words.count > 3 { fields.append(("to", quoted(member(words[3])))) }
        case "deliver":
            fields += message(words, me)
            fields.append(("trans", words.contains("trans") ? "true" : "false"))
            if let to = words.first(where: { $0.hasPrefix("to=") }) {
                fields.append(("to", quoted(member(String(to.dropFirst(3))))))
            }
        case "hold", "holdok": fields.append(("vid", quoted(viewID(words[0]))))
        default: break
        }
        return "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    private static func view(_ words: [String]) -> [(String, String)] {
        let members = list(words[1])
        var fields = [
            ("vid", quoted(viewID(words[0]))), ("members", members),
            ("prev", words[2] == "-" ? "null" : quoted(viewID(words[2]))),
            ("trans", words[3] == "=" ? members : list(words[3])),
            ("primary", words.contains("primary") ? "true" : "false"),
        ]
        if let on = words.first(where: { $0.hasPrefix("on=") }) {
            let parts = on.dropFirst(3).split(separator: ",").map(String.init)
            fields += [("hwg", quoted(parts[0])), ("hvid", quoted(viewID(parts[1])))]
        }
        return fields
    }

    private static func message(_ words: [String], _ me: String) -> [(String, String)] {
        let parts = words[0].split(separator: "#", omittingEmptySubsequences: false).map(String.init)
        let sender = member(parts[0].isEmpty ? me : parts[0])
        return [
            ("m", quoted("\(sender)#\(parts[1])")), ("vid", quoted(viewID(words[1]))), ("order", quoted(words[2])),
        ]
    }

    private static func list(_ text: String) -> String {
        text == "-"
            ? "[]" : "[" + text.split(separator: ",").map { quoted(member(String($0))) }.joined(separator: ",") + "]"
    }

    private static func member(_ text: String) -> String {
        let parts = text.split(separator: "/").map(String.init)
        let node = parts[0].contains(".") ? parts[0] : parts[0] + ".1"
        return parts.count > 1 ? "\(node)/\(parts[1])" : node
    }

    private static func viewID(_ text: String) -> String {
        let parts = text.split(separator: "@").map(String.init)
        return "\(parts[0])@\(member(parts[1]))"
    }

    private static func quoted(_ text: String) -> String { "\"\(text)\"" }
}
