import Foundation
import LightweightGroups

/// The node processes of a chaos run through all their incarnations, and the faults that are in force.
actor ChaosCluster {
    struct Place {
        let number: Int
        let name: String
        var node: ClusterNode?
        var address: String?
        var starts = 0
        /// Something befalls it.
        var isTaken = false
        var isPaused = false
    }

    nonisolated let plan: ChaosPlan
    nonisolated let directory: String
    nonisolated let cluster = "chaos-\(getpid())"
    private(set) var places: [Place]
    private(set) var traces: [String] = []
    /// What ended although nobody ended it.
    private(set) var crashes: [String] = []
    private(set) var isCalm = false

    private var noise = InjectedFaults()
    private var cuts: [Int: (pairs: [[Int]], unlinks: Bool, mutes: Bool)] = [:]
    private var nextCut = 0
    private var serial = 0
    private let log: FileHandle?
    private let began = Monotonic.nanoseconds

    init(_ plan: ChaosPlan, directory: String) throws {
        self.plan = plan
        self.directory = directory
        places = plan.names.enumerated().map { Place(number: $0, name: $1) }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: directory + "/acts.log", contents: nil)
        log = FileHandle(forWritingAtPath: directory + "/acts.log")
    }

    // MARK: Life and death

    /// Starts the next incarnation of a node.
    /// - Parameter elsewhere: at another address, because the last incarnation still has its own.
    func start(_ number: Int, elsewhere: Bool = false) async throws {
        let kept = elsewhere ? nil : places[number].address
        do {
            try await launch(number, at: kept ?? "127.0.0.1:0")
        } catch {
            // Another program may have got the port meanwhile.
            guard kept != nil else { throw error }
            note("\(places[number].name) cannot have \(kept ?? "") again: \(error)")
            try await launch(number, at: "127.0.0.1:0")
        }
    }

    private func launch(_ number: Int, at address: String) async throws {
        places[number].starts += 1
        let life = places[number].starts
        let name = places[number].name
        let trace = "\(directory)/\(name)-\(life).jsonl"
        var arguments = ["worker", "--name", name, "--listen", address, "--cluster", cluster, "--trace", trace]
        for name in plan.names { arguments += ["--node", name] }
        for place in places where place.number != number {
            if let address = place.address { arguments += ["--peer", address] }
        }
        let settings = [
            "membership.initial=\(plan.names.joined(separator: ","))", "node.stateDirectory=\(directory)/state",
            "mapping.pins=x/*=x,y/*=y", "log.level=info",
        ]
        for setting in settings { arguments += ["--set", setting] }
        arguments += plan.workerOptions
        if let config = plan.config { arguments += ["--config", config] }
        if !number.isMultiple(of: 2) { arguments.append("--explicit-holds") }
        traces.append(trace)
        let node = try ClusterNode(
            number: number, name: name, arguments: arguments, errors: "\(directory)/\(name)-\(life).log", apart: true)
        let listen: String
        do {
            listen = try await node.ready()
        } catch {
            node.process.kill()
            throw error
        }
        places[number].node = node
        places[number].address = listen
        places[number].isPaused = false
        let table = plan.table
        try await node.ask(.table(names: table.names, members: table.members))
        inject(into: number)
        if !isCalm { node.tell(.roam(plan.roaming(number, start: life))) }
        note("\(name) is there, start \(life)")
    }

    /// Takes the node out of its place; the caller ends it.
    func remove(_ number: Int) -> ClusterNode? {
        defer { places[number].node = nil }
        return places[number].node
    }

    func kill(_ number: Int) {
        guard let node = remove(number) else { return }
        note("kill \(node.name)")
        node.process.kill()
    }

    func pause(_ number: Int) {
        note("pause \(places[number].name)")
        places[number].isPaused = true
        places[number].node?.process.signal(SIGSTOP)
    }

    func resume(_ number: Int) {
        note("resume \(places[number].name)")
        places[number].node?.process.signal(SIGCONT)
        places[number].isPaused = false
    }

    /// False when something befalls one of them already.
    func take(_ numbers: [Int]) -> Bool {
        guard numbers.allSatisfy({ !places[$0].isTaken && places[$0].node != nil }) else { return false }
        for number in numbers { places[number].isTaken = true }
        return true
    }

    func release(_ numbers: [Int]) { for number in numbers { places[number].isTaken = false } }

    /// Nodes that run and answer, by number.
    var awake: [ClusterNode] { places.filter { !$0.isPaused }.compactMap(\.node) }

    /// Looks whether a process ended by itself.
    func watch() {
        for place in places {
            guard let node = place.node, let end = node.process.ownEnd() else { continue }
            crashes.append("\(place.name), start \(place.starts), ended by itself: \(end)")
            note("CRASH \(crashes.last ?? "")")
            places[place.number].node = nil
        }
    }

    /// All at once: stopped first, so that none has time to notice the others' end.
    func killAll() {
        for place in places { place.node?.process.signal(SIGSTOP) }
        for number in places.indices { kill(number) }
    }

    // MARK: The network

    func make(_ fresh: InjectedFaults) {
        noise = fresh
        injectAll()
    }

    /// Pairs of who does not reach whom; the number is for `heal`.
    func cut(_ pairs: [[Int]], unlinks: Bool, mutes: Bool = true) -> Int {
        nextCut += 1
        cuts[nextCut] = (pairs, unlinks, mutes)
        injectAll()
        return nextCut
    }

    func heal(_ cut: Int) {
        cuts[cut] = nil
        injectAll()
    }

    /// Another round begins: nodes go about their groups again.
    func unrest(_ round: Int) {
        note("round \(round)")
        isCalm = false
        for place in places {
            place.node?.tell(.roam(plan.roaming(place.number, start: round * 1_000 + place.starts)))
        }
    }

    /// No faults any more.
    func calm() {
        note("quiet")
        isCalm = true
        noise = InjectedFaults()
        cuts = [:]
        injectAll()
    }

    private func injectAll() { for number in places.indices { inject(into: number) } }

    private func inject(into number: Int) {
        guard let node = places[number].node else { return }
        serial += 1
        var faults = noise
        faults.seed = plan.seed &+ UInt64(serial)
        for cut in cuts.values {
            if cut.mutes { faults.muted += cut.pairs.filter { $0[0] == number }.map { places[$0[1]].name } }
            guard cut.unlinks else { continue }
            faults.unlinked += cut.pairs.filter { $0.contains(number) }.map {
                places[$0[0] == number ? $0[1] : $0[0]].name
            }
        }
        node.tell(.inject(faults, serial: serial))
    }

    // MARK: The log

    /// What happened, with the monotonic clock of the traces, for whoever reads them.
    func note(_ text: String) {
        let now = Monotonic.nanoseconds
        log?.write(Data("\(now) \((now - began) / 1_000_000) ms: \(text)\n".utf8))
    }

    /// The trace in which the run itself says that the faults have stopped.
    func writeQuiet() throws {
        let file = directory + "/chaos.jsonl"
        try "{\"t\":\(Monotonic.nanoseconds),\"p\":\"chaos.1\",\"ev\":\"quiet\"}\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        traces.append(file)
    }

    /// Bytes of all traces so far.
    func traceBytes() -> Int {
        traces.reduce(0) { sum, file in
            let attributes = try? FileManager.default.attributesOfItem(atPath: file)
            return sum + ((attributes?[.size] as? Int) ?? 0)
        }
    }
}
