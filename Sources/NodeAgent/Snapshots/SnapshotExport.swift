// A snapshot's blocks as an NBD server reads them; each connection has its own.

import BlockStore
import Glibc
import NBD
import Synchronization

final class SnapshotExport: NBDExport {
    private let snapshot: Snapshot
    private let pace: Pace
    private let complain: @Sendable (BlockStoreError) -> Void
    /// The block that was read in part last: who reads on needs not unpack it again.
    private let last = Mutex(LastBlock())

    private struct LastBlock {
        var index = -1
        var bytes: [UInt8] = []
    }

    /// Runs that are told at once, at most.
    private static let extentLimit = 1_024

    init(_ snapshot: Snapshot, pace: Pace, complain: @escaping @Sendable (BlockStoreError) -> Void) {
        (self.snapshot, self.pace, self.complain) = (snapshot, pace, complain)
    }

    var size: Int { snapshot.volumeBytes }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(NBDError) {
        var done = 0
        while done < buffer.count {
            let (index, begin) = (offset + done).quotientAndRemainder(dividingBy: Block.byteCount)
            let count = min(Block.byteCount - begin, buffer.count - done)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
            do throws(BlockStoreError) {
                if count == Block.byteCount {
                    if try snapshot.read(at: index, into: part) != nil { pace.passed(count) }
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
    ) throws(BlockStoreError) {
        let failure: BlockStoreError? = last.withLock { last in
            if last.index != index {
                do throws(BlockStoreError) {
                    last = LastBlock(index: index, bytes: try snapshot.read(at: index))
                } catch {
                    return error
                }
            }
            last.bytes.withUnsafeBytes {
                part.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[begin..<begin + part.count]))
            }
            return nil
        }
        if let failure { throw failure }
    }

    func extents(at offset: Int, length: Int) -> [NBDExtent] {
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
            // Whoever reads it is told then.
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
