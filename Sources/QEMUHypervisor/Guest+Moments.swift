// What is asked about moments of the volumes that a process has open.

import Backends
import CloudTypes
import JSON
import NodeContract
import QMP

extension DiskOwner {
    func hold(_ moments: [GuestMoment], for guest: GuestRun) async throws(HypervisorError) {
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            try await monitored { () throws(QMPError) in
                // No moment can be held of a volume that is being filled; whoever wants it filled asks again.
                for moment in moments { try await self.endFill(of: BlockNames(moment.volume), in: disks) }
            }
            try await disks.hold(moments)
        }
    }

    /// In the owner's turn, as are the two below: makes ready what is held together with moments of others.
    func prepare(_ moments: [GuestMoment], for guest: GuestRun) async throws(HypervisorError) -> GuestDisks.ReadyMoments
    {
        let disks = try disks(for: guest)
        do throws(GuestDisks.Failure) {
            try await monitored { () throws(QMPError) in
                for moment in moments { try await self.endFill(of: BlockNames(moment.volume), in: disks) }
            }
            return try await disks.prepare(moments)
        } catch { throw failure(error) }
    }

    func arm(
        _ ready: GuestDisks.ReadyMoments, for guest: GuestRun, within limit: Duration
    ) async throws(HypervisorError) {
        let disks = try disks(for: guest)
        do throws(GuestDisks.Failure) { try await disks.arm(ready, within: limit) } catch { throw failure(error) }
    }

    /// The moments are of another instant than the rest, or would be: they go, and with them what is known of changes, whose
    /// records end and begin with the attempt.
    func undo(_ moments: [GuestMoment], for guest: GuestRun) async {
        guard let disks = try? disks(for: guest) else { return }
        for moment in moments {
            try? await end(MomentNames(moment), in: disks)
            try? await disks.dropBitmaps(of: moment.volume, keeping: [])
        }
    }

    func holds(_ snapshot: SnapshotID, for guest: GuestRun) async throws(HypervisorError) -> Bool {
        var isHeld = false
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            isHeld = try await monitored { () throws(QMPError) in
                try await disks.jobs().contains(snapshot.description)
            }
        }
        return isHeld
    }

    func read(
        _ moment: GuestMoment, changedSince parent: SnapshotID?, for guest: GuestRun
    ) async throws(HypervisorError) -> MomentSource {
        var source: MomentSource?
        let path = momentsSocket
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            source = try await disks.serve(moment, changedSince: parent, at: path)
        }
        guard let source else { throw .hostFailed("\(moment.snapshot) is not served") }
        return source
    }

    func letGo(
        of moment: GuestMoment, keeping kept: Set<SnapshotID>?, for guest: GuestRun
    ) async throws(HypervisorError) -> Bool {
        let names = MomentNames(moment)
        var hasVolume = false
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            try await monitored { () throws(QMPError) in
                try await self.end(names, in: disks)
                if let kept { try await disks.dropBitmaps(of: moment.volume, keeping: kept) }
                hasVolume = try await disks.look().nodes[BlockNames(moment.volume).data] != nil
            }
        }
        return hasVolume
    }

    /// The volume leaves the guest, or is taken from it: its moments are in their files, closed in good order. Returns
    /// what is there then.
    func endJobs(
        of names: BlockNames, _ view: GuestDisks.View, in disks: GuestDisks
    ) async throws(QMPError) -> GuestDisks.View {
        try await endFill(of: names, in: disks)
        for use in view.descriptors.keys where use.hasPrefix("\(names.volume)/") {
            guard let snapshot = SnapshotID(String(use.dropFirst(names.volume.description.count + 1))) else { continue }
            let moment = GuestMoment(snapshot: snapshot, volume: names.volume)
            try await end(MomentNames(moment), in: disks)
        }
        return try await disks.look()
    }

    private func end(_ names: MomentNames, in disks: GuestDisks) async throws(QMPError) {
        let exports = try await disks.monitor.execute("query-block-exports").elements ?? []
        if exports.contains(where: { $0["id"]?.text == names.moment }) {
            try await disks.monitor.execute("block-export-del", ["id": .string(names.moment), "mode": "hard"])
        }
        try await cancel(names.moment, in: disks)
        try await disks.clear(names, try await disks.look())
    }

    /// Returns once the job is gone.
    func cancel(_ job: String, in disks: GuestDisks) async throws(QMPError) {
        guard try await disks.jobs().contains(job) else { return }
        let isGone = jobEnds[job] ?? Occasion()
        jobEnds[job] = isGone
        do throws(QMPError) { try await disks.monitor.execute("job-cancel", ["id": .string(job)]) } catch {
            // It came to its own end meanwhile.
            guard case .refused = error else { throw error }
        }
        // Its end may have been told to nobody, where the monitor's connection was lost.
        if try await !disks.jobs().contains(job) { jobEnded(job) }
        await isGone.wait()
    }

    func jobEnded(_ job: String) {
        jobEnds.removeValue(forKey: job)?.happen()
        if let volume = BlockNames.volume(ofFill: job) { fillEnded(volume) }
    }
}
