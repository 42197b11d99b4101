// Reads from a pack itself what lies in it. After a crash the last pack may end in records that were never promised:
// torn ones are left out, and what follows the last whole one is cut off.

/// What a pack holds.
struct PackScan: Equatable, Sendable {
    var entries: [PackEntry] = []
    /// Behind the last record.
    var endPage = 0

    private enum Item {
        case record(RecordHeader)
        case gap(page: Int, pages: Int)
    }

    /// - Parameter isLast: no pack was begun after this one, so that its end may never have been synced.
    static func scan(
        _ file: any StoreFile, pack: UInt32, seed: UInt32, isLast: Bool, coder: BlockCoder
    ) throws(BlockStoreError) -> PackScan {
        let items = try items(of: file, pack: pack, seed: seed)
        // What a record says of the pack's durable part was true before the record was written.
        var durablePages = isLast ? 0 : Int.max
        for case .record(let header) in items where isLast { durablePages = max(durablePages, header.durablePages) }
        var scan = PackScan()
        for item in items {
            switch item {
            case .gap(let page, let pages):
                if page >= durablePages { continue }
                scan.entries.append(PackEntry(fingerprint: 0, page: page, pages: pages, isDamaged: true))
                scan.endPage = page + pages
            case .record(let header):
                scan.endPage = header.page + header.pages
                if header.kind.contains(.tombstone) { continue }
                if header.page >= durablePages, try !isIntact(header, in: file, coder) { continue }
                scan.entries.append(
                    PackEntry(fingerprint: header.id.fingerprint, page: header.page, pages: header.pages))
            }
        }
        return scan
    }

    private static func isIntact(
        _ header: RecordHeader, in file: any StoreFile, _ coder: BlockCoder
    ) throws(BlockStoreError) -> Bool {
        let bytes = header.pages * RecordHeader.pageBytes
        let record = UnsafeMutableRawBufferPointer(rebasing: coder.record[..<bytes])
        return try file.read(into: record, at: header.page * RecordHeader.pageBytes) == bytes && coder.isIntact(header)
    }

    private static func items(of file: any StoreFile, pack: UInt32, seed: UInt32) throws(BlockStoreError) -> [Item] {
        let endPage = try file.size() / RecordHeader.pageBytes
        var items: [Item] = []
        var page = 0
        var gap: Int?
        while page < endPage {
            let header = try RecordHeader.read(from: file, pack: pack, page: page, seed: seed)
            if let header, page + header.pages <= endPage, header.isPlausible {
                if let gap { items.append(.gap(page: gap, pages: page - gap)) }
                gap = nil
                items.append(.record(header))
                page += header.pages
            } else {
                gap = gap ?? page
                guard let next = try file.nextData(from: (page + 1) * RecordHeader.pageBytes) else { break }
                page = max(page + 1, next / RecordHeader.pageBytes)
            }
        }
        if let gap { items.append(.gap(page: gap, pages: endPage - gap)) }
        return items
    }
}

extension RecordHeader {
    /// Whether a record of this length can be a block at all.
    fileprivate var isPlausible: Bool { kind.contains(.tombstone) || pages * Self.pageBytes <= BlockCoder.recordBytes }

    /// Nil where no header of a record at this place can be read.
    static func read(
        from file: any StoreFile, pack: UInt32, page: Int, seed: UInt32
    ) throws(BlockStoreError) -> RecordHeader? {
        let bytes = try file.read(count: byteCount, at: page * pageBytes)
        guard bytes.count == byteCount else { return nil }
        return bytes.withUnsafeBytes { buffer in
            buffer.baseAddress.flatMap { RecordHeader(at: $0, seed: seed, pack: pack, page: page) }
        }
    }
}
