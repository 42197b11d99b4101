// A flat file of a snapshot's bytes: written from its blocks, and read into blocks; what is zeros stays a hole.

import BlockStore
import CloudTypes
import Glibc
import HostSystem
import NodeContract

struct BaseFile {
    let number: Int32

    /// `SEEK_DATA` of Linux, which the importer passes over.
    private static let seekData: Int32 = 3

    func fill(from snapshot: Snapshot) throws(BlockStoreError) {
        var rows = try snapshot.blocks()
        var buffer = [UInt8](repeating: 0, count: Block.byteCount)
        while let row = try rows.next() {
            let length = min(Block.byteCount, snapshot.volumeBytes - row.index * Block.byteCount)
            var failure: BlockStoreError?
            buffer.withUnsafeMutableBytes { bytes in
                do throws(BlockStoreError) { try snapshot.read(at: row.index, into: bytes) } catch {
                    return failure = error
                }
                let count = pwrite(number, bytes.baseAddress, length, off_t(row.index * Block.byteCount))
                if count != length { failure = BaseFile.failed("pwrite") }
            }
            if let failure { throw failure }
        }
    }

    /// - Parameter path: of a base, which nobody writes.
    static func store(_ path: String, as snapshot: SnapshotBytes, in snapshots: SnapshotStore) throws(BlockStoreError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failed("open") }
        defer { close(file) }
        let size = Int(lseek(file, 0, SEEK_END))
        let whole = ((size + (1 << 30) - 1) >> 30) << 30
        let draft = try snapshots.draft(of: snapshot, volumeBytes: max(whole, 1 << 30), parent: nil)
        var buffer = [UInt8](repeating: 0, count: Block.byteCount)
        var offset = Int(lseek(file, 0, BaseFile.seekData))
        while offset >= 0, offset < size {
            let index = offset / Block.byteCount
            var failure: BlockStoreError?
            buffer.withUnsafeMutableBytes { bytes in
                bytes.initializeMemory(as: UInt8.self, repeating: 0)
                let length = min(Block.byteCount, size - index * Block.byteCount)
                guard pread(file, bytes.baseAddress, length, off_t(index * Block.byteCount)) == length else {
                    return failure = failed("pread")
                }
                do throws(BlockStoreError) { try draft.put(UnsafeRawBufferPointer(bytes), at: index) } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            // Negative at the end: no data follows.
            offset = Int(lseek(file, off_t((index + 1) * Block.byteCount), BaseFile.seekData))
        }
        try draft.commit()
    }

    private static func failed(_ call: String) -> BlockStoreError {
        errno == ENOSPC ? .full : .failed(call: call, errno: errno)
    }
}
