// The folder in which a store lives: private files, and the lock that keeps a second process out.

import CloudStore
import Glibc

/// A state folder held by this process. Gives the lock up when it goes.
final class StateDirectory: Sendable {
    let path: String
    private let lock: Int32

    /// The database; SQLite puts its write-ahead log and the log's index beside it.
    var databasePath: String { path + "/records.sqlite" }

    /// Makes the folder (mode 0700) and the database file (mode 0600) where they are absent, and takes the lock.
    ///
    /// - Throws: `.alreadyInUse` or `.cannotOpen`.
    init(path: String) throws(StoreError) {
        self.path = path
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .cannotOpen(path: path, errno: errno) }
        lock = try StateDirectory.takeLock(path + "/lock")
        do throws(StoreError) {
            try StateDirectory.makePrivateFile(path + "/records.sqlite")
            try StateDirectory.syncEntries(of: path)
        } catch {
            Glibc.close(lock)
            throw error
        }
    }

    deinit { Glibc.close(lock) }

    /// The lock belongs to the open file, so the kernel gives it up however the process ends.
    private static func takeLock(_ path: String) throws(StoreError) -> Int32 {
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .cannotOpen(path: path, errno: errno) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let holder = processID(in: file)
            Glibc.close(file)
            throw reason == EWOULDBLOCK ? .alreadyInUse(pid: holder) : .cannotOpen(path: path, errno: reason)
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(file, 0) == 0, pwrite(file, text, text.count, 0) == text.count else {
            let reason = errno
            Glibc.close(file)
            throw .cannotOpen(path: path, errno: reason)
        }
        return file
    }

    private static func processID(in file: Int32) -> Int32? {
        var text = [UInt8](repeating: 0, count: 16)
        let length = pread(file, &text, text.count, 0)
        return Int32(String(decoding: text.prefix(max(0, length)).filter { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    /// SQLite gives the files that it makes beside the database the database's mode.
    private static func makePrivateFile(_ path: String) throws(StoreError) {
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .cannotOpen(path: path, errno: errno) }
        defer { Glibc.close(file) }
        guard fchmod(file, 0o600) == 0 else { throw .cannotOpen(path: path, errno: errno) }
    }

    private static func syncEntries(of path: String) throws(StoreError) {
        let folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .cannotOpen(path: path, errno: errno) }
        defer { Glibc.close(folder) }
        guard fsync(folder) == 0 else { throw .cannotOpen(path: path, errno: errno) }
    }
}
