import Dispatch
import Glibc
import Synchronization
import Testing

@testable import EventLoop

@Suite("Look-ups of host names", .timeLimit(.minutes(5)))
struct HostResolverTests {
    /// Look-ups that end when they are let.
    final class Slow: Sendable {
        let gate = DispatchSemaphore(value: 0)
        let begun = DispatchSemaphore(value: 0)
        let asked = Mutex<[String]>([])
        let answered = Mutex<[String]>([])
        var resolver: HostResolver {
            HostResolver { [self] host in
                asked.withLock { $0.append(host.host) }
                begun.signal()
                gate.wait()
                return .success([.loopback(.ipv4, port: host.port)])
            }
        }
        func ask(_ resolver: HostResolver, _ name: String) {
            resolver.ask(HostPort(host: name, port: 7)) { answer in
                self.answered.withLock { $0.append((try? answer.get()) == nil ? "no \(name)" : name) }
            }
        }
    }

    @Test("names that nobody answers hold up no task, however many there are")
    func tasksGoOn() async {
        let slow = Slow()
        let resolver = slow.resolver
        let count = 2 * sysconf(Int32(_SC_NPROCESSORS_ONLN)) + 2
        for number in 0..<count { slow.ask(resolver, "n\(number)") }
        // More tasks than the pool has threads, each of which must run.
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<count { group.addTask { await Task.yield() } }
        }
        #expect(slow.answered.withLock { $0.isEmpty })
        for _ in 0..<count { slow.gate.signal() }
    }

    @Test("names are looked up in turn, and again when the thread had ended")
    func order() async {
        let slow = Slow()
        let resolver = slow.resolver
        for round in 0..<3 {
            for number in 0..<4 { slow.ask(resolver, "n\(number)") }
            for _ in 0..<4 { slow.gate.signal() }
            await withCheckedContinuation { continuation in
                slow.gate.signal()
                resolver.ask(HostPort(host: "last", port: 7)) { _ in continuation.resume() }
            }
            let expected = Array(repeating: ["n0", "n1", "n2", "n3"], count: round + 1).flatMap { $0 }
            #expect(slow.answered.withLock { $0 } == expected)
        }
    }

    @Test("names that wait are bounded in number, and those on top are refused")
    func bounded() {
        let slow = Slow()
        let resolver = slow.resolver
        slow.ask(resolver, "first")
        slow.begun.wait()
        for number in 0..<HostResolver.limit { slow.ask(resolver, "n\(number)") }
        #expect(slow.answered.withLock { $0.isEmpty })
        slow.ask(resolver, "last")
        #expect(slow.answered.withLock { $0 } == ["no last"])
        resolver.close()
        slow.gate.signal()
    }

    @Test("closing waits for no look-up, and nothing is answered or looked up after it")
    func closing() {
        let slow = Slow()
        weak var thread: HostResolver?
        do {
            let resolver = slow.resolver
            slow.ask(resolver, "first")
            slow.begun.wait()
            slow.ask(resolver, "second")
            resolver.close()
            slow.ask(resolver, "third")
            thread = resolver
        }
        for _ in 0..<3 { slow.gate.signal() }
        // The thread holds the resolver until it ends.
        while thread != nil { sched_yield() }
        #expect(slow.asked.withLock { $0 } == ["first"])
        #expect(slow.answered.withLock { $0.isEmpty })
    }

    @Test("an address in numbers needs no thread, and a name is looked up on one")
    func addresses() async throws {
        #expect(try await HostPort(parsing: "127.0.0.1:7").addresses() == [.loopback(.ipv4, port: 7)])
        #expect(try await HostPort(parsing: "localhost:7").addresses().allSatisfy(\.isLoopback))
        await #expect(throws: AddressError.self) { try await HostPort(parsing: "no-such-host.invalid:7").addresses() }
    }
}
