// Finds out which blocks are in use, while snapshots are made, read and deleted.
// What is put or found by a put during that time gets the epoch's mark from the put itself; everything else that is in
// use stands in a manifest, a draft or a reader's manifest. Those are marked until there is none that was not.

import CloudTypes
import Synchronization

struct Marking {
    let store: BlockStore
    let epoch: UInt8
    /// A snapshot that is left out, to learn what is stored for it alone.
    let excluded: SnapshotID?
    private var snapshots: Set<SnapshotID> = []
    private var drafts: Set<ObjectIdentifier> = []
    private var readers: Set<ObjectIdentifier> = []

    /// Begins an epoch.
    init(_ store: BlockStore, excluding excluded: SnapshotID? = nil) {
        (self.store, self.excluded) = (store, excluded)
        epoch = store.packs.index.withLock { index in
            index.epoch = index.epoch == 255 ? 1 : index.epoch + 1
            return index.epoch
        }
    }

    private enum Work {
        case snapshot(SnapshotID)
        case draft(OpenDraft)
        case reader(ManifestFile)
    }

    /// - Throws: `.corruptManifest` where a manifest or draft cannot be read: then nobody knows what is in use.
    mutating func run() throws(BlockStoreError) {
        while true {
            let work = try left()
            if work.isEmpty { return }
            for piece in work { try mark(piece) }
        }
    }

    /// What there is now and was not marked. Objects are held by who asked for them, so none takes another's identity.
    private func left() throws(BlockStoreError) -> [Work] {
        let catalog = store.catalog.withLock { $0 }
        if let damage = catalog.damaged.values.first { throw damage }
        return catalog.drafts.values.filter { !drafts.contains(ObjectIdentifier($0)) }.map { .draft($0) }
            + catalog.readers.values.filter {
                !readers.contains(ObjectIdentifier($0)) && $0.header.snapshot != excluded
            }
            .map { .reader($0) }
            + catalog.snapshots.subtracting(snapshots).filter { $0 != excluded }.map { .snapshot($0) }
    }

    private mutating func mark(_ work: Work) throws(BlockStoreError) {
        switch work {
        case .snapshot(let id):
            snapshots.insert(id)
            if let file = try manifest(of: id) { _ = try mark(file) }
        case .reader(let file):
            readers.insert(ObjectIdentifier(file))
            _ = try mark(file)
        case .draft(let draft):
            drafts.insert(ObjectIdentifier(draft))
            try mark(draft)
        }
    }

    /// Nil where the snapshot has been deleted meanwhile.
    private func manifest(of id: SnapshotID) throws(BlockStoreError) -> ManifestFile? {
        try store.catalog.withLock { (catalog) throws(BlockStoreError) in
            guard catalog.snapshots.contains(id) else { return nil }
            return try ManifestFile(store.disk, path: store.layout.manifest(id), snapshot: id)
        }
    }

    /// Rows that wait are looked at before the file: on their way from one to the other none is missed.
    private func mark(_ draft: OpenDraft) throws(BlockStoreError) {
        for (_, waiting) in draft.pending.withLock({ $0.rows }) {
            if case .block(let id) = waiting.row { mark([id]) }
        }
        var rows = draft.file.rows()
        while let (_, row) = try rows.next() {
            if case .block(let id) = row { mark([id]) }
        }
        if let parent = draft.parent { _ = try mark(parent) }
    }

    /// - Returns: the pages of those blocks that had no mark.
    func mark(_ file: ManifestFile) throws(BlockStoreError) -> (blocks: Int, pages: Int) {
        var found = (blocks: 0, pages: 0)
        for number in 0..<file.pageCount {
            let more = mark(try file.page(number).rows.map(\.id))
            found = (found.blocks + more.blocks, found.pages + more.pages)
        }
        return found
    }

    @discardableResult
    private func mark(_ ids: [BlockID]) -> (blocks: Int, pages: Int) {
        store.packs.index.withLock { index in
            var found = (blocks: 0, pages: 0)
            for id in ids {
                let pages = index.table.mark(id.fingerprint, epoch)
                if pages > 0 { found = (found.blocks + 1, found.pages + pages) }
            }
            return found
        }
    }
}
