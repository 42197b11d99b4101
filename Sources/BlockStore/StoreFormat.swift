// The file that says what a folder is: a block store, of which version, with which seed.

import CBlockCoding

/// Text, so that a person who looks can tell: name and version; seed; checksum of both lines.
struct StoreFormat: Equatable, Sendable {
    static let version = 1
    static let fileName = "format"
    /// By which headers of records are told from what guests write.
    var seed: UInt32

    private static let title = "Apus block store, format "

    var text: String {
        let lines = "\(StoreFormat.title)\(StoreFormat.version)\nseed \(seed)\n"
        return lines + "checksum \(StoreFormat.checksum(lines))\n"
    }

    private static func checksum(_ lines: String) -> UInt32 {
        let bytes = Array(lines.utf8)
        return apus_crc32c(0, bytes, bytes.count)
    }

    init(seed: UInt32) { self.seed = seed }

    /// - Throws: `.newerFormat` whatever else a later version may have put there, or `.notAStore`.
    init(_ bytes: [UInt8], path: String) throws(BlockStoreError) {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, first.hasPrefix(StoreFormat.title),
            let version = Int(first.dropFirst(StoreFormat.title.count))
        else { throw .notAStore(path: path, reason: "its format file is not one of a block store") }
        guard version <= StoreFormat.version else { throw .newerFormat(version) }
        guard lines.count >= 2, lines[1].hasPrefix("seed "), let seed = UInt32(lines[1].dropFirst(5)),
            text == StoreFormat(seed: seed).text
        else { throw .notAStore(path: path, reason: "its format file is damaged") }
        self.seed = seed
    }
}
