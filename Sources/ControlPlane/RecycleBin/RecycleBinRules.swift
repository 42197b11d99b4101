// What goes to the recycle bin, comes back from it, or leaves it for good.
// Source: EBS User Guide, "How Recycle Bin works".

package import CloudTypes

extension Transaction {
    /// The stay of a resource that is deleted now; nil: no rule keeps it. Of several rules the longest counts.
    func binStay(
        of type: RetentionRuleRecord.ResourceType, tags: [String: String]
    ) -> BinStay? {
        let rules = state.retentionRules.all(of: account).filter { $0.resourceType == type && $0.matches(tags) }
        guard let days = rules.map(\.retentionDays).max() else { return nil }
        return BinStay(enteredAt: now, leavesAt: now.adding(seconds: Double(days) * 86_400))
    }

    /// - Throws: `InvalidSnapshot.NotFound` for what is not in the caller's bin.
    package mutating func restoreSnapshot(_ id: SnapshotID) throws(EC2Error) -> SnapshotRecord {
        var snapshot: SnapshotRecord = try owned(id)
        guard snapshot.state == .recoverable else { throw .notFound(id) }
        (snapshot.state, snapshot.binStay) = (.completed, nil)
        put(snapshot)
        return snapshot
    }

    /// - Throws: `InvalidAMIID.NotFound` for what is not in the caller's bin; `InvalidAMIName.Duplicate` where another
    ///   image took its name meanwhile.
    package mutating func restoreImage(_ id: ImageID) throws(EC2Error) {
        guard var image = state.images[id], image.account == account, image.binStay != nil else { throw .notFound(id) }
        let others = state.images.all(where: IndexKey(.name, text: image.name))
        if let other = others.first(where: { $0.account == account }) {
            throw EC2Error(
                "InvalidAMIName.Duplicate", "AMI name \(image.name) is already in use by AMI \(other.id)")
        }
        (image.state, image.binStay) = (.available, nil)
        put(image)
    }

    /// What stayed its time goes for good.
    mutating func emptyBins() {
        for snapshot in state.snapshots.all where snapshot.state == .recoverable {
            guard let stay = snapshot.binStay, stay.leavesAt <= now else { continue }
            discardSnapshot(snapshot.id)
        }
        var isEmptied = false
        for var image in state.images.all {
            guard let stay = image.binStay, stay.leavesAt <= now else { continue }
            image.binStay = nil
            put(image)
            isEmptied = true
        }
        if isEmptied { forgetUnusedImages() }
    }
}
