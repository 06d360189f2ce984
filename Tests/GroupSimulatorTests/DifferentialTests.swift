import Foundation
import GroupModel
import GroupSimulator
import Testing

/// The same applications over the ideal heavyweight groups and over the real stack see the same.
@Suite struct DifferentialTests {
    private static func batch(_ number: Int, of size: UInt64) -> Range<UInt64> {
        UInt64(number) * size..<UInt64(number + 1) * size
    }

    @Test(arguments: 0..<4)
    func `without faults every seat sees the same views, and the same messages in each`(_ batch: Int) throws {
        for seed in Self.batch(batch, of: 4) { try compare(seed, crashes: false) }
    }

    @Test(arguments: 0..<4)
    func `with crashes at quiet points, too`(_ batch: Int) throws {
        for seed in Self.batch(batch, of: 4) { try compare(seed, crashes: true) }
    }

    private func compare(_ seed: UInt64, crashes: Bool) throws {
        let scenario = try Scenario(QuietScript.text(seed: seed, crashes: crashes))
        let real = scenario.run()
        let ideal = scenario.runOnIdealHWG(seed: seed)
        for (name, report) in [("real", real), ("ideal", ideal)] {
            #expect(report.failures.isEmpty, "\(name), seed \(seed): \(report.failures)")
            #expect(report.violations.isEmpty, "\(name), seed \(seed): \(report.violations)")
        }
        let seen = (real: Histories(real.trace), ideal: Histories(ideal.trace))
        #expect(seen.real.seats.count > 1)
        #expect(seen.real.seats.keys.sorted() == seen.ideal.seats.keys.sorted(), "seed \(seed)")
        for (seat, history) in seen.real.seats where seen.ideal.seats[seat] != history {
            Issue.record(
                "seed \(seed), \(seat): real \(history), ideal \(seen.ideal.seats[seat] ?? [])\n\(scenario.script)")
            return
        }
    }

    /// Crashes, partitions and restarts whenever: what is seen differs, and both keep all properties.
    @Test(arguments: 0..<4)
    func `with faults at any time both keep all properties`(_ batch: Int) throws {
        for seed in Self.batch(batch, of: 4) {
            let scenario = try Scenario(RestlessScript.text(seed: seed))
            for (name, report) in [("real", scenario.run()), ("ideal", scenario.runOnIdealHWG(seed: seed))] {
                #expect(report.failures.isEmpty, "\(name), seed \(seed): \(report.failures)")
                #expect(report.violations.isEmpty, "\(name), seed \(seed): \(report.violations)\n\(scenario.script)")
            }
        }
    }

    @Test func `histories that differ in one message or one member are told apart`() throws {
        let script = "nodes 2\ngroups 2\nstart n0 n1\nn0 n1 join g1\nrun until quiet\n"
        let one = Histories(try Scenario(script + "n0 send g1 x 2\nrun until quiet\n").run().trace)
        let other = Histories(try Scenario(script + "n0 send g1 x 3\nrun until quiet\n").run().trace)
        let third = Histories(
            try Scenario(script + "n0 send g1 x 2\nrun until quiet\nn0 leave g1\nrun until quiet\n").run().trace)
        #expect(one.seats != other.seats)
        #expect(one.seats != third.seats)
        #expect(one.seats["n1.1/0 lwg:g1"]?.last?.members == ["n0.1/0", "n1.1/0"])
        #expect(one.seats["n1.1/0 lwg:g1"]?.last?.delivered == ["n0.1/0 1", "n0.1/0 2"])
    }
}

/// What each seat saw, from a trace: its views, and what it delivered in each.
struct Histories {
    struct Tenure: Hashable, CustomStringConvertible {
        var members: [String]
        /// `sender k`: the sender's k-th message in the group. Sorted; orders are the checkers' business.
        var delivered: [String]
        var description: String { "\(members): \(delivered)" }
    }

    /// By member and group. The base groups, in which the nodes find each other, are left out.
    private(set) var seats: [String: [Tenure]] = [:]

    init(_ trace: [UInt8]) {
        var sent: [String: Int] = [:]
        var name: [String: String] = [:]
        for line in String(decoding: trace, as: UTF8.self).split(separator: "\n") {
            guard let fields = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                let kind = fields["ev"] as? String, let member = fields["p"] as? String,
                let group = fields["g"] as? String, group.hasPrefix("lwg:"), !QuietScript.bases.contains(group)
            else { continue }
            let seat = "\(member) \(group)"
            let message = "\(group) \(fields["m"] as? String ?? "")"
            switch kind {
            case "send":
                sent[seat, default: 0] += 1
                name[message] = "\(member) \(sent[seat, default: 0])"
            case "view":
                let members = (fields["members"] as? [String] ?? []).sorted()
                // Views of the same members follow a change of the heavyweight group, when and as often as that has them.
                if seats[seat]?.last?.members != members {
                    seats[seat, default: []].append(Tenure(members: members, delivered: []))
                }
            case "deliver":
                guard var last = seats[seat]?.popLast() else { continue }
                // Delivered before its send line is read: the sender's lines come later in the file.
                last.delivered.append(message)
                seats[seat]?.append(last)
            case "leave": seats[seat]?.append(Tenure(members: [], delivered: []))
            default: break
            }
        }
        for (seat, tenures) in seats {
            seats[seat] = tenures.map {
                Tenure(members: $0.members, delivered: $0.delivered.map { name[$0] ?? "?" }.sorted())
            }
        }
    }
}

/// One change at a time, each awaited: what every seat sees is determined, whatever the times are.
enum QuietScript {
    /// All nodes are in these for good, so that the heavyweight groups have them before they join anything else.
    static let bases: Set = ["lwg:g0", "lwg:g11", "lwg:g12"]
    private static let nodes = 4
    private static let groups = 4

    static func text(seed: UInt64, crashes: Bool) -> String {
        var random = SeededGenerator(seed: seed &+ 77)
        var isAlive = [Bool](repeating: true, count: nodes)
        var seats: [(node: Int, group: Int)] = []
        var lines = ["nodes \(nodes)", "groups 13", "seed \(seed + 1)"]
        lines.append("hwgs \(1 + random.below(3))")
        let all = (0..<nodes).map { "n\($0)" }.joined(separator: " ")
        lines += ["start \(all)", "\(all) join g0 g11 g12", "run until quiet"]
        for _ in 0..<30 {
            let node = random.below(nodes)
            let group = 1 + random.below(groups)
            let place = seats.firstIndex { $0 == (node, group) }
            switch random.below(10) {
            case 0..<5 where isAlive[node] && place == nil:
                lines.append("n\(node) join g\(group)")
                seats.append((node, group))
            case 5 where place != nil:
                lines.append("n\(node) leave g\(group)")
                seats.remove(at: place!)
            case 6 where crashes && isAlive.count(where: { $0 }) > 2 && isAlive[node]:
                lines.append("crash n\(node)")
                isAlive[node] = false
                seats.removeAll { $0.node == node }
            case 6,
                7 where !isAlive[node]:
                lines += ["start n\(node)", "n\(node) join g0 g11 g12"]
                isAlive[node] = true
            default:
                for seat in seats where random.below(2) == 0 {
                    let order = ["fifo", "total", "safe"][random.below(3)]
                    lines.append("n\(seat.node) send g\(seat.group) \(order) x \(1 + random.below(4))")
                }
            }
            lines.append("run until quiet")
        }
        return (lines + ["converge"]).joined(separator: "\n") + "\n"
    }
}

/// Acts and faults in any order, without waiting.
enum RestlessScript {
    static func text(seed: UInt64) -> String {
        var random = SeededGenerator(seed: seed &+ 4_711)
        let nodes = 4
        let all = (0..<nodes).map { "n\($0)" }.joined(separator: " ")
        var lines = ["nodes \(nodes)", "groups 3", "seed \(seed + 1)", "hwgs \(1 + random.below(2))"]
        lines += ["start \(all)", "\(all) join g0 g1", "run 100ms"]
        for _ in 0..<60 {
            let node = random.below(nodes)
            let group = random.below(3)
            switch random.below(20) {
            case 0..<4: lines.append("n\(node) join g\(group)")
            case 4: lines.append("n\(node) leave g\(group)")
            case 5: lines.append("crash n\(node)")
            case 6, 7: lines.append("start n\(node)")
            case 8:
                let side = (0..<nodes).map { _ in random.below(2) }
                let sides = [0, 1].map { number in (0..<nodes).filter { side[$0] == number }.map { "n\($0)" } }
                if sides.allSatisfy({ !$0.isEmpty }) {
                    lines.append("partition \(sides[0].joined(separator: " ")) | \(sides[1].joined(separator: " "))")
                }
            case 9: lines.append("heal")
            default:
                let order = ["fifo", "total", "safe"][random.below(3)]
                lines.append("n\(node) send g\(group) \(order) x \(1 + random.below(5))")
            }
            if random.below(3) == 0 { lines.append("run \(1 + random.below(300))ms") }
        }
        return (lines + ["converge"]).joined(separator: "\n") + "\n"
    }
}
