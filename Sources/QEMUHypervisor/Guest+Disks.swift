// What is asked of a running guest's disks, one change after another, and the guest's own word that a disk is gone.

import Backends
import CloudTypes
import HostSystem
import JSON
import Logging
import NodeContract
import QMP

extension Guest {
    /// Longest time a guest gets to let go of a disk while somebody waits; afterwards an event tells.
    static let departurePatience = Duration.seconds(2)

    func attach(
        _ disk: GuestSpec.Disk, _ file: VolumeFile, holding moments: [GuestMoment], for guest: GuestRun
    ) async throws(HypervisorError) {
        let names = BlockNames(disk.volume)
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            let view = try await monitored { () throws(QMPError) in try await disks.look() }
            guard !view.isPlugged(names) else {
                guard view.isSevered(names) else { return }
                throw .impossible("the guest still holds \(disk.volume), which was taken from it by force")
            }
            try await takeBack(names, from: disks)
            do throws(GuestDisks.Failure) { try await disks.plug(disk, file, holding: moments) } catch {
                // What was added is of no use; should this fail too, the next call takes it back.
                try? await takeBack(names, from: disks)
                throw error
            }
        }
        if diskLimits[disk.volume] == nil { diskLimits[disk.volume] = disk.limits }
    }

    func detach(_ volume: VolumeID, for guest: GuestRun, force: Bool) async throws(HypervisorError) -> Bool {
        var isGone = false
        let names = BlockNames(volume)
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            isGone = try await monitored { () throws(QMPError) in
                try await self.remove(names, from: disks, force: force)
            }
        }
        if isGone { (diskLimits[volume], applied[volume]) = (nil, nil) }
        return isGone
    }

    func grow(_ volume: VolumeID, toGiB sizeGiB: Int, for guest: GuestRun) async throws(HypervisorError) {
        let names = BlockNames(volume)
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            let view = try await monitored { () throws(QMPError) in try await disks.look() }
            guard view.nodes[names.data] != nil else { throw .impossible("the guest has no \(volume)") }
            try await monitored { () throws(QMPError) in
                // A volume that is being filled cannot grow; whoever wants it filled asks again.
                try await self.endFill(of: names, in: disks)
                try await disks.grow(names, toBytes: Int64(sizeGiB) << 30, view)
            }
        }
    }

    /// The guest sees that a shared volume has grown where it is served.
    func renew(
        _ volume: VolumeID, _ folder: SharedVolumeFolder, toGiB sizeGiB: Int, for guest: GuestRun
    ) async throws(HypervisorError) {
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            try await disks.renew(BlockNames(volume), folder, toBytes: Int64(sizeGiB) << 30)
        }
    }

    /// What the volume may do from now on, here and in what a later run of ours finds of the guest.
    func limit(_ volume: VolumeID, to limits: DiskLimits?, for guest: GuestRun) async throws(HypervisorError) {
        try await apply(limits, to: volume, for: guest)
        diskLimits[volume] = limits
        remember { spec in
            for place in spec.disks.indices where spec.disks[place].volume == volume {
                spec.disks[place].limits = limits
            }
        }
    }

    func apply(_ limits: DiskLimits?, to volume: VolumeID, for guest: GuestRun) async throws(HypervisorError) {
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            try await monitored { () throws(QMPError) in try await disks.limit(BlockNames(volume), to: limits) }
        }
        applied[volume] = limits
    }

    /// The machine says that a device is gone.
    func departed(_ device: String) {
        guard let volume = VolumeID(device) else { return }
        if let waiting = departures.removeValue(forKey: device) { return waiting.happen() }
        guard let run else { return }
        Task { await self.tidy(volume, run) }
    }

    // MARK: helpers

    /// What the type of the guest that runs lets all of its disks do.
    var togetherLimits: DiskLimits? {
        guard case .running(let running) = state else { return nil }
        return running.record.spec.diskLimits
    }

    /// nil where it does not run, or is about to end.
    var run: GuestRun? {
        guard case .running(let running) = state, !running.isEnding else { return nil }
        return GuestRun(instance: id, launch: running.record.spec.launch)
    }

    /// A disk left that nobody waits for any more: its files are closed, and that is told.
    private func tidy(_ volume: VolumeID, _ guest: GuestRun) async {
        let names = BlockNames(volume)
        do throws(HypervisorError) {
            try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
                let view = try await monitored { () throws(QMPError) in try await disks.look() }
                // It may have been plugged in again while this waited for its turn.
                guard !view.isPlugged(names) else { return }
                try await monitored { () throws(QMPError) in
                    try await disks.clear(names, self.endJobs(of: names, view, in: disks))
                }
                (diskLimits[volume], applied[volume]) = (nil, nil)
                surroundings.report(.volumeDetached(volume, from: id))
            }
        } catch {
            logger.warning("a disk that left was not tidied up", metadata: ["guest": "\(id)", "error": "\(error)"])
        }
    }

    private func remove(_ names: BlockNames, from disks: GuestDisks, force: Bool) async throws(QMPError) -> Bool {
        var view = try await disks.look()
        if view.isPlugged(names) {
            let isGone = departures[names.device] ?? Occasion()
            departures[names.device] = isGone
            do throws(QMPError) { try await disks.askToLetGo(of: names) } catch {
                departures[names.device] = nil
                throw error
            }
            await departure(of: names.device, isGone)
            view = try await disks.look()
        }
        if !view.isPlugged(names) {
            try await disks.clear(names, endJobs(of: names, view, in: disks))
            return true
        }
        if force {
            try await disks.sever(names, endJobs(of: names, view, in: disks))
        }
        // What was taken by force before is as free as what the guest let go of.
        return force || (view.isSevered(names) && view.nodes[names.file] == nil)
    }

    /// Returns once the device left, or the guest's patience is over.
    private func departure(of device: String, _ isGone: Occasion) async {
        let deadline = Task {
            try await Task.sleep(for: Guest.departurePatience)
            self.giveUp(waitingFor: device)
        }
        defer { deadline.cancel() }
        await isGone.wait()
    }

    private func giveUp(waitingFor device: String) { departures.removeValue(forKey: device)?.happen() }

    func isRunning(for guest: GuestRun) -> Bool { observation == .running(launch: guest.launch) }

    func users(with guest: GuestRun) -> [GuestRun] { [guest] }

    func disks(for guest: GuestRun) throws(HypervisorError) -> GuestDisks {
        guard case .running(let running) = state, !running.isEnding, running.record.spec.launch == guest.launch else {
            throw .noSuchGuest(id)
        }
        return GuestDisks(monitor: running.monitor)
    }

    func failure(_ failure: GuestDisks.Failure) -> HypervisorError {
        // A guest that ended meanwhile is gone, not broken.
        guard case .running(let running) = state, running.process.end == nil else { return .noSuchGuest(id) }
        return switch failure {
        case .monitor(let error): .monitorFailed(id, "\(error)")
        case .host(let error): .hostFailed(error.description)
        case .impossible(let text): .hostFailed("\(id): \(text)")
        }
    }
}
