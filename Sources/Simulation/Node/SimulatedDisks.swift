// The disks of simulated guests: plugged in, let go of, grown and limited while they run.

package import CloudTypes
package import NodeContract
import Synchronization

extension SimulatedNode {
    package func growVolume(
        _ volume: VolumeID, toGiB sizeGiB: Int, in guest: GuestRun?
    ) async throws(NodeError) {
        let failure: NodeError? = world.contents.withLock { contents in
            if let refusal = guest.flatMap({ contents.refusal(of: $0) }) { return refusal }
            guard let size = contents.volumes[volume]?.sizeGiB else { return .hostFailed("no volume \(volume)") }
            guard contents.disks.isOpen(volume, in: guest?.instance) else {
                return .hostFailed("\(volume) is elsewhere")
            }
            contents.volumes[volume]?.sizeGiB = max(size, sizeGiB)
            return nil
        }
        if let failure { throw failure }
    }

    package func attachVolume(_ disk: GuestSpec.Disk, to guest: GuestRun) async throws(NodeError) {
        let failure: NodeError? = world.contents.withLock { contents in
            if let refusal = contents.refusal(of: guest) { return refusal }
            guard contents.volumes[disk.volume] != nil else { return .hostFailed("no volume \(disk.volume)") }
            if contents.disks[guest.instance][disk.volume] != nil { return nil }
            guard contents.disks.takes(disk) else { return .hostFailed("\(disk.volume) is open elsewhere") }
            contents.disks[guest.instance][disk.volume] = disk
            return nil
        }
        if let failure { throw failure }
    }

    package func detachVolume(
        _ volume: VolumeID, from guest: GuestRun, force: Bool
    ) async throws(NodeError) -> Bool {
        let answer: Result<Bool, NodeError> = world.contents.withLock { contents in
            if let refusal = contents.refusal(of: guest) { return .failure(refusal) }
            guard contents.disks[guest.instance][volume] != nil else { return .success(true) }
            if contents.clinging.contains(guest.instance), !force { return .success(false) }
            contents.disks[guest.instance][volume] = nil
            return .success(force)
        }
        let isGone = try answer.get()
        let isFree = world.contents.withLock { $0.disks[guest.instance][volume] == nil }
        // A guest that was asked takes its time, and its machine tells when it is done.
        if !isGone, isFree { tell(.volumeDetached(volume, from: guest.instance)) }
        return isGone
    }

    package func limitVolume(
        _ volume: VolumeID, to limits: DiskLimits?, in guest: GuestRun
    ) async throws(NodeError) {
        let failure: NodeError? = world.contents.withLock { contents in
            if let refusal = contents.refusal(of: guest) { return refusal }
            guard contents.disks[guest.instance][volume] != nil else { return .hostFailed("no disk \(volume)") }
            contents.disks.limit(volume, to: limits)
            return nil
        }
        if let failure { throw failure }
    }
}

/// The disks of guests that run, and which guests have which volume open.
struct OpenDisks {
    private(set) var byGuest: [InstanceID: [VolumeID: GuestSpec.Disk]] = [:]
    private var holders: [VolumeID: Set<InstanceID>] = [:]

    /// The disks in the guest's machine; none where it does not run.
    subscript(guest: InstanceID) -> [VolumeID: GuestSpec.Disk] {
        get { byGuest[guest] ?? [:] }
        set {
            for volume in self[guest].keys {
                holders[volume]?.remove(guest)
                if holders[volume]?.isEmpty == true { holders[volume] = nil }
            }
            for volume in newValue.keys { holders[volume, default: []].insert(guest) }
            byGuest[guest] = newValue.isEmpty ? nil : newValue
        }
    }

    /// Whether the guest has the volume open; nil: nobody has.
    func isOpen(_ volume: VolumeID, in guest: InstanceID?) -> Bool {
        guard let guest else { return holders[volume] == nil }
        return holders[volume]?.contains(guest) == true
    }

    /// Whether one more guest may have it: all of them share it, or it is the only one.
    func takes(_ disk: GuestSpec.Disk) -> Bool {
        (holders[disk.volume] ?? []).allSatisfy { guest in
            disk.isShared == true && byGuest[guest]?[disk.volume]?.isShared == true
        }
    }

    /// What it may do in all guests that have it, together.
    mutating func limit(_ volume: VolumeID, to limits: DiskLimits?) {
        for guest in holders[volume] ?? [] { byGuest[guest]?[volume]?.limits = limits }
    }
}

extension SimulatedWorld.Contents {
    /// nil where that very guest runs.
    func refusal(of guest: GuestRun) -> NodeError? {
        guests[guest.instance] == .running(launch: guest.launch) ? nil : .noSuchGuest(guest.instance)
    }
}
