// A guest that stands still for the blink of an eye, so that several processes hold one moment of what it writes.
// Follows: QEMU Machine Protocol, "stop" (returns when no request of the guest is under way), "cont".

import Backends
import JSON
import Logging
import NodeContract
import QMP

extension Guest {
    /// What QEMU calls such a machine; nobody else stops one.
    static let standingStatus = "paused"

    /// In its turn. Whatever becomes of this, it is to be told to go on.
    func stand(within limit: Duration) async throws(HypervisorError) {
        guard case .running(let running) = state, !running.isEnding else { return }
        isStanding = true
        do throws(QMPError) { try await running.monitor.execute("stop", within: limit) } catch {
            throw failure(.monitor(error))
        }
    }

    /// In its turn. A machine that does not hear it is told again by `goOnAgain`, or by the next run of ours.
    func goOn() async {
        guard isStanding else { return }
        guard case .running(let running) = state, !running.isEnding else { return isStanding = false }
        do throws(QMPError) {
            let status = try await running.monitor.execute("query-status")["status"]?.text
            // One that reset itself at that instant waits as if it had never run; one that waits for room does so on.
            if status == Guest.standingStatus || status == Guest.unbegunStatus {
                try await running.monitor.execute("cont")
            }
            isStanding = false
        } catch {
            logger.error("a guest stands still", metadata: ["guest": "\(id)", "error": "\(error)"])
        }
    }

    func goOnAgain() async {
        guard isStanding else { return }
        await turn.enter()
        defer { turn.leave() }
        await goOn()
    }
}
