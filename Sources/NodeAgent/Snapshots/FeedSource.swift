// What a feed serves: a snapshot's bytes, wherever they are. Of a moment that is held and not stored yet they are read where
// it is held, block by block as they are asked for; once it is stored, from the store.

import Backends
import BlockStore
import CloudTypes
import Glibc
import HostSystem
import NBD
import NodeContract
import Synchronization

final class FeedSource: Sendable {
    private let bytes: SnapshotBytes
    let volumeBytes: Int
    private let store: SnapshotStore
    private let windows: MomentWindows
    private let stored: Mutex<Snapshot?>
    private let isOver = Mutex(false)

    enum Failure: Error {
        case damaged(BlockStoreError)
        /// Neither stored nor held any more.
        case lost
    }

    /// - Parameter most: bytes that it is said to have where nothing is known of it any more: each read of them fails.
    init(
        _ bytes: SnapshotBytes, atMost most: Int, in store: SnapshotStore, windows: MomentWindows
    ) throws(BlockStoreError) {
        (self.bytes, self.store, self.windows) = (bytes, store, windows)
        // Asked in this order, it cannot have been stored and forgotten in between.
        let expected = windows.volumeBytes(of: bytes.id)
        let snapshot: Snapshot? = store.contains(bytes.id) ? try store.snapshot(bytes) : nil
        volumeBytes = snapshot?.volumeBytes ?? expected ?? most
        stored = Mutex(snapshot)
    }

    var isLost: Bool {
        let isExpected = windows.isExpected(bytes.id)
        return !store.contains(bytes.id) && !isExpected
    }

    /// nil as long as it is not stored.
    func snapshot() throws(Failure) -> Snapshot? {
        do throws(BlockStoreError) {
            return try stored.withLock { (stored) throws(BlockStoreError) in
                if stored == nil, store.contains(bytes.id) { stored = try store.snapshot(bytes) }
                return stored
            }
        } catch {
            throw .damaged(error)
        }
    }

    /// From now on nobody waits for bytes that are not there yet.
    func stop() {
        isOver.withLock { $0 = true }
        windows.wake()
    }

    func goOn() { isOver.withLock { $0 = false } }

    /// A way to its bytes for one reader.
    func reader() -> FeedReader { FeedReader(self) }

    fileprivate func opening(after tried: MomentWindows.Opening?) throws(Failure) -> MomentWindows.Opening? {
        if let opening = windows.next(bytes.id, after: tried, unless: { isOver.withLock { $0 } }) { return opening }
        // What is stored is forgotten afterwards.
        if try snapshot() == nil { throw .lost }
        return nil
    }

    fileprivate var presentOpening: MomentWindows.Opening? { windows.opening(of: bytes.id) }
}

/// Reads by a connection of its own while the moment is only held.
final class FeedReader: Sendable {
    private let source: FeedSource
    private let line = Mutex(Line())

    private struct Line {
        var opening: MomentWindows.Opening?
        var client: NBDClient?
    }

    fileprivate init(_ source: FeedSource) { self.source = source }

    deinit { line.withLock { $0.client?.close() } }

    /// Fills the buffer, of 524,288 bytes, with a block. Returns whether it may be anything but zeros.
    func read(at index: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FeedSource.Failure) -> Bool {
        while true {
            if let snapshot = try source.snapshot() {
                do throws(BlockStoreError) { return try snapshot.read(at: index, into: buffer) != nil } catch {
                    throw .damaged(error)
                }
            }
            let isRead = try line.withLock { (line) throws(FeedSource.Failure) in
                guard let client = try connect(&line) else { return false }
                let (offset, length) = (index * Block.byteCount, buffer.count)
                let count = min(length, max(0, client.size - offset))
                do throws(NBDError) {
                    if count > 0 {
                        try client.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
                    }
                } catch {
                    hangUp(&line)
                    return false
                }
                UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).initializeMemory(
                    as: UInt8.self, repeating: 0)
                return true
            }
            if isRead { return true }
        }
    }

    /// What is known of the bytes of a moment that is held, in NBD's own words; nil: nothing without waiting.
    func extents(at offset: Int, length: Int) -> [NBDExtent]? {
        line.withLock { line in
            guard source.presentOpening != nil, let client = try? connect(&line), offset < client.size else {
                return nil
            }
            do throws(NBDError) {
                return try client.extents(
                    of: BlockPull.allocation, at: offset, length: min(length, client.size - offset))
            } catch {
                hangUp(&line)
                return nil
            }
        }
    }

    /// nil where it was stored meanwhile.
    private func connect(_ line: inout Line) throws(FeedSource.Failure) -> NBDClient? {
        if let client = line.client, line.opening == source.presentOpening { return client }
        hangUp(&line)
        while let opening = try source.opening(after: line.opening) {
            line.opening = opening
            if let socket = try? UnixSocket.connect(opening.source.socketPath),
                let client = try? NBDClient(socket, export: opening.source.export, contexts: [BlockPull.allocation])
            {
                line.client = client
                return client
            }
        }
        return nil
    }

    /// An opening that led nowhere is not tried again: the next one is waited for.
    private func hangUp(_ line: inout Line) {
        line.client?.close()
        line.client = nil
    }
}
