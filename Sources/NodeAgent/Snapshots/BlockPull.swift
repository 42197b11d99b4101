// Reads a moment by NBD and puts its blocks into a draft: what changed since the parent, or everything that is not zeros.
// Runs on a thread that may wait.

import Backends
import BlockStore
import Glibc
import HostSystem
import NBD

struct BlockPull: Sendable {
    let source: MomentSource
    let draft: SnapshotDraft
    /// Bytes a second at most; nil: any number.
    let rate: Int?
    /// Told once the moment can be read: from then on others may read it too.
    let begun: @Sendable () -> Void
    /// Told now and then: percent, below 100.
    let progress: @Sendable (Int) -> Void

    enum Failure: Error {
        case reading(NBDError)
        case connecting(SystemError)
        case storing(BlockStoreError)
    }

    static let allocation = "base:allocation"
    /// Blocks that are asked about at once: 1 GiB.
    private static let window = 2_048

    func run() throws(Failure) {
        HostThread.giveWay()
        let client = try connect()
        defer { client.close() }
        begun()
        let count = min(draft.blockCount, (client.size + Block.byteCount - 1) / Block.byteCount)
        let isNew: Bool
        do { isNew = try draft.progress().indexes == 0 } catch { throw .storing(error) }
        let pace = Pace(rate: rate)
        var buffer = [UInt8](repeating: 0, count: Block.byteCount)
        for start in stride(from: 0, to: count, by: BlockPull.window) {
            let blocks = start..<min(count, start + BlockPull.window)
            let wanted = try plan(blocks, client)
            for index in blocks {
                switch wanted[index - start] {
                case .unchanged: continue
                case .zeros:
                    guard draft.hasParent else { continue }
                    do throws(BlockStoreError) { try draft.putZeros(at: index) } catch { throw .storing(error) }
                case .data:
                    if !isNew, try isThere(index) { continue }
                    let answered = try take(index, client, &buffer)
                    if let rate { Pace.wait(until: answered.end + Pace.rest(after: answered.time, upTo: rate)) }
                    pace.passed(Block.byteCount)
                }
                if index % 64 == 0 { progress(min(99, index * 100 / max(1, count))) }
            }
        }
        do throws(BlockStoreError) { try draft.flush() } catch { throw .storing(error) }
    }

    private func connect() throws(Failure) -> NBDClient {
        let socket: OwnedDescriptor
        do throws(SystemError) { socket = try UnixSocket.connect(source.socketPath) } catch { throw .connecting(error) }
        let contexts = [BlockPull.allocation] + (source.changes.map { [$0] } ?? [])
        do { return try NBDClient(socket, export: source.export, contexts: contexts) } catch {
            throw .reading(error)
        }
    }

    private func isThere(_ index: Int) throws(Failure) -> Bool {
        do { return try draft.contains(index) } catch { throw .storing(error) }
    }

    /// Returns when the source answered, and how long that took it.
    private func take(
        _ index: Int, _ client: NBDClient, _ buffer: inout [UInt8]
    ) throws(Failure) -> (end: ContinuousClock.Instant, time: Duration) {
        var failure: Failure?
        let begin = ContinuousClock.now
        var end = begin
        let offset = index * Block.byteCount
        let length = min(Block.byteCount, client.size - offset)
        buffer.withUnsafeMutableBytes { bytes in
            if length < bytes.count { bytes.initializeMemory(as: UInt8.self, repeating: 0) }
            do throws(NBDError) {
                try client.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<length]))
            } catch {
                return failure = .reading(error)
            }
            end = ContinuousClock.now
            do throws(BlockStoreError) { try draft.put(UnsafeRawBufferPointer(bytes), at: index) } catch {
                failure = .storing(error)
            }
        }
        if let failure { throw failure }
        return (end, end - begin)
    }

    private enum Wanted { case unchanged, zeros, data }

    /// What is to be done with each block.
    private func plan(_ blocks: Range<Int>, _ client: NBDClient) throws(Failure) -> [Wanted] {
        var wanted = [Wanted](repeating: .zeros, count: blocks.count)
        // Of this context, flag 1 says a hole and flag 2 zeros.
        try each(BlockPull.allocation, blocks, client) { block, flags in
            if flags & 2 == 0 { wanted[block - blocks.lowerBound] = .data }
        }
        guard let changes = source.changes, draft.hasParent else { return wanted }
        var isChanged = [Bool](repeating: false, count: blocks.count)
        try each(changes, blocks, client) { block, flags in
            if flags & 1 != 0 { isChanged[block - blocks.lowerBound] = true }
        }
        for place in wanted.indices where !isChanged[place] { wanted[place] = .unchanged }
        return wanted
    }

    /// Tells the flags of each run to each block that it touches.
    private func each(
        _ context: String, _ blocks: Range<Int>, _ client: NBDClient, _ body: (Int, UInt32) -> Void
    ) throws(Failure) {
        var offset = blocks.lowerBound * Block.byteCount
        let end = min(blocks.upperBound * Block.byteCount, client.size)
        while offset < end {
            let extents: [NBDExtent]
            do { extents = try client.extents(of: context, at: offset, length: end - offset) } catch {
                throw .reading(error)
            }
            for extent in extents where extent.length > 0 && offset < end {
                let last = min(end, offset + extent.length) - 1
                for block in (offset / Block.byteCount)...(last / Block.byteCount) { body(block, extent.flags) }
                offset += extent.length
            }
        }
    }
}
