// The store of a single host: records in an SQLite database in a folder of their own.
//
// Two connections: one commits, on its own queue; one reads and copies the write-ahead log into the database. A process
// that dies at any moment leaves a prefix of the commits, with all that were acknowledged.

package import CloudStore
import GRDB
import Synchronization

/// Keeps records in the folder given, which one process at a time can open.
package final class SQLiteStore: CloudStore {
    /// What may be chosen about a store; the defaults suit a server.
    package struct Options: Sendable {
        /// How many of the newest commits can be watched from at least, if they are not larger than `keptBytes`.
        package var keptCommits = 1000
        /// How large the change log may become.
        package var keptBytes = 16 << 20
        /// How large the database may become, MiB; beyond that commits fail with `.full`. 0: as the disk lets it.
        package var maximumMiB = 0
        /// How much of the write-ahead log is made before it is needed, bytes; by default as much as is copied in one go.
        package var preparedLogBytes = Checkpoints.softLimitPages * Checkpoints.pageBytes

        package init() {}
    }

    private let line = CommitLine()
    private let signal: RevisionSignal
    private let checkpoints = Mutex(Checkpoints())
    /// Why no more commits are made.
    private let failure = Mutex<StoreError?>(nil)
    private let writing: DatabaseQueue
    private let reading: DatabaseQueue
    private let directory: Mutex<StateDirectory?>
    private let writer: Mutex<CommitWriter?>
    private let reader: Mutex<StoreReader?>

    /// Opens the store in a folder, making it where it is absent.
    ///
    /// Whether the tables are sound is seen as they are read, all of them by `load`; `problems()` looks deeper.
    ///
    /// - Throws: `.alreadyInUse`, `.cannotOpen`, `.newerSchema`, `.damaged`, `.inputOutput`, `.full`.
    package init(directory path: String, options: Options = Options()) throws(StoreError) {
        let directory = try StateDirectory(path: path)
        var settings = ConnectionSettings()
        settings.maximumPages = options.maximumMiB * (1 << 20) / Checkpoints.pageBytes
        let writing = try DatabaseQueue.open(directory.databasePath, label: "apus.store.writer", settings)
        try Schema.migrate(writing)
        let retention = ChangeLogRetention(keptCommits: options.keptCommits, keptBytes: options.keptBytes)
        let writer = try writing.withHandle { handle throws(StoreError) in
            let writer = try CommitWriter(on: handle, retention: retention)
            writer.log.prepare(bytes: options.preparedLogBytes)
            return writer
        }
        let reading = try DatabaseQueue.open(directory.databasePath, label: "apus.store.reader", settings)
        let reader = try reading.withHandle { handle throws(StoreError) in try StoreReader(on: handle) }
        signal = RevisionSignal(newest: writer.revision)
        self.directory = Mutex(directory)
        self.writing = writing
        self.reading = reading
        self.writer = Mutex(writer)
        self.reader = Mutex(reader)
    }
}

// MARK: - Committing

extension SQLiteStore {
    package func submit(
        _ writes: [RecordWrite], if preconditions: [Precondition], after predecessor: CommitTicket?
    ) -> CommitTicket {
        let ticket = CommitTicket()
        let commit = PendingCommit(
            ticket: ticket, writes: writes, preconditions: preconditions, predecessor: predecessor)
        switch line.enter(commit) {
        case .inLine: break
        case .callServer: writing.asyncWriteWithoutTransaction { [self] _ in serveLine() }
        case .refused: ticket.resolve(.failure(.closed))
        }
        return ticket
    }

    /// Makes all commits in line, and those that come meanwhile. On the writing queue.
    private func serveLine() {
        writer.withLock { writer in
            while true {
                let commits = line.takeAll()
                guard !commits.isEmpty else { return }
                guard let writer, canCommit else {
                    let reason = failure.withLock { $0 } ?? .closed
                    for commit in commits { commit.ticket.resolve(.failure(reason)) }
                    continue
                }
                writer.make(commits) { revision, wakeUps in
                    signal.advance(to: revision)
                    for wake in wakeUps { wake() }
                    copyLog(after: writer)
                }
            }
        }
    }

    private var canCommit: Bool { failure.withLock { $0 == nil } }

    private func copyLog(after writer: CommitWriter) {
        switch checkpoints.withLock({ $0.decide(pages: writer.logPages) }) {
        case .none:
            break
        case .now(let waiting):
            copyLog(inBackground: false) { () throws(StoreError) in try writer.log.copy(waiting: waiting) }
        case .inBackground:
            reading.asyncWriteWithoutTransaction { [self] database in
                guard let handle = database.sqliteConnection else { return }
                let log = WriteAheadLog(connection: handle)
                copyLog(inBackground: true) { () throws(StoreError) in try log.copyAndSync() }
            }
        }
    }

    private func copyLog(inBackground: Bool, _ copy: () throws(StoreError) -> Int) {
        do throws(StoreError) {
            let pages = try copy()
            checkpoints.withLock { $0.copied(pages, inBackground: inBackground) }
        } catch {
            stopCommitting(because: error)
        }
    }

    /// Refuses all later commits and leaves the log as it is: it holds everything that may not have reached the
    /// database, and the next opening copies it again. (A failed sync is told once; later ones succeed, proving nothing.)
    func stopCommitting(because error: StoreError) { failure.withLock { $0 = $0 ?? error } }

    package func close() async {
        line.close()
        // The queue runs what was asked before first, so the commits that are in line are made.
        await withCheckedContinuation { continuation in
            writing.asyncWriteWithoutTransaction { [self] _ in
                serveLine()
                writer.withLock { $0 = nil }
                continuation.resume()
            }
        }
        signal.finish()
        await withCheckedContinuation { continuation in
            reading.asyncWriteWithoutTransaction { [self] _ in
                reader.withLock { $0 = nil }
                continuation.resume()
            }
        }
        letGo()
    }

    /// Closes the files. What SQLite could not copy or remove then, it copies or removes at the next opening.
    private func letGo() {
        for queue in [reading, writing] {
            do { try queue.close() } catch { continue }
        }
        directory.withLock { $0 = nil }
    }
}

// MARK: - Reading

extension SQLiteStore {
    nonisolated(nonsending)
        package func load(_ body: (StoredRecord) -> Void) async throws(StoreError) -> Revision
    {
        try reading.withHandle { _ throws(StoreError) in
            guard let reader = reader.withLock({ $0 }) else { throw .closed }
            return try reader.load(body)
        }
    }

    package func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord? {
        try await onReader { reader throws(StoreError) in try reader.read(key) }
    }

    package func scan(kind: String, account: String?) async throws(StoreError) -> [StoredRecord] {
        try await onReader { reader throws(StoreError) in try reader.scan(kind: kind, account: account) }
    }

    package func watch(from revision: Revision) -> ChangeFeed {
        ChangeFeed(after: revision) { [self] known throws(StoreError) in
            guard await signal.wait(beyond: known) else { return [] }
            do throws(StoreError) {
                return try await onReader { reader throws(StoreError) in try reader.changeSets(after: known) }
            } catch .closed {
                return []
            }
        }
    }

    /// What is wrong with the database, in SQLite's words; empty if nothing. Reads all of it, beside the commits.
    package func problems() async throws(StoreError) -> [String] {
        try await onReader { reader throws(StoreError) in try reader.problems() }
    }

    private func onReader<Value: Sendable>(
        _ body: @escaping @Sendable (StoreReader) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        if line.isClosed { throw .closed }
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            reading.asyncWriteWithoutTransaction { [self] _ in
                do throws(StoreError) {
                    guard let reader = reader.withLock({ $0 }) else { throw .closed }
                    continuation.resume(returning: .success(try body(reader)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
