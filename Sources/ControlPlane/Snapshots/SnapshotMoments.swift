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

    /// Accepts an image of an instance. Where its guest is not rebooted for it, what is written afterwards is in none of
    /// its disks.
    ///
    /// - Throws: what `accept` throws; `Unavailable` as `takeSnapshots`, and then there is no image.
    package func makeImage(
        as caller: Caller, _ accept: (inout Transaction) throws(EC2Error) -> ImageRecord
    ) async throws(EC2Error) -> ImageID {
        let changes = changes()
        let image = try await transact(as: caller, accept)
        guard image.pausesInstance != true else { return image.id }
        // Not those that were there before: they are completed.
        let records = records
        let ids = image.blockDevices.compactMap { $0.ebs?.snapshot }.filter { records.snapshots[$0]?.state == .pending }
        if await !momentsAreHeld(of: ids, watching: changes) { try await giveUp(ids, as: caller) }
        return image.id
    }

    /// Returns once copies of the volume that were accepted have the moment at which they were.
    ///
    /// - Parameter undo: takes back with them what else was accepted.
    /// - Throws: `InvalidVolume.NotFound`; `Unavailable` as `takeSnapshots`, and then there are no such copies.
    package func holdCopies(
        of volume: VolumeID, as caller: Caller, watching changes: AsyncStream<CloudChange>,
        undo: @Sendable (inout Transaction) -> Void
    ) async throws(EC2Error) {
        let ids = records.momentsOfCopies(of: volume)
        if await !momentsAreHeld(of: ids, watching: changes) { try await giveUp(ids, as: caller, undo) }
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

    private func giveUp(
        _ ids: [SnapshotID], as caller: Caller, _ undo: @Sendable (inout Transaction) -> Void = { _ in }
    ) async throws(EC2Error) {
        let isGivenUp = try await transact(as: caller) { transaction throws(EC2Error) in
            // The moment may have come just now.
            let late = ids.filter { transaction.state.snapshots[$0]?.isMomentHeld == false }
            guard !late.isEmpty else { return false }
            for id in ids { transaction.discardWithWhatIsMadeOfIt(id) }
            undo(&transaction)
            return true
        }
        guard isGivenUp else { return }
        throw EC2Error(
            "Unavailable", "The volume is busy and its state could not be captured in time. Try again.",
            httpStatus: 503)
    }
}

extension Transaction {
    /// With the snapshot goes the image that is being made over it, or the volume that is to be a copy.
    fileprivate mutating func discardWithWhatIsMadeOfIt(_ id: SnapshotID) {
        if let copy = state.snapshots[id]?.copy { removeVolume(copy) }
        for image in state.images.all(where: IndexKey(.snapshot, id)) where image.state == .pending {
            delete(image.id, ImageRecord.self)
        }
        discardSnapshot(id)
    }
}
