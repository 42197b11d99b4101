// How a guest's machine is: whether its monitor answers that the processors may run, and whether its disks serve.

import Backends
import HostSystem
import JSON
import NodeContract
import QMP

extension Guest {
    /// A disk that failed is said to for so long, unless it fails again.
    private static let diskErrorMemory = Duration.seconds(60)

    func examine(_ guest: GuestRun) async -> MachineHealth {
        guard case .running(let running) = state, running.record.spec.launch == guest.launch else {
            return MachineHealth(isThere: false, hasDisks: true)
        }
        let status = try? await running.monitor.execute("query-status", within: .seconds(5))
        let hasFailedOfLate = lastDiskError.map { $0.duration(to: .now) < Guest.diskErrorMemory } ?? false
        return MachineHealth(
            isThere: Guest.isAlive(status?["status"]?.text), hasDisks: !isStarved && !hasFailedOfLate)
    }

    /// Whether a machine of that status runs, or stands still for a reason that is not its own.
    static func isAlive(_ status: String?) -> Bool {
        status.map { $0 != "internal-error" } ?? false
    }

    /// The guest was told that its disk failed.
    func diskFailed() {
        let isNews = lastDiskError == nil
        lastDiskError = .now
        if isNews { surroundings.report(.guestToExamine(id)) }
    }
}
