// What simulated guests' processors do: as much as the test says, as far as the guest is let.

package import CloudTypes
package import NodeContract
import Synchronization

struct SimulatedProcessors {
    /// How many of them the guest's system keeps busy.
    var wanted = 0.0
    /// nil: as many as it has.
    var limit: Double?
    private var seconds = 0.0
    private var since: Timestamp

    init(at now: Timestamp) { since = now }

    func seconds(at now: Timestamp) -> Double {
        seconds + min(wanted, limit ?? .infinity) * max(0, now.seconds(since: since))
    }

    /// What was done so far was done as before.
    mutating func change(at now: Timestamp, _ body: (inout SimulatedProcessors) -> Void) {
        (seconds, since) = (seconds(at: now), now)
        body(&self)
    }
}

extension SimulatedWorld {
    /// What the guest may use; nil: it was never told.
    package func processorLimit(of instance: InstanceID) -> Double? {
        contents.withLock { $0.processors[instance]?.limit }
    }
}

extension SimulatedNode {
    package func processorSeconds(of guests: [GuestRun]) async -> [InstanceID: Double] {
        let now = time.now
        return world.contents.withLock { contents in
            let running = guests.filter { contents.guests[$0.instance] == .running(launch: $0.launch) }
            return Dictionary(running.map { ($0.instance, contents.processors[$0.instance]?.seconds(at: now) ?? 0) }) {
                $1
            }
        }
    }

    package func limitProcessors(of guest: GuestRun, to processors: Double) async throws(NodeError) {
        guard change(of: guest.instance, launch: guest.launch, { $0.limit = processors }) else {
            throw .noSuchGuest(guest.instance)
        }
    }

    /// The guest's system keeps so many processors busy from now on, until its next launch.
    package func setLoad(_ processors: Double, of instance: InstanceID) {
        _ = change(of: instance, launch: nil) { $0.wanted = processors }
    }

    /// Returns whether such a guest runs.
    private func change(
        of instance: InstanceID, launch: Int?, _ body: (inout SimulatedProcessors) -> Void
    ) -> Bool {
        let now = time.now
        return world.contents.withLock { contents in
            guard case .running(let running) = contents.guests[instance], launch ?? running == running else {
                return false
            }
            contents.processors[instance, default: SimulatedProcessors(at: now)].change(at: now, body)
            return true
        }
    }
}
