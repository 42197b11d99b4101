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

    /// Settles the credits of the volumes that burst, and of the guest where its type does, and lets each do as much as
    /// they pay for.
    func keepCredits(in ledger: CreditLedger, at moment: Double) async {
        // One whose memory is saved does nothing on its disks, and does not answer: others' credits do not wait for it.
        guard let run, !isHibernating else { return }
        let together = togetherLimits.flatMap { $0.bursts.isEmpty ? nil : $0 }
        guard together != nil || diskLimits.values.contains(where: { !$0.bursts.isEmpty }) else { return }
        do throws(HypervisorError) {
            let counters = try await diskCounters(for: run)
            for (volume, counters) in counters {
                guard let limits = diskLimits[volume], !limits.bursts.isEmpty else { continue }
                let paid = await ledger.settle(
                    limits, of: volume.description, ["\(id)/\(run.launch)": counters], at: moment,
                    lookingEvery: Guest.creditInterval)
                // A machine of an earlier run of ours may have been let do something else.
                guard paid != applied[volume] else { continue }
                try await apply(paid, to: volume, for: run)
            }
            guard let together else { return }
            let paid = await ledger.settle(
                together, of: id.description,
                Dictionary(counters.map { ("\(run.launch)/\($0.key)", $0.value) }) { $1 }, at: moment,
                lookingEvery: Guest.creditInterval)
            if paid != togetherApplied { try await applyTogether(paid, for: run) }
        } catch {
            guard case .monitorFailed = error else { return }
            logger.warning("a guest's disks could not be looked at", metadata: ["guest": "\(id)", "error": "\(error)"])
        }
    }

    private func applyTogether(_ limits: DiskLimits, for guest: GuestRun) async throws(HypervisorError) {
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            try await monitored { () throws(QMPError) in
                try await disks.limit(group: BlockNames.sharedGroup, to: limits)
            }
        }
        togetherApplied = limits
    }
}
