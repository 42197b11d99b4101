// From a block's bytes to the record that is stored, and back: compressing, sealing, checksums.

import CBlockCoding
import Synchronization

/// The memory for one record at a time. Not for two threads at once: `CoderPool` lends them out.
final class BlockCoder {
    /// A raw, encrypted block with its header and padding.
    static let recordBytes = RecordHeader.pages(forStored: Block.byteCount + BlockKey.overhead) * RecordHeader.pageBytes

    private let zstd: OpaquePointer?
    let record = UnsafeMutableRawBufferPointer.allocate(byteCount: recordBytes, alignment: RecordHeader.pageBytes)
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: Block.byteCount, alignment: 64)

    init() { zstd = apus_zstd_make() }

    deinit {
        apus_zstd_free(zstd)
        record.deallocate()
        scratch.deallocate()
    }

    private var payload: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: record[RecordHeader.byteCount...])
    }

    /// Puts the block's record into `record`, all but the header, which it returns without its place.
    ///
    /// Compressed only where that saves an eighth: less is not worth expanding it at every reading.
    func encode(_ block: UnsafeRawBufferPointer, id: BlockID, key: BlockKey?) -> RecordHeader? {
        var kind: RecordHeader.Kind = []
        var plain = block
        if let zstd, let target = scratch.baseAddress {
            let worth = Block.byteCount / 8 * 7
            let count = apus_zstd_compress(zstd, target, worth, block.baseAddress, block.count)
            if count > 0 {
                kind = .compressed
                plain = UnsafeRawBufferPointer(rebasing: scratch[..<count])
            }
        }
        var storedBytes = plain.count
        if let key {
            kind.insert(.encrypted)
            guard key.seal(plain, name: id, kind: kind.rawValue, into: payload) else { return nil }
            storedBytes += BlockKey.overhead
        } else {
            payload.copyMemory(from: plain)
        }
        let pages = RecordHeader.pages(forStored: storedBytes)
        let padded = pages * RecordHeader.pageBytes - RecordHeader.byteCount
        payload[storedBytes..<padded].initializeMemory(as: UInt8.self, repeating: 0)
        let crc = apus_crc32c(0, payload.baseAddress, padded)
        return RecordHeader(kind: kind, pages: pages, storedBytes: storedBytes, payloadCRC: crc, id: id)
    }

    /// The bytes behind a header in `record`, without padding.
    func stored(_ header: RecordHeader) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: payload[..<header.storedBytes])
    }

    /// Puts stored bytes into `record`: at most a block's, sealed.
    func place(_ stored: [UInt8], _ kind: RecordHeader.Kind, id: BlockID) -> RecordHeader {
        let pages = RecordHeader.pages(forStored: stored.count)
        let padded = pages * RecordHeader.pageBytes - RecordHeader.byteCount
        stored.withUnsafeBytes { payload.copyMemory(from: $0) }
        payload[stored.count..<padded].initializeMemory(as: UInt8.self, repeating: 0)
        let crc = apus_crc32c(0, payload.baseAddress, padded)
        return RecordHeader(kind: kind, pages: pages, storedBytes: stored.count, payloadCRC: crc, id: id)
    }

    /// Whether the bytes behind the header in `record` are those that were written.
    func isIntact(_ header: RecordHeader) -> Bool {
        apus_crc32c(0, payload.baseAddress, header.pages * RecordHeader.pageBytes - RecordHeader.byteCount)
            == header.payloadCRC
    }

    /// Takes the block out of `record`, whose header has been read. Nil: it is not what was written.
    func decode(_ header: RecordHeader, key: BlockKey?, into block: UnsafeMutableRawBufferPointer) -> Void? {
        guard isIntact(header), header.kind.contains(.encrypted) == (key != nil) else { return nil }
        var stored = UnsafeRawBufferPointer(rebasing: payload[..<header.storedBytes])
        if let key {
            let target = header.kind.contains(.compressed) ? scratch : block
            guard let count = key.open(stored, name: header.id, kind: header.kind.rawValue, into: target)
            else { return nil }
            stored = UnsafeRawBufferPointer(rebasing: target[..<count])
        }
        if header.kind.contains(.compressed) {
            guard let zstd,
                apus_zstd_expand(zstd, block.baseAddress, block.count, stored.baseAddress, stored.count)
                    == Block.byteCount
            else { return nil }
            return ()
        }
        guard stored.count == Block.byteCount else { return nil }
        if stored.baseAddress != UnsafeRawPointer(block.baseAddress) { block.copyMemory(from: stored) }
        return ()
    }
}

/// Lends coders; as many are kept as were ever in use at once, 1.6 MiB each.
final class CoderPool: Sendable {
    /// A coder is in one place at a time: here, or with who borrowed it.
    private struct Lent: @unchecked Sendable { let coder: BlockCoder }
    private let free = Mutex<[Lent]>([])

    func use<Value>(_ body: (BlockCoder) throws(BlockStoreError) -> Value) throws(BlockStoreError) -> Value {
        let lent = free.withLock { $0.popLast() } ?? Lent(coder: BlockCoder())
        defer { free.withLock { $0.append(lent) } }
        return try body(lent.coder)
    }
}
