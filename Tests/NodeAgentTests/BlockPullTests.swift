import Backends
import BlockStore
import CloudTypes
import NBD
import NodeContract
import Testing

@testable import NodeAgent

@Suite("Storing a moment")
struct BlockPullTests {
    private let first = SnapshotBytes(SnapshotID("snap-0123456789abcdef0")!)
    private let second = SnapshotBytes(SnapshotID("snap-0123456789abcdef1")!)
    private static let count = 8

    /// Every other block is zeros, the others are of their own number.
    private struct Held: NBDExport {
        let size = BlockPullTests.count * Block.byteCount
        static func byte(of block: Int) -> UInt8 { block % 2 == 0 ? 0 : UInt8(block) }
        func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(NBDError) {
            for place in 0..<buffer.count { buffer[place] = Held.byte(of: (offset + place) / Block.byteCount) }
        }
        func extents(at offset: Int, length: Int) -> [NBDExtent] {
            let rest = Block.byteCount - offset % Block.byteCount
            return [NBDExtent(length: min(length, rest), flags: Held.byte(of: offset / Block.byteCount) == 0 ? 3 : 0)]
        }
    }

    @Test("that is gone on with has nothing of a snapshot before it that was deleted meanwhile")
    func parentIsGone() async throws {
        try await HeldMoment.with(Held()) { store, source in
            let (first, second) = (first, second)
            let bytes = BlockPullTests.count * Block.byteCount
            try await store.call(first.id) { _ throws(BlockStoreError) in
                let draft = try store.draft(of: first, volumeBytes: bytes, parent: nil)
                for index in 0..<BlockPullTests.count {
                    try draft.put([UInt8](repeating: 0xee, count: Block.byteCount), at: index)
                }
                try draft.commit()
                _ = try store.draft(of: second, volumeBytes: bytes, parent: first.id)
            }
            try await store.remove(first.id)
            let found = try await store.call(second.id) { _ throws(BlockStoreError) -> [Set<UInt8>] in
                // As after a crash: what was begun with a parent is asked for without one.
                let draft = try store.draft(of: second, volumeBytes: bytes, parent: nil)
                let pull = BlockPull(source: source, draft: draft, rate: nil, begun: {}, progress: { _ in })
                do throws(BlockPull.Failure) { try pull.run() } catch {
                    if case .storing(let error) = error { throw error }
                    throw BlockStoreError.noSuchDraft(second.id)
                }
                try draft.commit()
                let snapshot = try store.snapshot(second)
                var found: [Set<UInt8>] = []
                for index in 0..<BlockPullTests.count { found.append(Set(try snapshot.read(at: index))) }
                return found
            }
            let held = (0..<BlockPullTests.count).map { Set([Held.byte(of: $0)]) }
            #expect(found == held)
        }
    }
}
