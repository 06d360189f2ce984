import Foundation
import LightweightGroups
import Synchronization

/// Sends at a pace to one group after the other, from a thread of its own: a task would be woken by way of several
/// threads, which are still busy with that when its first message should be on its way.
final class Trickle: Sendable {
    private let isEnded = Atomic<Bool>(false)

    /// A message whose time has passed while the window was full is sent late, not left out.
    func start(_ groups: [Group], perSecond: Double, size: Int, orders: [Order]) {
        let thread = Thread { [self] in
            let start = Monotonic.nanoseconds
            var sent = 0
            while !isEnded.load(ordering: .relaxed) {
                let due = Int(Double(Monotonic.nanoseconds - start) / 1e9 * perSecond)
                var isFull = false
                while sent < due, !isFull, !isEnded.load(ordering: .relaxed) {
                    let order = orders[sent / groups.count % orders.count]
                    do {
                        try groups[sent % groups.count].tryMulticast(Worker.message(size: size), order: order)
                        sent += 1
                    } catch GroupError.wouldBlock {
                        isFull = true
                    } catch {
                        // A group that this node has left meanwhile takes no more; the others do.
                        sent += 1
                    }
                }
                Thread.sleep(forTimeInterval: isFull ? 1e-4 : max(2e-4, min(0.1, 1 / perSecond)))
            }
        }
        thread.name = "trickle"
        thread.start()
    }

    func end() { isEnded.store(true, ordering: .relaxed) }
}
