// A committed manifest, read page by page: however large the volume, a few pages are in memory.

import CloudTypes
import Synchronization

/// Stays readable after its snapshot was deleted, as long as it is held.
final class ManifestFile: Sendable {
    let header: ManifestHeader
    private let file: any StoreFile
    let pageCount: Int
    private let recent = Mutex<[Int: ManifestPage]>([:])
    private static let recentLimit = 48

    /// - Parameter isOwn: whether the manifest is the snapshot's own, and not what its draft began as.
    init(
        _ disk: any StoreDisk, path: String, snapshot: SnapshotID, isOwn: Bool = true
    ) throws(BlockStoreError) {
        file = try disk.open(path, .existing)
        let bytes = try file.read(count: ManifestHeader.byteCount, at: 0)
        do throws(ManifestHeader.Flaw) {
            header = try ManifestHeader(bytes, kind: .manifest)
        } catch {
            switch error {
            case .newer(let version): throw .newerFormat(version)
            case .damaged: throw .corruptManifest(snapshot, reason: "its first page is damaged")
            }
        }
        guard !isOwn || header.snapshot == snapshot else {
            throw .corruptManifest(snapshot, reason: "it is of \(header.snapshot)")
        }
        pageCount = (header.rowCount + ManifestPage.rowLimit - 1) / ManifestPage.rowLimit
    }

    /// - Throws: `.corruptManifest` where the page is damaged or missing.
    func page(_ number: Int) throws(BlockStoreError) -> ManifestPage {
        if let known = recent.withLock({ $0[number] }) { return known }
        let bytes = try file.read(
            count: ManifestPage.byteCount, at: ManifestHeader.byteCount + number * ManifestPage.byteCount)
        guard let page = ManifestPage(bytes, number: number) else {
            throw .corruptManifest(header.snapshot, reason: "page \(number) is damaged")
        }
        let isLast = number == pageCount - 1
        let expected = isLast ? header.rowCount - number * ManifestPage.rowLimit : ManifestPage.rowLimit
        guard page.rows.count == expected else {
            throw .corruptManifest(header.snapshot, reason: "page \(number) lacks rows")
        }
        recent.withLock { recent in
            if recent.count >= ManifestFile.recentLimit { recent.removeAll(keepingCapacity: true) }
            recent[number] = page
        }
        return page
    }

    /// The page in which a row of at least this index would stand.
    private func pageNumber(for index: Int) throws(BlockStoreError) -> Int {
        var (low, high) = (0, pageCount)
        // The last page whose first row is not behind the index.
        while high - low > 1 {
            let middle = (low + high) / 2
            if try page(middle).rows[0].index <= index { low = middle } else { high = middle }
        }
        return low
    }

    func id(at index: Int) throws(BlockStoreError) -> BlockID? {
        guard pageCount > 0 else { return nil }
        let rows = try page(try pageNumber(for: index)).rows
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = (low + high) / 2
            if rows[middle].index == index { return rows[middle].id }
            if rows[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// Begins at the first row of at least this index.
    func rows(from index: Int = 0) throws(BlockStoreError) -> ManifestRows {
        try ManifestRows(self, page: index <= 0 || pageCount == 0 ? 0 : pageNumber(for: index), from: index)
    }
}

/// Walks over the rows of a manifest in ascending order.
struct ManifestRows: Sendable {
    private let file: ManifestFile
    private var nextPage: Int
    private var rows: [BlockRow] = []
    private var place = 0
    private let first: Int

    fileprivate init(_ file: ManifestFile, page: Int, from index: Int) throws(BlockStoreError) {
        (self.file, nextPage, first) = (file, page, index)
    }

    mutating func next() throws(BlockStoreError) -> BlockRow? {
        while true {
            while place < rows.count {
                defer { place += 1 }
                if rows[place].index >= first { return rows[place] }
            }
            guard nextPage < file.pageCount else { return nil }
            rows = try file.page(nextPage).rows
            (nextPage, place) = (nextPage + 1, 0)
        }
    }
}
