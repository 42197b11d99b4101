// Snapshots as manifests of content-addressed blocks, in one folder that one process holds. Knows no EC2 and no guest.
// Every call blocks while the disk works: callers bring a thread of their own. All calls may be made at once.

package import CloudTypes
import Synchronization

package final class BlockStore: Sendable {
    package struct Options: Sendable {
        /// How long a pack may become, in bytes; at most 255 MiB.
        package var packBytes = 255 << 20
        package init() {}
    }

    /// Which snapshots there are, and who works on them.
    struct Catalog: Sendable {
        var snapshots: Set<SnapshotID> = []
        var drafts: [SnapshotID: OpenDraft] = [:]
        /// Drafts that are being made.
        var reserved: Set<SnapshotID> = []
        /// Drafts that cannot be read. As long as they are there nothing is collected.
        var damaged: [SnapshotID: BlockStoreError] = [:]
        var readers: [ObjectIdentifier: ManifestFile] = [:]

        func isFree(_ id: SnapshotID) -> Bool {
            !snapshots.contains(id) && drafts[id] == nil && !reserved.contains(id) && damaged[id] == nil
        }
    }

    let disk: any StoreDisk
    let layout: StoreLayout
    let packs: BlockPacks
    let catalog: Mutex<Catalog>
    /// One collection, explanation or figure at a time.
    let maintenance = Mutex<Void>(())
    private let lock: any Sendable

    /// Opens the store in a folder, which is made where it is absent. What a crash left half done is taken away;
    /// nothing that was acknowledged is.
    ///
    /// - Throws: `.alreadyInUse`, `.newerFormat`, `.notAStore`, or why the disk refuses.
    package convenience init(directory: String, options: Options = Options()) throws(BlockStoreError) {
        try self.init(directory: directory, disk: HostDisk(), options: options)
    }

    package init(
        directory: String, disk: any StoreDisk, options: Options = Options()
    ) throws(BlockStoreError) {
        self.disk = disk
        layout = StoreLayout(directory: directory)
        try disk.makeFolder(directory)
        lock = try disk.lock(layout.lock)
        let format = try layout.openFormat(disk)
        packs = try BlockPacks.open(
            disk, folder: layout.packs, seed: format.seed, packPages: options.packBytes / RecordHeader.pageBytes)
        catalog = Mutex(try CatalogRecovery(disk: disk, layout: layout).run())
    }

    // MARK: Snapshots

    package func snapshots() -> [SnapshotID] { catalog.withLock { $0.snapshots.sorted() } }

    package func contains(_ id: SnapshotID) -> Bool { catalog.withLock { $0.snapshots.contains(id) } }

    /// Opens a snapshot for reading.
    ///
    /// - Throws: `.noSuchSnapshot`, `.wrongKey`, `.corruptManifest`.
    package func snapshot(_ id: SnapshotID, key: BlockKey? = nil) throws(BlockStoreError) -> Snapshot {
        let file = try catalog.withLock { (catalog) throws(BlockStoreError) in
            guard catalog.snapshots.contains(id) else { throw .noSuchSnapshot(id) }
            let file = try ManifestFile(disk, path: layout.manifest(id), snapshot: id)
            catalog.readers[ObjectIdentifier(file)] = file
            return file
        }
        guard file.header.keyCheck == key?.check ?? .none else {
            letGo(of: file)
            throw .wrongKey(id)
        }
        return Snapshot(file, key: key, store: self)
    }

    func letGo(of file: ManifestFile) {
        catalog.withLock { _ = $0.readers.removeValue(forKey: ObjectIdentifier(file)) }
    }

    /// Deletes a snapshot, in whatever order; durable on return. `collect` gives the space back.
    package func delete(_ id: SnapshotID) throws(BlockStoreError) {
        try catalog.withLock { (catalog) throws(BlockStoreError) in
            guard catalog.snapshots.contains(id) else { throw .noSuchSnapshot(id) }
            // What it was made of goes first, durably: it must not be taken for a draft once the snapshot is gone.
            try removeFiles(of: id)
            try disk.sync(folder: layout.drafts)
            try disk.remove(layout.manifest(id))
            catalog.snapshots.remove(id)
        }
        try disk.sync(folder: layout.snapshots)
    }

    // MARK: Drafts

    /// Ids of snapshots in the making.
    package func drafts() -> [SnapshotID] { catalog.withLock { $0.drafts.keys.sorted() } }

    /// Begins a snapshot.
    ///
    /// - Parameters:
    ///   - volumeBytes: 1 byte to 64 TiB.
    ///   - parent: a snapshot whose blocks it has where nothing else is put; it may be deleted meanwhile.
    ///   - key: what blocks are sealed with; the parent's, if there is one.
    /// - Throws: `.snapshotExists` also for a draft of that id, `.noSuchSnapshot`, `.wrongKey`, `.sizeOutOfRange`.
    package func begin(
        _ id: SnapshotID, volumeBytes: Int, parent: SnapshotID? = nil, key: BlockKey? = nil
    ) throws(BlockStoreError) -> SnapshotDraft {
        guard volumeBytes > 0, volumeBytes <= Block.limit * Block.byteCount else { throw .sizeOutOfRange(volumeBytes) }
        let origin: Snapshot? = if let parent { try snapshot(parent, key: key) } else { nil }
        try catalog.withLock { (catalog) throws(BlockStoreError) in
            guard catalog.isFree(id) else {
                throw .snapshotExists(id)
            }
            catalog.reserved.insert(id)
        }
        defer { catalog.withLock { _ = $0.reserved.remove(id) } }
        var header = ManifestHeader(
            kind: .draft, snapshot: id, volumeBytes: volumeBytes, rowCount: 0, keyCheck: key?.check ?? .none)
        header.hasParent = origin != nil
        let open = try make(header, parent: origin)
        catalog.withLock { $0.drafts[id] = open }
        return SnapshotDraft(store: self, open: open, key: key)
    }

    /// The parent's second name is durable before the draft is, so that no draft is ever without it.
    private func make(_ header: ManifestHeader, parent: Snapshot?) throws(BlockStoreError) -> OpenDraft {
        let path = layout.draft(header.snapshot)
        try disk.remove(layout.parent(of: header.snapshot))
        do throws(BlockStoreError) {
            if let parent {
                try keep(parent.id, for: header.snapshot)
                try disk.sync(folder: layout.drafts)
            }
            let file = try DraftFile(making: header, disk, path: path, folder: layout.drafts)
            return OpenDraft(file, parent: parent?.file)
        } catch {
            for name in [path, path + ".new", layout.parent(of: header.snapshot)] { try? disk.remove(name) }
            throw error
        }
    }

    /// Gives a manifest a second name, under which it stays when its snapshot is deleted.
    private func keep(_ parent: SnapshotID, for draft: SnapshotID) throws(BlockStoreError) {
        try catalog.withLock { (catalog) throws(BlockStoreError) in
            guard catalog.snapshots.contains(parent) else { throw .noSuchSnapshot(parent) }
            try disk.link(layout.manifest(parent), to: layout.parent(of: draft))
        }
    }

    /// Goes on with a draft, after a crash too. Any number of threads may.
    ///
    /// - Throws: `.noSuchDraft`, `.wrongKey`.
    package func draft(_ id: SnapshotID, key: BlockKey? = nil) throws(BlockStoreError) -> SnapshotDraft {
        let (known, damage) = catalog.withLock { ($0.drafts[id], $0.damaged[id]) }
        if let damage { throw damage }
        guard let open = known else { throw .noSuchDraft(id) }
        guard open.file.header.keyCheck == key?.check ?? .none else { throw .wrongKey(id) }
        return SnapshotDraft(store: self, open: open, key: key)
    }

    func commit(_ draft: SnapshotDraft) throws(BlockStoreError) {
        let open = draft.open
        try close(open)
        var isCommitted = false
        defer { if !isCommitted { open.pending.withLock { $0.isClosed = false } } }
        try open.flush(packs)
        var writer = try ManifestWriter(disk, path: layout.manifest(open.id))
        do throws(BlockStoreError) {
            var rows = try MergedRows(open)
            while let row = try rows.next() { try writer.append(row) }
            var header = open.file.header
            (header.kind, header.rowCount) = (.manifest, writer.rowCount)
            try writer.commit(header, in: layout.snapshots)
        } catch {
            writer.abandon()
            throw error
        }
        isCommitted = true
        catalog.withLock { catalog in
            catalog.snapshots.insert(open.id)
            catalog.drafts[open.id] = nil
        }
        // The snapshot exists: a draft beside it that cannot be removed now is removed when the store is opened.
        try? removeFiles(of: open.id)
    }

    /// Only one may commit or discard a draft, and nothing is put meanwhile.
    private func close(_ open: OpenDraft) throws(BlockStoreError) {
        try open.pending.withLock { (pending) throws(BlockStoreError) in
            if pending.isClosed { throw .noSuchDraft(open.id) }
            pending.isClosed = true
        }
    }

    /// Takes a draft away, also one that cannot be read.
    package func discard(_ id: SnapshotID) throws(BlockStoreError) {
        let (draft, isDamaged) = catalog.withLock { ($0.drafts[id], $0.damaged[id] != nil) }
        guard let open = draft else {
            guard isDamaged else { throw .noSuchDraft(id) }
            try removeFiles(of: id)
            try disk.sync(folder: layout.drafts)
            return catalog.withLock { $0.damaged[id] = nil }
        }
        try close(open)
        do throws(BlockStoreError) {
            try removeFiles(of: id)
            try disk.sync(folder: layout.drafts)
        } catch {
            open.pending.withLock { $0.isClosed = false }
            throw error
        }
        catalog.withLock { _ = $0.drafts.removeValue(forKey: id) }
    }

    private func removeFiles(of id: SnapshotID) throws(BlockStoreError) {
        try disk.remove(layout.draft(id))
        try disk.remove(layout.parent(of: id))
    }
}
