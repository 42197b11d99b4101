// Reads into a volume that is open what it has not of its snapshot, by a job of QEMU's own that outlives us.
// Follows: QEMU documentation, "Live Block Device Operations" (block-stream).

import Backends
import CloudTypes
import JSON
import Logging
import NodeContract
import QMP

extension DiskOwner {
    func fill(_ volume: VolumeID, at rate: Int, for guest: GuestRun) async throws(HypervisorError) -> Bool {
        let names = BlockNames(volume)
        var isFilled = false
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            isFilled = try await monitored { () throws(QMPError) in try await disks.fill(names, at: rate) }
        }
        return isFilled
    }

    func fillPosition(of volume: VolumeID, for guest: GuestRun) async throws(HypervisorError) -> Int? {
        var position: Int64?
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            position = try await monitored { () throws(QMPError) in
                try await disks.progress(of: BlockNames(volume).fill)
            }
        }
        return position.map { Int($0) }
    }

    func endFill(of names: BlockNames, in disks: GuestDisks) async throws(QMPError) {
        try await cancel(names.fill, in: disks)
    }

    /// The job is gone, done or not: whoever wanted it asks again.
    func fillEnded(_ volume: VolumeID) {
        tell(failedFills.remove(volume) == nil ? .volumeFilled(volume) : .volumeFillFailed(volume))
    }

    func jobFailed(_ job: String, _ error: String) {
        guard let volume = BlockNames.volume(ofFill: job) else { return }
        logger.error("a volume was not filled", metadata: ["volume": "\(volume)", "error": "\(error)"])
        failedFills.insert(volume)
    }
}

extension BlockNames {
    /// nil for other jobs.
    static func volume(ofFill job: String) -> VolumeID? {
        job.hasSuffix(fillSuffix) ? VolumeID(String(job.dropLast(fillSuffix.count))) : nil
    }
}

extension GuestDisks {
    /// Begins where nothing is in the way. Returns whether the volume has all of its snapshot.
    func fill(_ names: BlockNames, at rate: Int) async throws(QMPError) -> Bool {
        let view = try await look()
        guard view.nodes[names.data] != nil, view.nodes[names.backing(0)] != nil else { return true }
        guard view.overlays.contains(names.data) else {
            try await monitor.execute("blockdev-del", ["node-name": .string(names.backing(0))])
            return true
        }
        // While a moment is held, its job has the volume for itself.
        let isHeld = view.descriptors.keys.contains { use in
            use.hasPrefix("\(names.volume)/")
                && SnapshotID(String(use.dropFirst(names.volume.description.count + 1))) != nil
        }
        guard !isHeld, try await !jobs().contains(names.fill) else { return false }
        try await monitor.execute(
            "block-stream",
            ["job-id": .string(names.fill), "device": .string(names.data), "speed": .integer(Int64(rate))])
        return false
    }
}
