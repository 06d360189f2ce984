import Foundation
import GroupModel
import LWGProtocol
import Testing

/// Costs, printed and not judged; only with `LWG_MEASURE=1`, in a release build.
@Suite("Measurements", .enabled(if: ProcessInfo.processInfo.environment["LWG_MEASURE"] != nil))
struct Measurements {
    static let clock = ContinuousClock()

    static func milliseconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) * 1e3 + Double(duration.components.attoseconds) / 1e15
    }

    @Test("10,000 LWG views at one HWG view change, and demultiplexing per slice")
    func costs() {
        var pack = HandWorld(members: 9, reportsHolds: false)
        let names = (0..<10_000).map { "prices/\($0)" }
        for member in 0..<4 { pack.join(member, "0", names) }
        pack.deliverAll()
        let seats = pack.seats(0)
        print("seats \(seats.count), flushes \(pack.layers[0].counters.flushes)")

        let seated = pack.seats(1)

        // Demultiplexing: one packet's worth of messages, over one and over all groups.
        for spread in [1, 10_000] {
            var indications = HWGIndications()
            let packet = Packet([UInt8](repeating: 7, count: 64))
            indications.batch.keep(packet)
            for index in 0..<10_000 {
                guard case .send(_, _, let label) = pack.layers[1].route(seated[index * 7_919 % spread]) else {
                    Issue.record("closed")
                    return
                }
                indications.deliver(
                    MessageSlice(
                        start: UnsafeRawPointer(packet.bytes), length: 64, label: label, number: UInt64(index),
                        sender: 1,
                        order: .fifo, isControl: false, isTransitional: false))
            }
            var out = LWGOutput()
            var best = Double.infinity
            for _ in 0..<50 {
                out.removeAll()
                let time = Self.clock.measure {
                    pack.layers[0].handle(indications, from: pack.hwg, at: .zero, into: &out)
                }
                best = min(best, Self.milliseconds(time) * 1e6 / 10_000)
            }
            print("demultiplex over \(spread) groups: \(best) ns per slice, \(out.up.slices.count) slices")
            var sum: UInt32 = 0
            let layer = pack.layers[1]
            let others = pack.seats(1)
            let time = Self.clock.measure {
                for seat in others { if case .send(_, _, let label) = layer.route(seat) { sum &+= label } }
            }
            print("route: \(Self.milliseconds(time) * 100) ns each (\(sum & 1))")
        }

        var times: [Double] = []
        for gone in stride(from: 8, to: 3, by: -1) { times.append(pack.crash(gone)) }
        print("HWG view without a member that is in no LWG: \(times.sorted()) ms, \(seats.count) LWG views")
        print("HWG view without a member of all LWGs: \(pack.crash(3)) ms, \(pack.crash(2)) ms")
    }
}
