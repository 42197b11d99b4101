// What is asked of volumes that guests have: of the guest's machine, or of what serves a volume to several guests.

package import Backends
package import CloudTypes
package import NodeContract

extension QEMUHypervisor {
    package nonisolated var hotPlugSlots: Int { configuration.spareSlots }

    package func attach(
        _ disk: GuestSpec.Disk, _ file: VolumeFile, holding moments: [GuestMoment], to guest: GuestRun
    ) async throws(HypervisorError) {
        let machine = try existing(guest.instance)
        let file = try await join(disk, file, holding: moments, guest)
        do throws(HypervisorError) {
            try await machine.attach(disk, file, holding: disk.isShared == true ? [] : moments, for: guest)
        } catch {
            if case .noSuchGuest = error { await servers.leave(guest.instance, upTo: guest.launch) }
            throw error
        }
    }

    package func detach(
        _ volume: VolumeID, from guest: GuestRun, force: Bool
    ) async throws(HypervisorError) -> Bool {
        let isGone = try await existing(guest.instance).detach(volume, for: guest, force: force)
        if isGone { await servers.serving(volume)?.leave(guest.instance, upTo: guest.launch) }
        return isGone
    }

    package func grow(
        _ volume: VolumeID, toGiB sizeGiB: Int, in guest: GuestRun
    ) async throws(HypervisorError) {
        try await owner(of: volume, for: guest).grow(volume, toGiB: sizeGiB, for: guest)
        try await forEachSharing(volume) { machine, guest, folder throws(HypervisorError) in
            try await machine.renew(volume, folder, toGiB: sizeGiB, for: guest)
        }
    }

    package func limit(
        _ volume: VolumeID, to limits: DiskLimits?, in guest: GuestRun
    ) async throws(HypervisorError) {
        try await owner(of: volume, for: guest).limit(volume, to: limits, for: guest)
        // What is a hole is read without being counted where it is served: no guest alone may do more either.
        try await forEachSharing(volume) { machine, guest, _ throws(HypervisorError) in
            try await machine.limit(volume, to: limits, for: guest)
        }
    }

    package func fill(_ volume: VolumeID, at rate: Int, in guest: GuestRun) async throws(HypervisorError) -> Bool {
        try await owner(of: volume, for: guest).fill(volume, at: rate, for: guest)
    }

    package func fillPosition(of volume: VolumeID, in guest: GuestRun) async throws(HypervisorError) -> Int? {
        try await owner(of: volume, for: guest).fillPosition(of: volume, for: guest)
    }

    // MARK: shared volumes

    package func share(_ volume: VolumeID, with guest: GuestRun) async -> Bool {
        await servers.welcome(guest, to: volume)
    }

    package func serve(
        _ volume: VolumeID, _ file: VolumeFile, holding moments: [GuestMoment]
    ) async throws(HypervisorError) {
        try await servers.serving(volume)?.serveAgain(file, holding: moments)
    }

    // MARK: beyond the protocol

    /// Whether guests share the volume, or one has it that others may share it with.
    package func isServed(_ volume: VolumeID) async -> Bool { await servers.serving(volume) != nil }

    /// What the guest did on each of its disks since it was plugged in.
    package func diskCounters(of guest: GuestRun) async throws(HypervisorError) -> [VolumeID: DiskCounters] {
        try await existing(guest.instance).diskCounters(for: guest)
    }

    // MARK: helpers

    /// The process that has the volume open for the guest.
    func owner(of volume: VolumeID, for guest: GuestRun) async throws(HypervisorError) -> any DiskOwner {
        if let server = await servers.serving(volume) { return server }
        return try existing(guest.instance)
    }

    /// Returns what the guest opens: a shared volume's file is opened by its server alone.
    func join(
        _ disk: GuestSpec.Disk, _ file: VolumeFile, holding moments: [GuestMoment], _ guest: GuestRun
    ) async throws(HypervisorError) -> VolumeFile {
        guard disk.isShared == true else { return file }
        let server = servers.server(of: disk.volume)
        try await server.join(
            guest, file, holding: moments, limits: disk.limits, as: try userID(of: disk.volume.description))
        var shared = VolumeFile(path: file.path, format: file.format)
        shared.sharedFolder = server.folder.shared
        return shared
    }

    /// The machines to which a shared volume is served; none where it is not. One that ended meanwhile finds all as it is to
    /// be when it is next booted.
    private func forEachSharing(
        _ volume: VolumeID, _ body: (Guest, GuestRun, SharedVolumeFolder) async throws(HypervisorError) -> Void
    ) async throws(HypervisorError) {
        guard let server = await servers.serving(volume) else { return }
        for guest in await server.users {
            guard let machine = known[guest.instance] else { continue }
            do throws(HypervisorError) { try await body(machine, guest, server.folder.shared) } catch {
                guard case .noSuchGuest = error else { throw error }
            }
        }
    }
}
