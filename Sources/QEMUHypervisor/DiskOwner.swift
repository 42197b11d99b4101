// Whoever owns a process that has volumes open: a guest's machine, or one that serves a volume to several guests. What is
// asked of moments and of filling is the same of both.

import Backends
import CloudTypes
import Logging
import NodeContract
import QMP

protocol DiskOwner: Actor {
    /// Of the instance or the volume; several turns are taken in the order of these.
    nonisolated var name: String { get }
    nonisolated var logger: Logger { get }
    /// One change of the disks after another.
    nonisolated var turn: Gate { get }
    /// Where the process serves moments of its volumes.
    nonisolated var momentsSocket: String { get }
    /// Who waits for a job of the block layer to be gone.
    var jobEnds: [String: Occasion] { get set }
    /// Volumes whose filling failed, until its job is gone.
    var failedFills: Set<VolumeID> { get set }

    nonisolated func tell(_ event: NodeEvent)
    /// What is to be changed in the owner's turn, for that guest: a machine has disks of one launch alone, what serves a
    /// volume has it for whoever shares it.
    func disks(for guest: GuestRun) throws(HypervisorError) -> GuestDisks
    func failure(_ failure: GuestDisks.Failure) -> HypervisorError
    /// Whether the process runs that has the guest's volumes open.
    func isRunning(for guest: GuestRun) -> Bool
    /// The guests that write to what the process has open, whichever of them is asked for.
    func users(with guest: GuestRun) -> [GuestRun]
    /// Grows the volume's file; one of that size or more is left as it is.
    func grow(_ volume: VolumeID, toGiB sizeGiB: Int, for guest: GuestRun) async throws(HypervisorError)
    func limit(_ volume: VolumeID, to limits: DiskLimits?, for guest: GuestRun) async throws(HypervisorError)
}

extension DiskOwner {
    func withDisks(
        for guest: GuestRun, _ body: (GuestDisks) async throws(GuestDisks.Failure) -> Void
    ) async throws(HypervisorError) {
        await turn.enter()
        defer { turn.leave() }
        let disks = try disks(for: guest)
        do throws(GuestDisks.Failure) { try await body(disks) } catch { throw failure(error) }
    }

    func monitored<Value>(
        _ body: () async throws(QMPError) -> Value
    ) async throws(GuestDisks.Failure) -> Value {
        do throws(QMPError) { return try await body() } catch { throw .monitor(error) }
    }

    /// Removes what there is of a disk that is not plugged in.
    func takeBack(_ names: BlockNames, from disks: GuestDisks) async throws(GuestDisks.Failure) {
        try await monitored { () throws(QMPError) in
            let view = try await disks.look()
            guard !view.isPlugged(names) else { return }
            try await disks.clear(names, self.endJobs(of: names, view, in: disks))
        }
    }
}
