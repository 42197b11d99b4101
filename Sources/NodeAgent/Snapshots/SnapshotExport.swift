// What a feed serves, as an NBD server reads it; each connection has its own.

import BlockStore
import Glibc
import NBD
import Synchronization

final class SnapshotExport: NBDExport {
    private let source: FeedSource
    private let reader: FeedReader
    private let pace: Pace
    private let complain: @Sendable (FeedSource.Failure) -> Void
    /// The block that was read in part last: who reads on needs not unpack it again.
    private let last = Mutex(LastBlock())

    private struct LastBlock {
        var index = -1
        var bytes: [UInt8] = []
    }

    /// Runs that are told at once, at most.
    private static let extentLimit = 1_024

    init(_ source: FeedSource, pace: Pace, complain: @escaping @Sendable (FeedSource.Failure) -> Void) {
        (self.source, reader, self.pace, self.complain) = (source, source.reader(), pace, complain)
    }

    var size: Int { source.volumeBytes }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(NBDError) {
        var done = 0
        while done < buffer.count {
            let (index, begin) = (offset + done).quotientAndRemainder(dividingBy: Block.byteCount)
            let count = min(Block.byteCount - begin, buffer.count - done)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
            do throws(FeedSource.Failure) {
                if count == Block.byteCount {
                    if try reader.read(at: index, into: part) { pace.passed(count) }
                } else {
                    try readPart(of: index, from: begin, into: part)
                }
            } catch {
                complain(error)
                throw .failed(EIO)
            }
            done += count
        }
        pace.reached(offset + done)
    }

    private func readPart(
        of index: Int, from begin: Int, into part: UnsafeMutableRawBufferPointer
    ) throws(FeedSource.Failure) {
        let failure: FeedSource.Failure? = last.withLock { last in
            if last.index != index {
                if last.bytes.isEmpty { last.bytes = [UInt8](repeating: 0, count: Block.byteCount) }
                last.index = -1
                let failure: FeedSource.Failure? = last.bytes.withUnsafeMutableBytes { bytes in
                    do throws(FeedSource.Failure) { _ = try reader.read(at: index, into: bytes) } catch { return error }
                    return nil
                }
                if let failure { return failure }
                last.index = index
            }
            last.bytes.withUnsafeBytes {
                part.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[begin..<begin + part.count]))
            }
            return nil
        }
        if let failure { throw failure }
    }

    func extents(at offset: Int, length: Int) -> [NBDExtent] {
        // Whoever reads what cannot be read is told then.
        let unknown = [NBDExtent(length: length, flags: 0)]
        do throws(FeedSource.Failure) {
            guard let snapshot = try source.snapshot() else {
                return reader.extents(at: offset, length: length) ?? unknown
            }
            return extents(of: snapshot, at: offset, length: length)
        } catch {
            return unknown
        }
    }

    private func extents(of snapshot: Snapshot, at offset: Int, length: Int) -> [NBDExtent] {
        let end = offset + length
        var extents: [NBDExtent] = []
        var place = offset
        do throws(BlockStoreError) {
            var rows = try snapshot.blocks(from: offset / Block.byteCount)
            while place < end, extents.count < SnapshotExport.extentLimit {
                let row = try rows.next()
                let begin = min(end, max(place, row.map { $0.index * Block.byteCount } ?? end))
                if begin > place { append(begin - place, SnapshotExport.hole, to: &extents) }
                guard let row, begin < end else { return extents }
                let last = min(end, (row.index + 1) * Block.byteCount)
                append(last - begin, 0, to: &extents)
                place = last
            }
        } catch {
            if place < end { append(end - place, 0, to: &extents) }
        }
        return extents
    }

    /// A hole that reads as zeros.
    private static let hole: UInt32 = 3

    private func append(_ length: Int, _ flags: UInt32, to extents: inout [NBDExtent]) {
        if let last = extents.last, last.flags == flags {
            extents[extents.count - 1].length += length
        } else {
            extents.append(NBDExtent(length: length, flags: flags))
        }
    }
}
