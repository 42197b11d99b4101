// A snapshot holds the volume as it was when the call was answered: the answer waits until the node holds the moment.

package import CloudTypes

extension Cloud {
    /// Seconds that a caller waits for the moment, for instance of a volume whose guest is on its way up.
    package static let momentPatience = 20.0

    /// Accepts snapshots, and returns them once what is written afterwards is in none of them.
    ///
    /// - Parameter accept: makes the records.
    /// - Throws: what `accept` throws; `Unavailable` where the moment could not be held in time, and then there are none.
    package func takeSnapshots(
        as caller: Caller, _ accept: (inout Transaction) throws(EC2Error) -> [SnapshotRecord]
    ) async throws(EC2Error) -> [SnapshotRecord] {
        let changes = changes()
        let ids = try await transact(as: caller, accept).map(\.id)
        if await !momentsAreHeld(of: ids, watching: changes) {
            try await giveUp(ids, as: caller)
        }
        let records = records
        return ids.compactMap { records.snapshots[$0] }
    }

    private func momentsAreHeld(of ids: [SnapshotID], watching changes: AsyncStream<CloudChange>) async -> Bool {
        if isSettled(ids) { return true }
        let deadline = now.adding(seconds: Cloud.momentPatience)
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in changes where self.isSettled(ids) { return true }
                return false
            }
            group.addTask {
                try? await self.time.sleep(until: deadline)
                return false
            }
            let isHeld = await group.next() ?? false
            group.cancelAll()
            return isHeld
        }
    }

    /// Whether of each it is known that its moment is held, or that it never will be.
    private func isSettled(_ ids: [SnapshotID]) -> Bool {
        let records = records
        return ids.allSatisfy { id in
            guard let snapshot = records.snapshots[id] else { return true }
            return snapshot.isMomentHeld != false || snapshot.state != .pending
        }
    }

    private func giveUp(_ ids: [SnapshotID], as caller: Caller) async throws(EC2Error) {
        let isGivenUp = try await transact(as: caller) { transaction throws(EC2Error) in
            // The moment may have come just now.
            let late = ids.filter { transaction.state.snapshots[$0]?.isMomentHeld == false }
            guard !late.isEmpty else { return false }
            for id in ids { transaction.discardSnapshot(id) }
            return true
        }
        guard isGivenUp else { return }
        throw EC2Error(
            "Unavailable", "The volume is busy and its state could not be captured in time. Try again.",
            httpStatus: 503)
    }
}
