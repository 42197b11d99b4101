// Moments of volumes that guests have: each is held by the process that has its volume open. Several processes hold one
// while the guests that have volumes in more than one of them stand still. Decision 0032 tells why.

package import Backends
package import CloudTypes
import Logging
package import NodeContract

/// What one process holds of a moment.
private struct MomentPart: Sendable {
    let owner: any DiskOwner
    let guest: GuestRun
    var moments: [GuestMoment]
}

extension QEMUHypervisor {
    package func hold(_ moments: [GuestMoment], in guests: [VolumeID: GuestRun]) async throws(HypervisorError) {
        var parts: [MomentPart] = []
        for moment in moments {
            guard let guest = guests[moment.volume] else { throw .hostFailed("no guest has \(moment.volume)") }
            let owner = try await owner(of: moment.volume, for: guest)
            if let place = parts.firstIndex(where: { $0.owner === owner }) {
                parts[place].moments.append(moment)
            } else {
                parts.append(MomentPart(owner: owner, guest: guest, moments: [moment]))
            }
        }
        if parts.count > 1 {
            try await holdAtOnce(parts)
        } else if let part = parts.first {
            try await part.owner.hold(part.moments, for: part.guest)
        }
    }

    package func isOpen(_ volume: VolumeID, for guest: GuestRun) async -> Bool {
        await (try? owner(of: volume, for: guest))?.isRunning(for: guest) ?? false
    }

    package func holds(
        _ snapshot: SnapshotID, of volume: VolumeID, in guest: GuestRun
    ) async throws(HypervisorError) -> Bool {
        try await owner(of: volume, for: guest).holds(snapshot, for: guest)
    }

    package func read(
        _ moment: GuestMoment, changedSince parent: SnapshotID?, in guest: GuestRun
    ) async throws(HypervisorError) -> MomentSource {
        try await owner(of: moment.volume, for: guest).read(moment, changedSince: parent, for: guest)
    }

    package func letGo(
        of moment: GuestMoment, keepingChangesSince kept: Set<SnapshotID>?, in guest: GuestRun
    ) async throws(HypervisorError) -> Bool {
        try await owner(of: moment.volume, for: guest).letGo(of: moment, keeping: kept, for: guest)
    }

    // MARK: several processes

    /// Longest time that a guest stands still; where it does not do, no moment is held.
    private static let longestStand = Duration.seconds(5)

    /// All turns are had before anybody stands still, so that nothing else is waited for meanwhile.
    private func holdAtOnce(_ parts: [MomentPart]) async throws(HypervisorError) {
        let standing = await machines(sharing: parts)
        var owners = parts.map(\.owner)
        for machine in standing where !owners.contains(where: { $0 === machine }) { owners.append(machine) }
        owners.sort { $0.name < $1.name }
        for owner in owners { await owner.turn.enter() }
        defer { for owner in owners { owner.turn.leave() } }
        do throws(HypervisorError) {
            var ready: [GuestDisks.ReadyMoments] = []
            for part in parts { ready.append(try await part.owner.prepare(part.moments, for: part.guest)) }
            let began = ContinuousClock.now
            let outcome = await arm(parts, ready, while: standing, until: began + QEMUHypervisor.longestStand)
            for machine in standing { await machine.goOn() }
            try outcome.get()
            logger.info(
                "guests stood still for one moment of their volumes",
                metadata: [
                    "guests": "\(standing.map(\.name))", "processes": "\(parts.count)",
                    "duration": "\(began.duration(to: .now))",
                ])
        } catch {
            for part in parts { await part.owner.undo(part.moments, for: part.guest) }
            throw error
        }
    }

    private func arm(
        _ parts: [MomentPart], _ ready: [GuestDisks.ReadyMoments], while standing: [Guest],
        until end: ContinuousClock.Instant
    ) async -> Result<Void, HypervisorError> {
        func left() -> Duration { max(.zero, ContinuousClock.now.duration(to: end)) }
        do throws(HypervisorError) {
            for machine in standing { try await machine.stand(within: left()) }
            for (part, moments) in zip(parts, ready) {
                try await part.owner.arm(moments, for: part.guest, within: left())
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// The guests that run with volumes in more than one of the processes: each of them is to see one instant.
    private func machines(sharing parts: [MomentPart]) async -> [Guest] {
        var counts: [GuestRun: Int] = [:]
        for part in parts { for guest in await part.owner.users(with: part.guest) { counts[guest, default: 0] += 1 } }
        var machines: [Guest] = []
        for (guest, count) in counts where count > 1 {
            guard let machine = known[guest.instance], await machine.isRunning(for: guest) else { continue }
            machines.append(machine)
        }
        return machines.sorted { $0.name < $1.name }
    }
}
