// Serves to volumes what they have not read of their snapshots yet, each through a socket of its own, and fills those that
// no guest has. A guest's machine that loses its feed when we end waits until the next run of ours serves it again.

import Backends
import BlockStore
import CloudTypes
import Glibc
import HostSystem
import Logging
import NBD
import NodeContract
import Synchronization

actor Feeds {
    private let volumes: any VolumeBackend
    private let store: SnapshotStore
    private let windows: MomentWindows
    private let log: Logger
    private let tell: @Sendable (NodeEvent) -> Void
    private var open: [VolumeID: Feed] = [:]
    private var fills: [VolumeID: Task<Void, Never>] = [:]
    /// Who waits for a filling to end.
    private var waiting: [VolumeID: [CheckedContinuation<Void, Never>]] = [:]

    init(
        volumes: any VolumeBackend, store: SnapshotStore, windows: MomentWindows, log: Logger,
        tell: @escaping @Sendable (NodeEvent) -> Void
    ) {
        (self.volumes, self.store, self.windows, self.log, self.tell) = (volumes, store, windows, log, tell)
    }

    /// Serves what guests of an earlier run wait for.
    func openAll() async throws(NodeError) {
        let feeds: [VolumeID: SnapshotFeed]
        do { feeds = try await volumes.feeds() } catch { throw NodeError(error) }
        for (volume, feed) in feeds {
            do throws(NodeError) { try await open(volume, feed) } catch {
                log.error("a volume's snapshot is not served", metadata: ["volume": "\(volume)", "error": "\(error)"])
            }
        }
    }

    /// The volume's file, with its feed served where it has one.
    func file(of volume: VolumeID) async throws(NodeError) -> VolumeFile {
        let file: VolumeFile
        do { file = try await volumes.file(of: volume) } catch { throw NodeError(error) }
        if let feed = file.feed { try await open(volume, feed) }
        return file
    }

    private func open(_ volume: VolumeID, _ feed: SnapshotFeed) async throws(NodeError) {
        guard open[volume] == nil else { return }
        let (store, windows, log) = (store, windows, log)
        let source = try await store.call(feed.snapshot.id) { _ throws(BlockStoreError) in
            try FeedSource(feed.snapshot, atMost: feed.volumeBytes, in: store, windows: windows)
        }
        guard open[volume] == nil else { return }
        if source.isLost {
            log.error("what a volume was to be a copy of is lost", metadata: ["volume": "\(volume)"])
        }
        do throws(SystemError) {
            open[volume] = try Feed(feed, of: source) { error in
                log.error("a volume's snapshot cannot be read", metadata: ["volume": "\(volume)", "error": "\(error)"])
            }
        } catch {
            throw .hostFailed(error.description)
        }
    }

    /// Serves a snapshot at a feed that is no volume's, as long as it is used.
    func serve(_ feed: SnapshotFeed, _ use: @Sendable () async throws -> Void) async throws {
        let (store, windows, log) = (store, windows, log)
        let source = try await store.call(feed.snapshot.id) { _ throws(BlockStoreError) in
            try FeedSource(feed.snapshot, atMost: feed.volumeBytes, in: store, windows: windows)
        }
        let open = try Feed(feed, of: source) { error in
            log.error("a snapshot cannot be read", metadata: ["snapshot": "\(feed.snapshot.id)", "error": "\(error)"])
        }
        defer { open.close() }
        try await use()
    }

    /// Nobody reads it any more.
    func close(_ volume: VolumeID) { open.removeValue(forKey: volume)?.close() }

    /// Up to where a volume is filled that no guest has; nil where it is not being filled.
    func position(of volume: VolumeID) -> Int? { fills[volume].flatMap { _ in open[volume]?.pace.position } }

    func isOpen(_ volume: VolumeID) -> Bool { open[volume] != nil }

    // MARK: filling

    /// Begins to fill a volume that no guest has; an event tells the end.
    ///
    /// - Parameter rate: bytes a second; nil: any number.
    func fill(_ volume: VolumeID, at rate: Int?) async throws(NodeError) {
        guard fills[volume] == nil else { return }
        _ = try await file(of: volume)
        guard let feed = open[volume], fills[volume] == nil else { return }
        feed.pace.set(rate: rate)
        let (volumes, log, tell) = (volumes, log, tell)
        fills[volume] = Task {
            var hasFailed = false
            do throws(VolumeBackendError) { try await volumes.fill(volume) } catch {
                hasFailed = !feed.isShut
                if hasFailed {
                    log.error("a volume was not filled", metadata: ["volume": "\(volume)", "error": "\(error)"])
                }
            }
            self.ended(volume)
            tell(hasFailed ? .volumeFillFailed(volume) : .volumeFilled(volume))
        }
    }

    private func ended(_ volume: VolumeID) {
        fills[volume] = nil
        for continuation in waiting.removeValue(forKey: volume) ?? [] { continuation.resume() }
    }

    /// Returns once nobody fills the volume: whoever opens, grows or deletes it waits for that. The tool that fills it is
    /// not killed: without its feed it closes the volume's file in good order.
    func halt(_ volume: VolumeID) async {
        // Also one that has read all of its feed, which may be closed, and has its file open still.
        while fills[volume] != nil {
            open[volume]?.shut()
            await withCheckedContinuation { waiting[volume, default: []].append($0) }
        }
        open[volume]?.reopen()
        open[volume]?.pace.set(rate: nil)
    }
}

/// A listening socket, and a thread for it and for each who connects; whoever opened it closes it.
final class Feed: Sendable {
    let pace = Pace(rate: nil)
    private let listener: OwnedDescriptor
    private let folder: String
    private let source: FeedSource
    private let connections = Mutex(Connections())

    private struct Connections {
        var isShut = false
        var open: [OwnedDescriptor] = []
    }

    init(
        _ feed: SnapshotFeed, of source: FeedSource, complain: @escaping @Sendable (FeedSource.Failure) -> Void
    ) throws(SystemError) {
        (folder, self.source) = (feed.folder, source)
        let path = "\(folder)/\(SnapshotFeed.socketName)"
        listener = try UnixSocket.listen(path)
        // The folder lets in whom it is handed to; the socket lets in whoever is in the folder.
        guard chmod(path, 0o666) == 0 else { throw SystemError("chmod \(path)") }
        let export = SnapshotFeed.export(of: feed.snapshot)
        let server = NBDServer { [pace] name in
            name == export ? SnapshotExport(source, pace: pace, complain: complain) : nil
        }
        Task { try await HostThread.run { self.serve(server) } }
    }

    private func serve(_ server: NBDServer) {
        while let connection = UnixSocket.accept(listener) { serve(connection, server) }
    }

    private func serve(_ connection: OwnedDescriptor, _ server: NBDServer) {
        let isWanted = connections.withLock { connections in
            if !connections.isShut { connections.open.append(connection) }
            return !connections.isShut
        }
        guard isWanted else { return }
        Task {
            try await HostThread.run { try? server.serve(connection) }
            connections.withLock { connections in connections.open.removeAll { $0 === connection } }
        }
    }

    /// Hangs up on everybody, until it is opened again.
    func shut() {
        let open = connections.withLock { connections in
            connections.isShut = true
            return connections.open
        }
        // Their threads close them.
        for connection in open { shutdown(connection.number, Int32(SHUT_RDWR)) }
        source.stop()
    }

    func reopen() {
        source.goOn()
        connections.withLock { $0.isShut = false }
    }

    var isShut: Bool { connections.withLock { $0.isShut } }

    func close() {
        // Wakes the listening thread.
        shutdown(listener.number, Int32(SHUT_RDWR))
        shut()
        unlink("\(folder)/\(SnapshotFeed.socketName)")
        rmdir(folder)
    }
}
