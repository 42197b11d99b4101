// Snapshots that a caller puts together block by block: how they begin, go on, and are given up.
// Source: EBS direct APIs Reference, "StartSnapshot", "CompleteSnapshot".

package import CloudTypes

/// How a snapshot is put together.
package struct BlockWriting: Sendable, Codable, Equatable {
    /// Minutes without a block after which it fails, 10 to 4,320.
    package var timeoutMinutes: Int
    /// Of the last block, up to a twentieth of the timeout earlier.
    package var lastWriteAt: Timestamp
    /// Of the snapshot that it began as, or its own id.
    package var lineage: String

    /// When to give up. It may come a twentieth late, never early.
    package var deadline: Timestamp { lastWriteAt.adding(seconds: Double(timeoutMinutes) * 63) }

    /// Whether a block at this moment has to be noted.
    package func isStale(at now: Timestamp) -> Bool {
        now.seconds(since: lastWriteAt) >= Double(timeoutMinutes) * 3
    }
}

/// What a new snapshot of blocks should be, every text parsed.
package struct BlockSnapshotOrder: Sendable {
    /// 1 to 65,536.
    package var sizeGiB: Int
    package var timeoutMinutes = 60
    package var description = ""
    package var tags: [String: String] = [:]
    /// One that the caller may use, completed, and no larger.
    package var parent: SnapshotRecord?
    /// Of a snapshot without parent: one with a parent has its key.
    package var keyID: String?
    package init(sizeGiB: Int) { self.sizeGiB = sizeGiB }
}

extension Transaction {
    /// Begins a snapshot whose blocks come afterwards.
    ///
    /// - Throws: `SnapshotLimitExceeded`.
    package mutating func startSnapshot(_ order: BlockSnapshotOrder) throws(EC2Error) -> SnapshotRecord {
        try checkQuota(adding: 1)
        var snapshot = SnapshotRecord(
            id: newID(), account: account, sizeGiB: order.sizeGiB, description: order.description, startedAt: now)
        // As for copies, AWS shows a volume that is none.
        (snapshot.volume, snapshot.origin) = (VolumeID("vol-ffffffff"), .blocks(areComplete: false))
        (snapshot.state, snapshot.tags, snapshot.parent) = (.pending, order.tags, order.parent?.id)
        snapshot.keyID = order.parent?.keyID ?? order.keyID
        snapshot.writing = BlockWriting(
            timeoutMinutes: order.timeoutMinutes, lastWriteAt: now,
            lineage: order.parent.map { state.lineage(of: $0) } ?? snapshot.id.description)
        put(snapshot)
        return snapshot
    }

    /// A block was put, and the caller may have told how far it is.
    package mutating func noteBlock(of id: SnapshotID, progress: Int?) {
        let now = now
        update(id) { (snapshot: inout SnapshotRecord) in
            guard snapshot.state == .pending else { return }
            snapshot.writing?.lastWriteAt = now
            if let progress { snapshot.progress = max(progress, snapshot.progress ?? 0) }
        }
    }

    /// All blocks of the snapshot were put. Nothing happens where it is not being put together.
    package mutating func sealSnapshot(_ id: SnapshotID) {
        update(id) { (snapshot: inout SnapshotRecord) in
            if snapshot.state == .pending { snapshot.origin = .blocks(areComplete: true) }
        }
    }
}

extension CloudState {
    /// What snapshots whose differences mean something have in common: their volume, or what they began as.
    package func lineage(of snapshot: SnapshotRecord) -> String {
        switch snapshot.origin {
        case .volume: snapshot.volume?.description ?? snapshot.id.description
        case .copy(let source): snapshots[source].map { lineage(of: $0) } ?? source.description
        case .blocks: snapshot.writing?.lineage ?? snapshot.id.description
        case nil: snapshot.id.description
        }
    }
}
