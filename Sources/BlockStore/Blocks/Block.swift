// The unit of snapshots, and its name: 512 KiB, as the EBS direct APIs have it.

import Crypto

package enum Block {
    /// The only length there is. Source: EBS direct APIs, PutSnapshotBlock, `x-amz-Data-Length`.
    package static let byteCount = 524_288
    /// How many blocks the largest volume has: 64 TiB.
    package static let limit = 1 << 27
    /// The SHA-256 of a block of zeros. Such blocks are never stored.
    package static let zeroChecksum = BlockID(SHA256.hash(data: [UInt8](repeating: 0, count: byteCount)))
}

/// What a block is known by: the SHA-256 of its bytes, or, under a key, a keyed hash of that.
/// Without a key it is the block's checksum in the EBS direct APIs.
package struct BlockID: Hashable, Sendable, CustomStringConvertible {
    package static let byteCount = 32
    private let first: UInt64, second: UInt64, third: UInt64, fourth: UInt64

    /// - Parameter bytes: 32 of them; what is missing counts as 0.
    package init(_ bytes: some Sequence<UInt8>) {
        var raw = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
        withUnsafeMutableBytes(of: &raw) { target in
            for (place, byte) in zip(0..<BlockID.byteCount, bytes) { target[place] = byte }
        }
        (first, second, third, fourth) = raw
    }

    init(loading place: UnsafeRawPointer) {
        first = place.loadUnaligned(as: UInt64.self)
        second = place.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        third = place.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        fourth = place.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    }

    func store(at place: UnsafeMutableRawPointer) {
        place.storeBytes(of: first, as: UInt64.self)
        place.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
        place.storeBytes(of: third, toByteOffset: 16, as: UInt64.self)
        place.storeBytes(of: fourth, toByteOffset: 24, as: UInt64.self)
    }

    package var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: BlockID.byteCount) { buffer, count in
            if let start = buffer.baseAddress { store(at: UnsafeMutableRawPointer(start)) }
            count = BlockID.byteCount
        }
    }

    /// By which the block is found: different blocks nearly always differ in it.
    var fingerprint: UInt64 { first }

    /// 64 lowercase hex digits.
    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
