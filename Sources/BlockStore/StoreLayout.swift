// Where everything lies in the store's folder, and how it is found again.

import CloudTypes

struct StoreLayout: Sendable {
    let directory: String
    var lock: String { directory + "/lock" }
    var format: String { "\(directory)/\(StoreFormat.fileName)" }
    var packs: String { directory + "/packs" }
    var snapshots: String { directory + "/snapshots" }
    var drafts: String { directory + "/drafts" }

    func manifest(_ id: SnapshotID) -> String { "\(snapshots)/\(id)" }
    func draft(_ id: SnapshotID) -> String { "\(drafts)/\(id)" }
    /// The manifest that a draft began as, under a second name.
    func parent(of id: SnapshotID) -> String { "\(drafts)/\(id)\(StoreLayout.parentSuffix)" }
    static let parentSuffix = ".parent"

    /// Reads what the folder is, or makes it a store where it is new.
    func openFormat(_ disk: any StoreDisk) throws(BlockStoreError) -> StoreFormat {
        let names = try disk.names(in: directory)
        if names.contains(StoreFormat.fileName) {
            return try StoreFormat(try disk.readAll(format), path: directory)
        }
        // A crash may have come while it was made.
        let ours: Set = ["lock", "packs", "snapshots", "drafts", StoreFormat.fileName + ".new"]
        guard ours.isSuperset(of: names) else {
            throw .notAStore(path: directory, reason: "it has other files, and no format file")
        }
        for folder in [packs, snapshots, drafts] {
            try disk.makeFolder(folder)
            guard try disk.names(in: folder).isEmpty else {
                throw .notAStore(path: directory, reason: "its format file is missing")
            }
        }
        let made = StoreFormat(seed: UInt32.random(in: 0...UInt32.max))
        try disk.replace(format, in: directory, with: Array(made.text.utf8))
        return made
    }
}

/// Finds snapshots and drafts, and takes away what a crash left half done.
struct CatalogRecovery {
    let disk: any StoreDisk
    let layout: StoreLayout

    func run() throws(BlockStoreError) -> BlockStore.Catalog {
        var catalog = BlockStore.Catalog()
        for name in try disk.names(in: layout.snapshots) {
            if name.hasSuffix(".new") {
                try disk.remove("\(layout.snapshots)/\(name)")
            } else if let id = SnapshotID(name) {
                catalog.snapshots.insert(id)
            }
        }
        let names = Set(try disk.names(in: layout.drafts))
        for name in names.sorted() { try recover(name, among: names, &catalog) }
        return catalog
    }

    private func recover(
        _ name: String, among names: Set<String>, _ catalog: inout BlockStore.Catalog
    ) throws(BlockStoreError) {
        let path = "\(layout.drafts)/\(name)"
        if name.hasSuffix(".new") { return try disk.remove(path) }
        if name.hasSuffix(StoreLayout.parentSuffix) {
            let draft = String(name.dropLast(StoreLayout.parentSuffix.count))
            if !names.contains(draft) { try disk.remove(path) }
            return
        }
        guard let id = SnapshotID(name) else { return }
        if catalog.snapshots.contains(id) {
            // It was committed.
            try disk.remove(path)
            return try disk.remove(layout.parent(of: id))
        }
        do throws(BlockStoreError) {
            let file = try DraftFile(disk, path: path, snapshot: id)
            let parent: ManifestFile? =
                if file.header.hasParent {
                    try ManifestFile(disk, path: layout.parent(of: id), snapshot: id, isOwn: false)
                } else { nil }
            catalog.drafts[id] = OpenDraft(file, parent: parent)
        } catch {
            catalog.damaged[id] = error
        }
    }
}
