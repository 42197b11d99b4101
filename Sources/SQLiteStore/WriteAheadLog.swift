// The write-ahead log's file: made before it is needed, and copied into the database.

import CloudStore
import GRDBSQLite

/// The write-ahead log as one connection sees it. Used on that connection's queue only.
struct WriteAheadLog {
    let connection: OpaquePointer

    /// Makes the log's file so long that commits overwrite it: where a commit makes its file longer, the sync has to write
    /// the length as well, which doubles its time. What is added is zeros, and these end a log for whoever recovers it.
    ///
    /// Nothing may be committed meanwhile. What cannot be made, for want of space, is made when it is needed.
    func prepare(bytes: Int) {
        var file: UnsafeMutablePointer<sqlite3_file>?
        let code = sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file)
        guard code == SQLITE_OK, let file, let methods = file.pointee.pMethods?.pointee else { return }
        var length: sqlite3_int64 = 0
        guard methods.xFileSize(file, &length) == SQLITE_OK, length < bytes else { return }
        let zeros = [UInt8](repeating: 0, count: 1 << 18)
        while length < bytes {
            let count = min(zeros.count, bytes - Int(length))
            guard methods.xWrite(file, zeros, Int32(count), length) == SQLITE_OK else { return }
            length += sqlite3_int64(count)
        }
    }

    /// Copies the log as far as its readers and the commits made meanwhile allow.
    ///
    /// - Parameter waiting: waits a while for readers and for a copy that another connection is making.
    /// - Returns: how many pages of the log are in the database now; 0: others are at it, or there is no space.
    /// - Throws: `.inputOutput`. What was copied may be lost then, so the log must not be begun anew.
    func copy(waiting: Bool) throws(StoreError) -> Int {
        var pages: Int32 = 0
        let mode = waiting ? SQLITE_CHECKPOINT_FULL : SQLITE_CHECKPOINT_PASSIVE
        switch sqlite3_wal_checkpoint_v2(connection, nil, mode, nil, &pages) & 0xFF {
        case SQLITE_OK: return Int(pages)
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL: return 0
        default: throw StoreError(of: connection)
        }
    }

    /// Copies the log and brings the copy to the disk. SQLite itself syncs only a copy of the whole log, so the commit
    /// that waits for the last pages would wait for all.
    func copyAndSync() throws(StoreError) -> Int {
        let pages = try copy(waiting: false)
        var file: UnsafeMutablePointer<sqlite3_file>?
        let code = sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file)
        guard code == SQLITE_OK, let file, let sync = file.pointee.pMethods?.pointee.xSync else { return pages }
        let result = sync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY)
        guard result == SQLITE_OK else { throw .inputOutput(code: result, message: "the database could not be synced") }
        return pages
    }
}
