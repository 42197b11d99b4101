// What a guest did on its disks, and what its volumes' credits let it do next.

import Backends
import CloudTypes
import JSON
import Logging
import NodeContract
import QMP

extension Guest {
    /// Seconds between two looks at what was done.
    static let creditInterval = 10.0

    /// What was done on each disk since it was plugged in.
    func diskCounters(for guest: GuestRun) async throws(HypervisorError) -> [VolumeID: DiskCounters] {
        var counters: [VolumeID: DiskCounters] = [:]
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            counters = try await monitored { () throws(QMPError) in try await disks.counters() }
        }
        return counters
    }

    /// Settles the credits of the volumes that burst, and lets each do as much as they pay for.
    func keepCredits(in ledger: CreditLedger, at moment: Double) async {
        guard let run, diskLimits.values.contains(where: { $0.burst != nil }) else { return }
        do throws(HypervisorError) {
            for (volume, counters) in try await diskCounters(for: run) {
                guard let limits = diskLimits[volume], let burst = limits.burst else { continue }
                let bucket = await ledger.settle(
                    volume, counters.spent(limits, burst), of: "\(id)/\(run.launch)", burst, at: moment)
                let paid = limits.paid(by: bucket, lookingEvery: Guest.creditInterval)
                guard paid != (applied[volume] ?? limits) else { continue }
                try await apply(paid, to: volume, for: run)
            }
        } catch {
            guard case .monitorFailed = error else { return }
            logger.warning("a guest's disks could not be looked at", metadata: ["guest": "\(id)", "error": "\(error)"])
        }
    }
}
