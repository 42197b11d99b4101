// Writes a manifest row by row. It exists under its name only once it is whole and durable.

import CloudTypes

struct ManifestWriter {
    private let disk: any StoreDisk
    private let path: String
    private let file: any StoreFile
    private var rows: [BlockRow] = []
    private var pages: [UInt8] = []
    private var written = 0
    private var pageCount = 0
    private(set) var rowCount = 0

    init(_ disk: any StoreDisk, path: String) throws(BlockStoreError) {
        (self.disk, self.path) = (disk, path)
        rows.reserveCapacity(ManifestPage.rowLimit)
        file = try disk.open(path + ".new", .fresh)
    }

    /// Indexes ascend.
    mutating func append(_ row: BlockRow) throws(BlockStoreError) {
        rows.append(row)
        rowCount += 1
        if rows.count == ManifestPage.rowLimit { try endPage() }
    }

    private mutating func endPage() throws(BlockStoreError) {
        pages += ManifestPage.bytes(rows, number: pageCount)
        pageCount += 1
        rows.removeAll(keepingCapacity: true)
        if pages.count >= 256 << 10 { try flush() }
    }

    private mutating func flush() throws(BlockStoreError) {
        try file.write(pages, at: ManifestHeader.byteCount + written)
        written += pages.count
        pages.removeAll(keepingCapacity: true)
    }

    /// Makes the snapshot exist.
    mutating func commit(_ header: ManifestHeader, in folder: String) throws(BlockStoreError) {
        if !rows.isEmpty { try endPage() }
        try flush()
        try file.write(header.bytes, at: 0)
        try file.sync()
        try disk.rename(path + ".new", to: path)
        try disk.sync(folder: folder)
    }

    func abandon() { try? disk.remove(path + ".new") }
}
