import GroupModel
import GroupWire

@testable import HWGProtocol

/// A small deterministic network: the members of one view, seeded loss, duplication and reordering, virtual time.
struct MulticastNetwork {
    struct Faults {
        var loss = 0.0
        var duplication = 0.0
        /// The largest one-way delay; each packet draws its own, so a large one reorders.
        var delay: Interval = .microseconds(50)
        init(loss: Double = 0, duplication: Double = 0, delay: Interval = .microseconds(50)) {
            self.loss = loss
            self.duplication = duplication
            self.delay = delay
        }
    }
    struct Delivered: Hashable {
        var sender: Rank
        var number: UInt64
        var order: Order
        var label: UInt32
        var isControl: Bool
        var isTransitional: Bool
        var length: Int
        var hash: UInt64
    }
    struct Sent: Hashable {
        var number: UInt64
        var order: Order
        var label: UInt32
        var length: Int
        var hash: UInt64
    }
    let view: View<MemberID>
    var now: Instant = .zero
    var faults: Faults
    var generator: SeededGenerator
    var streams: [ViewStreams]
    var outputs: [HWGOutput]
    /// What each member delivered, in order, and other indications.
    var delivered: [[Delivered]]
    var events: [[Indication<MemberID>]]
    /// What each member sent, in the order of acceptance; `number` 0 while it has none.
    var sent: [[Sent]]
    /// Links that carry nothing, by from × members + to.
    var cutLinks: Set<Int> = []
    /// Ordered pairs of a safe message and a member that lacked its packet when another delivered it.
    var unsafeDeliveries = 0
    /// Pairs of a safe message and a member that lacked a control message which another had delivered before it.
    var unfootedDeliveries = 0
    private var controlsNoted: [UInt64]
    private var queue = MulticastQueue()
    private var wakes: [Instant]
    private var crashed: Set<Rank> = []
    /// Per origin: number of the first message of each packet seen, by packet.
    private var firsts: [[UInt64: UInt64]]
    var largestDatagram = 0
    var framesSent = 0
    /// Keep every frame for corpora.
    var corpus: [[UInt8]] = []
    var keepsCorpus = false
    /// How often a mutated copy of a frame travels beside it.
    var tampering = 0.0
    /// Frames and wake-ups that members took.
    var steps = 0

    init(
        members count: Int, seed: UInt64, faults: Faults = Faults(), parameters: MulticastParameters = .init(),
        nextNumber: UInt64 = 1
    ) {
        let ids = (0..<count).map { MemberID(node: NodeID(raw: UInt64($0) + 100), incarnation: 1) }
        let view = View(id: ViewID(epoch: 7, coordinator: ids[0]), members: ids)
        self.view = view
        self.faults = faults
        generator = SeededGenerator(seed: seed)
        streams = ids.map {
            ViewStreams(
                group: HWGID(named: ShortName("g")!), view: view, me: $0, cluster: 5, parameters: parameters,
                nextNumber: nextNumber, now: .zero)
        }
        outputs = Array(repeating: HWGOutput(), count: count)
        delivered = Array(repeating: [], count: count)
        events = Array(repeating: [], count: count)
        sent = Array(repeating: [], count: count)
        wakes = Array(repeating: .distantFuture, count: count)
        firsts = Array(repeating: [:], count: count)
        controlsNoted = Array(repeating: 0, count: count)
    }

    /// Bytes that name their sender and index, in words so that large messages cost little here.
    static func content(sender: Rank, index: Int, length: Int) -> [UInt8] {
        var state = UInt64(sender) &* 0x9E37_79B9 &+ UInt64(index) &* 0x85EB_CA6B &+ 1
        return [UInt8](unsafeUninitializedCapacity: length + 8) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for offset in stride(from: 0, to: length, by: 8) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                raw.storeBytes(of: state, toByteOffset: offset, as: UInt64.self)
            }
            count = length
        }
    }

    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(bytes.count)
        let words = bytes.count / 8
        for word in 0..<words {
            hash = (hash ^ bytes.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self)) &* 0x100_0000_01B3
            hash ^= hash >> 29
        }
        for offset in (8 * words)..<bytes.count { hash = (hash ^ UInt64(bytes[offset])) &* 0x100_0000_01B3 }
        return hash
    }

    // MARK: Requests

    @discardableResult
    mutating func multicast(_ rank: Rank, length: Int, order: Order = .fifo, label: UInt32? = nil) -> SendOutcome {
        let index = sent[rank].count
        let bytes = Self.content(sender: rank, index: index, length: length)
        let label = label ?? UInt32(index)
        let outcome = bytes.withUnsafeBytes {
            streams[rank].multicast(label: label, order: order, bytes: $0, at: now, into: &outputs[rank])
        }
        if case .accepted(let number) = outcome {
            sent[rank].append(
                Sent(
                    number: number ?? 0, order: order, label: label, length: length,
                    hash: bytes.withUnsafeBytes(Self.hash)))
        }
        collect(rank)
        return outcome
    }

    mutating func control(_ rank: Rank, _ bytes: [UInt8]) {
        streams[rank].control(bytes, at: now, into: &outputs[rank])
        collect(rank)
    }

    /// Any other call on one member's streams.
    mutating func on(_ rank: Rank, _ body: (inout ViewStreams, Instant, inout HWGOutput) -> Void) {
        body(&streams[rank], now, &outputs[rank])
        collect(rank)
    }

    mutating func turn(_ rank: Rank) {
        streams[rank].turnEnded(at: now, into: &outputs[rank])
        collect(rank)
        arm(rank)
    }

    mutating func crash(_ rank: Rank) { crashed.insert(rank) }

    // MARK: Time

    /// Runs for a span of time, or until nothing is pending. Returns whether something was still pending.
    @discardableResult
    mutating func run(for span: Interval) -> Bool {
        let end = now + span
        for rank in streams.indices where !crashed.contains(rank) { turn(rank) }
        while let next = queue.first, next.time <= end {
            queue.pop()
            now = max(now, next.time)
            guard !crashed.contains(next.to) else { continue }
            steps += 1
            if let packet = next.packet {
                receive(next.to, packet.contents, from: view.members[next.from])
            } else {
                guard wakes[next.to] <= now else { continue }
                wakes[next.to] = .distantFuture
                streams[next.to].deadlineReached(at: now, into: &outputs[next.to])
                collect(next.to)
            }
            turn(next.to)
        }
        now = queue.isEmpty ? now : end
        return !queue.isEmpty
    }

    mutating func receive(_ rank: Rank, _ bytes: UnsafeRawBufferPointer, from: MemberID) {
        guard let header = try? FrameHeader.read(bytes) else { return }
        _ = Self.dispatch(&streams[rank], header.kind, bytes, from: header.sender, now, &outputs[rank])
        collect(rank)
    }

    @discardableResult
    static func dispatch(
        _ streams: inout ViewStreams, _ kind: FrameKind, _ bytes: UnsafeRawBufferPointer, from: MemberID,
        _ now: Instant, _ output: inout HWGOutput
    ) -> Bool {
        switch kind {
        case .data: streams.dataArrived(bytes, from: from, at: now, into: &output)
        case .acknowledge: streams.acknowledgeArrived(bytes, from: from, at: now, into: &output)
        case .negativeAcknowledge: streams.negativeAcknowledgeArrived(bytes, from: from, at: now, into: &output)
        case .direct: streams.directArrived(bytes, from: from, at: now, into: &output)
        case .directAcknowledge: streams.directAcknowledgeArrived(bytes, from: from, at: now, into: &output)
        default: false
        }
    }

    private mutating func arm(_ rank: Rank) {
        guard let deadline = streams[rank].nextDeadline else { return }
        // What needs a turn's end at once has just had it; a bound keeps a mistake there from standing still.
        let time = max(deadline, now + .microseconds(1))
        guard time < wakes[rank] else { return }
        wakes[rank] = time
        queue.push(at: time, to: rank, packet: nil, from: rank)
    }

    // MARK: Effects

    private mutating func collect(_ rank: Rank) {
        for transmission in outputs[rank].transmissions { transmit(transmission, from: rank) }
        var slice = 0
        for event in outputs[rank].indications.events {
            switch event {
            case .messages(let count):
                for _ in 0..<count {
                    note(outputs[rank].indications.batch.slices[slice], at: rank)
                    slice += 1
                }
            case .sent(let label, let number, let order):
                if let index = sent[rank].firstIndex(where: {
                    $0.number == 0 && $0.label == label && $0.order == order
                }) {
                    // The message is sent where it got its number: behind what was numbered before.
                    var entry = sent[rank].remove(at: index)
                    entry.number = number
                    let place = sent[rank].firstIndex { $0.number > number } ?? sent[rank].count
                    sent[rank].insert(entry, at: place)
                }
                events[rank].append(event)
            default: events[rank].append(event)
            }
        }
        assert(slice == outputs[rank].indications.batch.slices.count)
        outputs[rank].removeAll()
    }

    private mutating func note(_ slice: MessageSlice, at rank: Rank) {
        let sender = Rank(slice.sender)
        if slice.order == .safe, !slice.isTransitional, streams.count > 1 {
            let packet =
                firsts[sender].filter { $0.value <= slice.number }.map(\.key).max() ?? UInt64.max
            for other in streams.indices where streams[other].received[sender] < packet { unsafeDeliveries += 1 }
            unfootedDeliveries += streams.count { $0.controlsDelivered < controlsNoted[rank] }
        }
        if slice.isControl { controlsNoted[rank] += 1 }
        delivered[rank].append(
            Delivered(
                sender: sender, number: slice.number, order: slice.order, label: slice.label,
                isControl: slice.isControl, isTransitional: slice.isTransitional, length: Int(slice.length),
                hash: Self.hash(slice.bytes)))
    }

    private mutating func transmit(_ transmission: Transmission, from rank: Rank) {
        framesSent += 1
        let bytes = transmission.packet.contents
        if keepsCorpus { corpus.append(Array(bytes)) }
        largestDatagram = max(largestDatagram, bytes.count)
        if bytes[3] == FrameKind.data.rawValue {
            let origin = Int(bytes.loadUnaligned(fromByteOffset: 20, as: UInt16.self))
            let number = bytes.loadUnaligned(fromByteOffset: 32, as: UInt64.self)
            firsts[origin][number] = bytes.loadUnaligned(fromByteOffset: 40, as: UInt64.self)
        }
        guard let to = view.rank(of: transmission.to), !cutLinks.contains(rank * view.members.count + to) else {
            return
        }
        if tampering > 0, generator.chance(tampering) {
            let mutated = MulticastWireTests.mutate(Array(bytes), Array(bytes.reversed()), &generator)
            queue.push(at: now + .microseconds(10), to: to, packet: Packet(mutated), from: rank)
        }
        let copies = generator.chance(faults.loss) ? 0 : generator.chance(faults.duplication) ? 2 : 1
        for _ in 0..<copies {
            let delay = Interval(
                nanoseconds: 1_000 + Int64(generator.below(Int(max(faults.delay.nanoseconds, 1)))))
            queue.push(at: now + delay, to: to, packet: transmission.packet, from: rank)
        }
    }

    /// Lets everything that is on its way vanish.
    mutating func dropInFlight() {
        queue = MulticastQueue()
        for rank in wakes.indices { wakes[rank] = .distantFuture }
    }
}
