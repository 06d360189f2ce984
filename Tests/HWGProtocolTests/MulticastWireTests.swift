import GroupModel
import GroupWire
import Testing

@testable import HWGProtocol

@Suite struct MulticastWireTests {
    /// Frames of all kinds from a lossy run.
    static func corpus(members: Int = 3, seed: UInt64 = 3) -> (frames: [[UInt8]], network: MulticastNetwork) {
        var network = MulticastNetwork(
            members: members, seed: seed, faults: .init(loss: 0.1, duplication: 0.1, delay: .microseconds(500)))
        network.keepsCorpus = true
        for index in 0..<80 {
            let order: Order = [.fifo, .fifo, .fifo, .fifo, .total, .fifo, .safe][index % 7]
            network.multicast(index % members, length: [3, 64, 900, 12_000][index % 4], order: order)
            let to = network.view.members[(index + 1) % members]
            network.on(index % members) {
                _ = $0.direct(to: to, [UInt8](repeating: 1, count: index * 40), at: $1, into: &$2)
            }
            network.run(for: .microseconds(200))
        }
        network.run(for: .milliseconds(200))
        return (network.corpus, network)
    }

    static func mutate(_ frame: [UInt8], _ other: [UInt8], _ choice: inout SeededGenerator) -> [UInt8] {
        var bytes = frame
        let kept = bytes.count >= 32 ? Array(bytes[0..<32]) : bytes
        for _ in 0...choice.below(4) where !bytes.isEmpty {
            switch choice.below(7) {
            case 0: bytes[choice.below(bytes.count)] = UInt8(truncatingIfNeeded: choice.next())
            case 1: bytes.removeLast(choice.below(bytes.count) + 1)
            case 2: bytes += (0..<choice.below(20)).map { _ in UInt8(truncatingIfNeeded: choice.next()) }
            case 3, 4:
                // A word of the frame's fields or items to a value at the edge.
                let width = [2, 4, 8][choice.below(3)]
                guard bytes.count >= 20 + width else { break }
                let place =
                    choice.below(3) == 0
                    ? choice.below(bytes.count - width + 1) : 20 + choice.below(min(60, bytes.count - 20 - width + 1))
                let value: UInt64 = [0, 1, .max, .max - 1, 1 << 48, (1 << 48) - 1, 1 << 63, 0xFFFF, 0x18_0000][
                    choice.below(9)]
                for index in 0..<width { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
            case 5:
                let from = choice.below(bytes.count)
                for index in from..<max(from, min(bytes.count, other.count, from + 40)) { bytes[index] = other[index] }
            default: bytes[choice.below(bytes.count)] ^= 1 << UInt8(choice.below(8))
            }
        }
        // Mostly the right view and a right sender, so that the mutation gets past the first checks.
        if bytes.count >= 32, kept.count == 32, choice.chance(0.9) {
            bytes.replaceSubrange(0..<20, with: kept[0..<20])
            bytes.replaceSubrange(24..<32, with: kept[24..<32])
        }
        return bytes
    }

    /// Nothing that arrives traps, every delivered slice lies in a packet that the batch keeps, and memory is bounded.
    @Test(arguments: 0..<10)
    func `two hundred thousand mutated frames do no harm`(part: Int) {
        let (frames, network) = Self.corpus(seed: UInt64(part + 1))
        var choice = SeededGenerator(seed: UInt64(part) &+ 1_000)
        var rejected = 0
        var delivered = 0
        for round in 0..<20 {
            let me = round % 3
            var streams = MulticastNetwork(members: 3, seed: 1).streams[me]
            var output = HWGOutput()
            for step in 0..<1_000 {
                let now = Instant(nanoseconds: Int64(step) * 50_000)
                // Mostly in the order of the run, so that packets fit what came before.
                let place = choice.chance(0.8) ? step * frames.count / 1_000 : choice.below(frames.count)
                let frame = frames[place]
                let bytes = choice.chance(0.3) ? frame : Self.mutate(frame, frames[choice.below(frames.count)], &choice)
                bytes.withUnsafeBytes { raw in
                    let header = try? FrameHeader.read(raw)
                    let kind =
                        choice.chance(0.98)
                        ? header?.kind ?? .data
                        : [.data, .acknowledge, .negativeAcknowledge, .direct, .directAcknowledge][choice.below(5)]
                    guard raw.count >= FrameHeader.bytes else { return }
                    let from = header?.sender ?? network.view.members[choice.below(3)]
                    if !MulticastNetwork.dispatch(&streams, kind, raw, from: from, now, &output) { rejected += 1 }
                }
                if step % 5 == 0 {
                    if step % 10 == 0 {
                        [UInt8](repeating: 1, count: 20).withUnsafeBytes {
                            _ = streams.multicast(label: 1, order: .safe, bytes: $0, at: now, into: &output)
                        }
                    }
                    streams.turnEnded(at: now, into: &output)
                }
                if round % 4 == 3, step == 500 { _ = streams.freeze() }
                if round % 4 == 3, step > 500, step % 50 == 0 {
                    streams.fill(cut: [choice.next() >> 50, 30, 30], holders: [1, 7, nil], at: now, into: &output)
                }
                delivered += output.indications.batch.slices.count
                for slice in output.indications.batch.slices {
                    let start = UInt(bitPattern: slice.start)
                    let isKept = output.indications.batch.packets.contains {
                        let base = UInt(bitPattern: $0.bytes)
                        return start >= base && start + UInt(slice.length) <= base + UInt($0.count)
                    }
                    if !isKept { Issue.record("a slice outside its packets") }
                }
                output.removeAll()
            }
            if round % 4 == 3, streams.hasReachedCut {
                streams.deliverThrough(cut: streams.cut ?? [], at: .zero, into: &output)
            }
        }
        // Enough was refused, and enough got through to matter.
        #expect(rejected > 1_000)
        #expect(delivered > 100)
    }

    /// Members among whose frames mutated copies travel neither trap nor spin, through a view change too.
    @Test(arguments: 1...12)
    func `a view with a forger in its network stays bounded`(seed: Int) {
        var choice = SeededGenerator(seed: UInt64(seed))
        var network = MulticastNetwork(
            members: 2 + seed % 3, seed: UInt64(seed), faults: .init(loss: 0.05, duplication: 0.05))
        network.tampering = 0.5
        let members = network.streams.count
        for index in 0..<300 {
            network.multicast(
                index % members, length: [3, 64, 900, 12_000, 60_000][choice.below(5)],
                order: [.fifo, .total, .safe][choice.below(3)])
            let to = network.view.members[choice.below(members)]
            network.on(choice.below(members)) {
                _ = $0.direct(to: to, [UInt8](repeating: 1, count: index * 40), at: $1, into: &$2)
            }
            network.run(for: .microseconds(Int64(choice.below(400))))
        }
        let before = network.steps
        network.run(for: .milliseconds(200))
        #expect(network.steps - before < 20_000, "back-off holds")
        var vectors: [[UInt64]] = []
        for rank in 0..<members { vectors.append(network.streams[rank].freeze()) }
        let cut = (0..<members).map { stream in vectors.map { $0[stream] }.max() ?? 0 }
        for rank in 0..<members {
            network.on(rank) { $0.fill(cut: cut, holders: cut.indices.map { $0 }, at: $1, into: &$2) }
        }
        network.run(for: .milliseconds(200))
        for rank in 0..<members where network.streams[rank].hasReachedCut {
            network.on(rank) { $0.deliverThrough(cut: cut, at: $1, into: &$2) }
        }
    }

    static func packet(_ words: [(ItemWord, [UInt8])], origin: Rank = 0) -> [UInt8] {
        var writer = ByteWriter()
        for _ in 0..<48 { writer.u8(0) }
        for (word, payload) in words {
            writer.u32(word.raw)
            writer.u32(0)
            writer.raw(payload)
            while writer.bytes.count % 4 != 0 { writer.u8(0) }
        }
        return writer.bytes
    }

    static func kinds(_ bytes: [UInt8], origin: Rank = 0) -> PacketKinds? {
        bytes.withUnsafeBytes { DataFrame.contents(of: $0, origin: origin, members: 3)?.kinds }
    }

    @Test func `a packet's items are classified`() {
        func whole(_ order: Order, _ length: Int) -> (ItemWord, [UInt8]) {
            (
                ItemWord(length: length, order: order, isControl: false, isFirst: true, isLast: true),
                [UInt8](repeating: 1, count: length)
            )
        }
        #expect(Self.kinds(Self.packet([])) == [])
        #expect(Self.kinds(Self.packet([whole(.fifo, 0), whole(.fifo, 5)])) == [])
        #expect(Self.kinds(Self.packet([whole(.fifo, 3), whole(.total, 5)])) == [.ordered])
        #expect(Self.kinds(Self.packet([whole(.safe, 5)])) == [.ordered, .safe, .urgent])
        #expect(Self.kinds(Self.packet([(ItemWord(raw: ItemWord.void), [])])) == [.voids])
        let part = ItemWord(length: 4, order: .total, isControl: true, isFirst: true, isLast: false)
        #expect(Self.kinds(Self.packet([(part, [1, 2, 3, 4])])) == [.fragments])
        let end = ItemWord(length: 4, order: .total, isControl: true, isFirst: false, isLast: true)
        #expect(Self.kinds(Self.packet([(end, [1, 2, 3, 4])])) == [.fragments, .ordered, .control, .urgent])
    }

    @Test func `nonsense in items is refused`() {
        let good = ItemWord(length: 8, order: .fifo, isControl: false, isFirst: true, isLast: true)
        let payload = [UInt8](repeating: 0, count: 8)
        func entry(_ rank: Rank, _ through: UInt64) -> [UInt8] {
            var writer = ByteWriter()
            writer.u64(OrderRecord.word(.init(rank: rank, through: through)))
            return writer.bytes
        }
        let record = ItemWord(raw: ItemWord.record | 8)
        #expect(Self.kinds(Self.packet([(record, entry(1, 1))])) == [.records])
        #expect(Self.kinds(Self.packet([(record, entry(1, 1))]), origin: 1) == nil, "only the sequencer orders")
        #expect(Self.kinds(Self.packet([(record, entry(0, 1))])) == nil, "its own place is its stream's")
        #expect(Self.kinds(Self.packet([(record, entry(3, 1))])) == nil, "a rank outside the view")
        #expect(Self.kinds(Self.packet([(record, entry(1, 0))])) == nil, "packets begin at 1")
        #expect(Self.kinds(Self.packet([(ItemWord(raw: ItemWord.record | 4), [1, 2, 3, 4])])) == nil)
        #expect(Self.kinds(Self.packet([(ItemWord(raw: ItemWord.record), [])])) == nil)
        for bit in [23, 24, 31] as [UInt32] {
            #expect(Self.kinds(Self.packet([(ItemWord(raw: good.raw | 1 << bit), payload)])) == nil)
        }
        #expect(Self.kinds(Self.packet([(ItemWord(raw: good.raw | ItemWord.safeBit), payload)])) == nil, "causal")
        #expect(Self.kinds(Self.packet([(ItemWord(raw: good.raw + 1), payload)])) == nil, "longer than the packet")
        #expect(Self.kinds(Self.packet([(ItemWord(raw: good.raw | 0xFFFF), payload)])) == nil)
        #expect(Self.kinds(Self.packet([(ItemWord(raw: ItemWord.void | 8), payload)])) == nil)
        let part = ItemWord(length: 0, order: .fifo, isControl: true, isFirst: true, isLast: false)
        #expect(Self.kinds(Self.packet([(part, [])])) == nil, "an empty fragment")
    }

    @Test func `fragments that do not belong together are no message`() {
        var assembly = Reassembly()
        let packet = Packet([1, 2, 3, 4])
        #expect(assembly.finish(packet, offset: 0, length: 4) == nil, "no beginning")
        #expect(assembly.append(packet, offset: 0, length: 4) == false)
        #expect(assembly.begin(packet, offset: 0, length: 2) == true)
        #expect(assembly.begin(packet, offset: 2, length: 2) == false, "the first was cut short")
        let whole = assembly.finish(packet, offset: 0, length: 1)
        #expect(whole.map { Array($0.contents) } == [3, 4, 1])
        #expect(assembly.finish(packet, offset: 0, length: 4) == nil)
        let large = Packet(capacity: 1 << 20)
        large.count = 1 << 20
        #expect(assembly.begin(large, offset: 0, length: 1 << 20) == true)
        for _ in 0..<15 { #expect(assembly.append(large, offset: 0, length: 1 << 20) == true) }
        #expect(assembly.finish(packet, offset: 0, length: 1) == nil, "over the largest message")
    }

    @Test func `an acknowledgement of what was never sent is refused and changes nothing`() {
        var network = MulticastNetwork(members: 2, seed: 1)
        network.multicast(0, length: 3)
        network.turn(0)
        let frame = AcknowledgeFrame.write(
            FrameHeader(kind: .acknowledge, cluster: 5, sender: network.view.members[1]), rank: 1, isProbe: false,
            token: network.streams[0].token, controls: 0, received: [2, 0])
        var output = HWGOutput()
        let taken = network.streams[0].acknowledgeArrived(
            frame.contents, from: network.view.members[1], at: .zero, into: &output)
        #expect(!taken)
        #expect(network.streams[0].matrix.stable == [0, 0])
        #expect(network.streams[0].counters.malformed == 1)
    }

    @Test func `frames of other views, strangers and wrong ranks are refused`() {
        let (frames, network) = Self.corpus()
        for (index, frame) in frames.enumerated().prefix(400) {
            var fresh = MulticastNetwork(members: 3, seed: 1).streams[0]
            var output = HWGOutput()
            let kind = FrameKind(rawValue: frame[3]) ?? .data
            let stranger = MemberID(node: NodeID(raw: 1), incarnation: 1)
            frame.withUnsafeBytes { raw in
                let taken = MulticastNetwork.dispatch(&fresh, kind, raw, from: stranger, .zero, &output)
                #expect(!taken)
                let header = try? FrameHeader.read(raw)
                #expect(header?.kind == kind)
            }
            var foreign = frame
            foreign[24] ^= 1
            var high = frame
            high[20] = 200
            for bytes in [foreign, high, Array(frame.prefix(31)), Array(frame.prefix(20))] {
                bytes.withUnsafeBytes { raw in
                    let taken = MulticastNetwork.dispatch(
                        &fresh, kind, raw, from: network.view.members[1 + index % 2], .zero, &output)
                    #expect(!taken)
                }
            }
        }
    }
}
