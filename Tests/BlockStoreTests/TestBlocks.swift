// Blocks that tests put, made from a number: the same number is the same block.

import BlockStore
import CloudTypes
import Crypto
import Testing

/// Numbers in a course that a seed decides.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &+ 0x9e37_79b9_7f4a_7c15 }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

enum TestBlocks {
    /// Compresses to a page.
    static func plain(_ number: Int) -> [UInt8] {
        var generator = SeededGenerator(UInt64(number))
        let pattern = (0..<64).map { _ in UInt8.random(in: 1...255, using: &generator) }
        return [UInt8](unsafeUninitializedCapacity: Block.byteCount) { buffer, count in
            for place in stride(from: 0, to: Block.byteCount, by: 64) {
                pattern.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[place...]).copyMemory(
                        from: $0)
                }
            }
            count = Block.byteCount
        }
    }

    /// Does not compress.
    static func random(_ number: Int) -> [UInt8] {
        var generator = SeededGenerator(UInt64(number) ^ 0xabcdef)
        return [UInt8](unsafeUninitializedCapacity: Block.byteCount) { buffer, count in
            let target = UnsafeMutableRawBufferPointer(buffer)
            for place in stride(from: 0, to: Block.byteCount, by: 8) {
                target.storeBytes(of: generator.next(), toByteOffset: place, as: UInt64.self)
            }
            count = Block.byteCount
        }
    }

    static let zeros = [UInt8](repeating: 0, count: Block.byteCount)

    static func checksum(_ block: [UInt8]) -> BlockID { BlockID(SHA256.hash(data: block)) }
}

/// `snap-` and the number in 17 hex digits.
func snapshotID(_ number: Int) throws -> SnapshotID {
    let digits = String(number, radix: 16)
    return try #require(SnapshotID("snap-" + String(repeating: "0", count: 17 - digits.count) + digits))
}

func testKey(_ byte: UInt8) -> BlockKey { BlockKey(secret: SymmetricKey(data: [UInt8](repeating: byte, count: 32))) }

extension BlockStore {
    /// A committed snapshot of these blocks.
    @discardableResult
    func make(
        _ number: Int, _ blocks: [Int: [UInt8]], blockCount: Int = 64, parent: Int? = nil, key: BlockKey? = nil
    ) throws -> SnapshotID {
        let id = try snapshotID(number)
        let draft = try begin(
            id, volumeBytes: blockCount * Block.byteCount, parent: try parent.map(snapshotID), key: key)
        for (index, block) in blocks { try draft.put(block, at: index) }
        try draft.commit()
        return id
    }

    /// Every block of a snapshot that is not zeros.
    func contents(_ id: SnapshotID, key: BlockKey? = nil) throws -> [Int: [UInt8]] {
        let snapshot = try snapshot(id, key: key)
        var found: [Int: [UInt8]] = [:]
        var rows = try snapshot.blocks()
        while let row = try rows.next() { found[row.index] = try snapshot.read(at: row.index) }
        return found
    }

    /// Blocks that snapshots name, each counted once.
    func namedBlocks() throws -> Int {
        var ids: Set<BlockID> = []
        for id in snapshots() {
            var rows = try snapshot(id).blocks()
            while let row = try rows.next() { ids.insert(row.id) }
        }
        return ids.count
    }
}
