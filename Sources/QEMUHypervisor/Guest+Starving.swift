// A guest whose write finds the host's disk full stands still, its write undone, until there is room: it never learns of it.
// Follows: QEMU documentation, block error policy `enospc`: the machine is stopped, and `cont` tries the write again.

import Backends
import HostSystem
import JSON
import Logging
import NodeContract
import QMP

extension Guest {
    /// What QEMU calls such a machine.
    static let starvedStatus = "io-error"
    /// Room that there must be before it is tried again: a guest that stops at its next write is of no use.
    private static let enoughRoom = 64 << 20

    func starved() {
        guard !isStarved else { return }
        isStarved = true
        surroundings.report(.guestToExamine(id))
        logger.error(
            "the disk is full: a guest stands still until there is room",
            metadata: ["guest": "\(id)", "free": "\(DiskSpace.free(at: directory.path))"])
    }

    /// Looks now and then: a disk tells nobody that it has room. Not while it stands still for a moment.
    func goOnWhereThereIsRoom() async {
        guard isStarved else { return }
        await turn.enter()
        defer { turn.leave() }
        guard isStarved else { return }
        guard case .running(let running) = state, !running.isEnding else { return isStarved = false }
        guard DiskSpace.free(at: directory.path) >= Guest.enoughRoom else { return }
        // A write that finds it full again says so anew.
        isStarved = false
        do throws(QMPError) {
            let status = try await running.monitor.execute("query-status")
            guard status["status"]?.text == Guest.starvedStatus else { return }
            try await running.monitor.execute("cont")
            surroundings.report(.guestToExamine(id))
            logger.notice("there is room on the disk: a guest goes on", metadata: ["guest": "\(id)"])
        } catch {
            isStarved = true
            logger.warning("a guest could not go on", metadata: ["guest": "\(id)", "error": "\(error)"])
        }
    }
}
