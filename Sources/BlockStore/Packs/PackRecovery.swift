// Opens the packs: what lies in them is read from their index files, or from themselves where those are missing.

extension BlockPacks {
    /// - Parameter packPages: how long a pack may become.
    static func open(
        _ disk: any StoreDisk, folder: String, seed: UInt32, packPages: Int
    ) throws(BlockStoreError) -> BlockPacks {
        let files = PackFiles(disk: disk, folder: folder)
        var recovery = PackRecovery(disk: disk, files: files, seed: seed)
        try recovery.run()
        return BlockPacks(
            disk: disk, files: files, seed: seed, packPages: packPages, tail: recovery.tail, index: recovery.index)
    }
}

private struct PackRecovery {
    let disk: any StoreDisk
    let files: PackFiles
    let seed: UInt32
    let coder = BlockCoder()
    var index = BlockPacks.Index()
    var tail = BlockPacks.TailState(nextPack: 1)

    mutating func run() throws(BlockStoreError) {
        var packs: [UInt32] = []
        var indexed: [UInt32] = []
        for name in try disk.names(in: files.folder) {
            if let pack = PackFiles.number(name, suffix: ".pack") { packs.append(pack) }
            if let pack = PackFiles.number(name, suffix: ".index") { indexed.append(pack) }
            if name.hasSuffix(".new") { try disk.remove("\(files.folder)/\(name)") }
        }
        for pack in indexed where !packs.contains(pack) { try disk.remove(files.indexPath(pack)) }
        let last = packs.max()
        for pack in packs.sorted() { try open(pack, isLast: pack == last) }
        tail.nextPack = (last ?? 0) + 1
    }

    private mutating func open(_ pack: UInt32, isLast: Bool) throws(BlockStoreError) {
        if let known = files.readIndex(of: pack) {
            index.sealed.insert(pack)
            return try add(known.entries, of: pack)
        }
        let file = try files.file(pack)
        let scan = try PackScan.scan(file, pack: pack, seed: seed, isLast: isLast, coder: coder)
        if isLast {
            // Read from memory, it may not be on the disk; and what was cut off must not come back.
            try file.truncate(to: scan.endPage * RecordHeader.pageBytes)
            try file.sync()
            tail.tail = BlockPacks.Tail(
                pack: pack, file: file, entries: scan.entries, endPage: scan.endPage, durablePages: scan.endPage,
                begunPages: scan.endPage)
        } else {
            index.sealed.insert(pack)
            try? files.writeIndex(PackIndexFile(entries: scan.entries, endPage: scan.endPage), of: pack)
        }
        try add(scan.entries, of: pack)
    }

    private mutating func add(_ entries: [PackEntry], of pack: UInt32) throws(BlockStoreError) {
        for entry in entries where !entry.isDamaged {
            let place = entry.place(in: pack)
            let others = index.table.places(entry.fingerprint)
            if !others.isEmpty, let id = try id(at: place) {
                // A block that was found damaged was stored anew behind: the later one counts.
                for other in others where try self.id(at: other) == id { index.table.remove(entry.fingerprint, other) }
            }
            index.table.insert(entry.fingerprint, place, mark: 0)
        }
    }

    private func id(at place: BlockPlace) throws(BlockStoreError) -> BlockID? {
        try RecordHeader.read(from: files.file(place.pack), pack: place.pack, page: Int(place.page), seed: seed)?.id
    }
}
