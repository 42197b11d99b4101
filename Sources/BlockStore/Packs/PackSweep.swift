// Gives back the space of blocks that nobody uses: a pack without any block goes, in others they become holes.
// At no moment does a crash make a block that is in use unreadable, or one that is gone look as if it were there:
// index file away, tombstones, synced, holes, index file.

import Synchronization

/// One sweep over the packs, after everything in use was marked with `epoch`.
struct PackSweep {
    let packs: BlockPacks
    let epoch: UInt8
    private(set) var freedBlocks = 0
    private(set) var freedPages = 0

    init(_ packs: BlockPacks, epoch: UInt8) { (self.packs, self.epoch) = (packs, epoch) }

    mutating func run() throws(BlockStoreError) {
        let hasGarbage = packs.index.withLock { $0.table.unmarked(epoch).blocks > 0 }
        if hasGarbage { try packs.seal() }
        for pack in packs.index.withLock({ $0.sealed }).sorted() { try sweep(pack) }
        try packs.disk.sync(folder: packs.files.folder)
    }

    private mutating func sweep(_ pack: UInt32) throws(BlockStoreError) {
        let known = packs.files.readIndex(of: pack)
        let contents = if let known { known } else { try scanned(pack) }
        let (kept, dropped) = sort(contents.entries, of: pack)
        if kept.isEmpty {
            packs.index.withLock { _ = $0.sealed.remove(pack) }
            return try packs.files.remove(pack)
        }
        let left = PackIndexFile(entries: kept, endPage: contents.endPage)
        let file = try packs.files.file(pack)
        if dropped > 0 || known == nil {
            try packs.files.removeIndex(pack)
            try bury(left, in: file, pack: pack)
            try file.sync()
        }
        // A crash may have come between tombstones and holes.
        let expected = left.holes.reduce(contents.endPage) { $0 - $1.count } * RecordHeader.pageBytes
        if try file.allocatedBytes() > expected + (64 << 10) || dropped > 0 {
            for hole in left.holes {
                try file.punch(
                    at: hole.lowerBound * RecordHeader.pageBytes, count: hole.count * RecordHeader.pageBytes)
            }
        }
        if dropped > 0 || known == nil { try packs.files.writeIndex(left, of: pack) }
    }

    private func scanned(_ pack: UInt32) throws(BlockStoreError) -> PackIndexFile {
        let file = try packs.files.file(pack)
        let scan = try PackScan.scan(file, pack: pack, seed: packs.seed, isLast: false, coder: BlockCoder())
        return PackIndexFile(entries: scan.entries, endPage: scan.endPage)
    }

    /// Takes what is not marked out of the table, a few at a time, so that nobody waits for long.
    private mutating func sort(_ entries: [PackEntry], of pack: UInt32) -> (kept: [PackEntry], dropped: Int) {
        var kept: [PackEntry] = []
        for start in stride(from: 0, to: entries.count, by: 256) {
            kept += packs.index.withLock { index in
                entries[start..<min(start + 256, entries.count)].filter { entry in
                    if entry.isDamaged { return true }
                    let place = entry.place(in: pack)
                    if index.table.isMarked(entry.fingerprint, place, epoch) { return true }
                    index.table.remove(entry.fingerprint, place)
                    return false
                }
            }
        }
        let dropped = entries.count - kept.count
        freedBlocks += dropped
        freedPages += entries.reduce(0) { $0 + $1.pages } - kept.reduce(0) { $0 + $1.pages }
        return (kept, dropped)
    }

    /// Writes a tombstone at the beginning of each part without blocks.
    private func bury(_ left: PackIndexFile, in file: any StoreFile, pack: UInt32) throws(BlockStoreError) {
        for part in left.emptyParts {
            let header = RecordHeader.tombstone(pack: pack, page: part.lowerBound, pages: part.count)
            var bytes = [UInt8](repeating: 0, count: RecordHeader.byteCount)
            bytes.withUnsafeMutableBytes { buffer in
                if let start = buffer.baseAddress { header.write(to: start, seed: packs.seed) }
            }
            try file.write(bytes, at: part.lowerBound * RecordHeader.pageBytes)
        }
    }
}

extension PackIndexFile {
    /// The pages between, before and behind the entries.
    var emptyParts: [Range<Int>] {
        var parts: [Range<Int>] = []
        var page = 0
        for entry in entries {
            if entry.page > page { parts.append(page..<entry.page) }
            page = entry.endPage
        }
        if endPage > page { parts.append(page..<endPage) }
        return parts
    }

    /// The same without the page that each tombstone stands in.
    fileprivate var holes: [Range<Int>] {
        emptyParts.compactMap { $0.count > 1 ? $0.lowerBound + 1..<$0.upperBound : nil }
    }
}
