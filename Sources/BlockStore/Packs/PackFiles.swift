// The packs' files: their names, and which of them are open. A bounded number is, however many there are.

import Synchronization

final class PackFiles: Sendable {
    private static let limit = 128
    private let disk: any StoreDisk
    let folder: String

    private struct Open: Sendable {
        var files: [UInt32: (file: any StoreFile, lastUse: UInt64)] = [:]
        var uses: UInt64 = 0

        mutating func keep(_ file: any StoreFile, _ pack: UInt32) {
            uses += 1
            files[pack] = (file, uses)
            guard files.count > PackFiles.limit, let oldest = files.min(by: { $0.value.lastUse < $1.value.lastUse })
            else { return }
            files[oldest.key] = nil
        }
    }
    private let open = Mutex(Open())

    init(disk: any StoreDisk, folder: String) { (self.disk, self.folder) = (disk, folder) }

    func path(_ pack: UInt32) -> String { "\(folder)/\(PackFiles.digits(pack)).pack" }
    func indexPath(_ pack: UInt32) -> String { "\(folder)/\(PackFiles.digits(pack)).index" }

    /// Ten, so that names sort like numbers.
    private static func digits(_ pack: UInt32) -> String {
        let digits = String(pack)
        return String(repeating: "0", count: 10 - digits.count) + digits
    }

    /// The pack that a name in the folder belongs to; nil: none.
    static func number(_ name: String, suffix: String) -> UInt32? {
        guard name.hasSuffix(suffix), name.utf8.count == 10 + suffix.utf8.count else { return nil }
        return UInt32(name.dropLast(suffix.count))
    }

    func file(_ pack: UInt32) throws(BlockStoreError) -> any StoreFile {
        let known: (any StoreFile)? = open.withLock { open in
            guard let known = open.files[pack] else { return nil }
            open.keep(known.file, pack)
            return known.file
        }
        if let known { return known }
        let file = try disk.open(path(pack), .existing)
        open.withLock { $0.keep(file, pack) }
        return file
    }

    /// An empty pack, whose name is durable.
    func make(_ pack: UInt32) throws(BlockStoreError) -> any StoreFile {
        let file = try disk.open(path(pack), .fresh)
        do throws(BlockStoreError) {
            try disk.sync(folder: folder)
        } catch {
            try? disk.remove(path(pack))
            throw error
        }
        open.withLock { $0.keep(file, pack) }
        return file
    }

    func remove(_ pack: UInt32) throws(BlockStoreError) {
        open.withLock { $0.files[pack] = nil }
        try disk.remove(path(pack))
        try disk.remove(indexPath(pack))
    }

    func removeIndex(_ pack: UInt32) throws(BlockStoreError) {
        try disk.remove(indexPath(pack))
        try disk.sync(folder: folder)
    }

    func writeIndex(_ index: PackIndexFile, of pack: UInt32) throws(BlockStoreError) {
        try disk.replace(indexPath(pack), in: folder, with: index.bytes(pack: pack))
    }

    /// Nil where it is absent or damaged.
    func readIndex(of pack: UInt32) -> PackIndexFile? {
        (try? disk.readAll(indexPath(pack))).flatMap { PackIndexFile($0, pack: pack) }
    }
}
