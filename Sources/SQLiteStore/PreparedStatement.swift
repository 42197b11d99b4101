// SQLite's own statements: prepared once, run many times. The commits go through here rather than through GRDB's
// rows and arguments, which cost more than SQLite's work does.

import CloudStore
import GRDBSQLite

/// One prepared statement of one connection. Used on that connection's queue only; goes before the connection closes.
final class PreparedStatement {
    private let handle: OpaquePointer
    private let connection: OpaquePointer

    /// Has SQLite copy what is bound.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(_ sql: String, on connection: OpaquePointer) throws(StoreError) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else { throw StoreError(of: connection) }
        self.handle = handle
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    /// Runs the statement to its end and makes it ready for the next run.
    func run() throws(StoreError) {
        defer { sqlite3_reset(handle) }
        while try step() {}
    }

    /// Runs the statement and calls `body` for each row until it returns false.
    func forEachRow(_ body: (PreparedStatement) throws(StoreError) -> Bool) throws(StoreError) {
        defer { sqlite3_reset(handle) }
        while try step(), try body(self) {}
    }

    private func step() throws(StoreError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw StoreError(of: connection)
        }
    }
}

// MARK: - Parameters, counted from 1

extension PreparedStatement {
    func bind(_ number: Int64, at index: Int32) throws(StoreError) {
        try check(sqlite3_bind_int64(handle, index, number))
    }

    func bind(_ text: String, at index: Int32) throws(StoreError) {
        var text = text
        let code = text.withUTF8 { bytes in
            // An empty text has no address, which SQLite would take for NULL.
            guard let address = bytes.baseAddress else { return sqlite3_bind_text(handle, index, "", 0, nil) }
            return address.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                sqlite3_bind_text(handle, index, $0, Int32(bytes.count), PreparedStatement.transient)
            }
        }
        try check(code)
    }

    func bind(_ bytes: [UInt8], at index: Int32) throws(StoreError) {
        guard !bytes.isEmpty else { return try check(sqlite3_bind_zeroblob(handle, index, 0)) }
        try check(
            bytes.withUnsafeBytes {
                sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64($0.count), PreparedStatement.transient)
            })
    }

    private func check(_ code: Int32) throws(StoreError) {
        guard code == SQLITE_OK else { throw StoreError(of: connection) }
    }
}

// MARK: - Columns of the current row, counted from 0

extension PreparedStatement {
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func bytes(_ column: Int32) -> [UInt8] {
        guard let address = sqlite3_column_blob(handle, column) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: address, count: Int(sqlite3_column_bytes(handle, column))))
    }

    func text(_ column: Int32) -> String {
        guard let address = sqlite3_column_text(handle, column) else { return "" }
        let bytes = UnsafeBufferPointer(start: address, count: Int(sqlite3_column_bytes(handle, column)))
        return String(decoding: bytes, as: UTF8.self)
    }
}

// MARK: - Errors

extension StoreError {
    /// What last went wrong on a connection.
    init(of connection: OpaquePointer) {
        self.init(
            code: sqlite3_extended_errcode(connection), message: String(cString: sqlite3_errmsg(connection)))
    }

    /// - Parameter code: an extended result code of SQLite.
    init(code: Int32, message: String) {
        switch code & 0xFF {
        case SQLITE_FULL: self = .full
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .damaged(message)
        default: self = .inputOutput(code: code, message: message)
        }
    }
}
