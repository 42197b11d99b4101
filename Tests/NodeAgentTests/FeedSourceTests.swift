import Backends
import BlockStore
import CloudTypes
import HostSystem
import NBD
import NodeContract
import Testing

@testable import NodeAgent

@Suite("What a feed serves of a moment that is not stored yet")
struct FeedSourceTests {
    private let id = SnapshotID("snap-0123456789abcdef0")!
    private let volume = VolumeID("vol-0123456789abcdef0")!

    /// A volume's bytes at one moment, served where they are held.
    private struct Held: NBDExport {
        let size = 8 * Block.byteCount
        static func byte(at offset: Int) -> UInt8 {
            let block = offset / Block.byteCount
            return block % 2 == 0 ? 0 : UInt8(truncatingIfNeeded: offset >> 9 ^ block)
        }
        func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(NBDError) {
            for place in 0..<buffer.count { buffer[place] = Held.byte(at: offset + place) }
        }
        func extents(at offset: Int, length: Int) -> [NBDExtent] {
            let rest = Block.byteCount - offset % Block.byteCount
            let flags: UInt32 = offset / Block.byteCount % 2 == 0 ? 3 : 0
            return [NBDExtent(length: min(length, rest), flags: flags)]
        }
    }

    private func with(
        _ body: (SnapshotStore, MomentWindows, MomentSource) async throws -> Void
    ) async throws {
        let windows = MomentWindows()
        windows.expect(MomentNote(SnapshotSpec(id: id, volume: volume, sizeGiB: 1), in: nil))
        try await HeldMoment.with(Held()) { store, source in try await body(store, windows, source) }
    }

    private func source(_ store: SnapshotStore, _ windows: MomentWindows) throws -> FeedSource {
        try FeedSource(SnapshotBytes(id), atMost: 0, in: store, windows: windows)
    }

    private func read(_ index: Int, by reader: FeedReader) async throws -> [UInt8] {
        try await HostThread.run { () -> Result<[UInt8], FeedSource.Failure> in
            var bytes = [UInt8](repeating: 0xff, count: Block.byteCount)
            let outcome = bytes.withUnsafeMutableBytes { buffer in
                Result { () throws(FeedSource.Failure) in try reader.read(at: index, into: buffer) }
            }
            return outcome.map { _ in bytes }
        }.get()
    }

    private func held(_ index: Int) -> [UInt8] {
        (0..<Block.byteCount).map { Held.byte(at: index * Block.byteCount + $0) }
    }

    @Test("is read where the moment is held, in the order in which it is asked for, and its holes are told")
    func ahead() async throws {
        try await with { store, windows, place in
            let source = try source(store, windows)
            #expect(source.volumeBytes == 1 << 30 && !source.isLost)
            windows.open(id, at: place)
            let reader = source.reader()
            for index in [5, 0, 7] { #expect(try await read(index, by: reader) == held(index)) }
            // Behind the end of what the holder serves there are zeros.
            #expect(try await read(100, by: reader) == [UInt8](repeating: 0, count: Block.byteCount))
            let export = SnapshotExport(source, pace: Pace(rate: nil)) { _ in }
            let extents = try await HostThread.run { export.extents(at: 0, length: 4 * Block.byteCount) }
            #expect(extents == [NBDExtent(length: Block.byteCount, flags: 3)])
        }
    }

    @Test("waits while nothing stores the moment, and goes on at the next place, or in the store")
    func waiting() async throws {
        try await with { store, windows, place in
            let source = try source(store, windows)
            let reader = source.reader()
            let first = Task { try await read(3, by: reader) }
            windows.open(id, at: MomentSource(socketPath: place.socketPath + "-gone", export: "held", changes: nil))
            windows.close(id)
            windows.open(id, at: place)
            #expect(try await first.value == held(3))
            windows.close(id)
            let second = Task { try await read(1, by: reader) }
            try await store.call(id) { _ throws(BlockStoreError) in
                let draft = try store.draft(of: SnapshotBytes(id), volumeBytes: 1 << 30, parent: nil)
                try draft.put([UInt8](repeating: 7, count: Block.byteCount), at: 1)
                try draft.commit()
            }
            windows.forget(id)
            #expect(try await second.value == [UInt8](repeating: 7, count: Block.byteCount))
            #expect(!source.isLost)
        }
    }

    @Test("is an error once the moment is lost, or the feed hangs up")
    func lost() async throws {
        try await with { store, windows, _ in
            let source = try source(store, windows)
            let reader = source.reader()
            source.stop()
            await #expect(throws: FeedSource.Failure.self) { try await read(0, by: reader) }
            source.goOn()
            let waiting = Task { try await read(0, by: reader) }
            windows.forget(id)
            await #expect(throws: FeedSource.Failure.self) { try await waiting.value }
            #expect(source.isLost)
        }
    }
}
