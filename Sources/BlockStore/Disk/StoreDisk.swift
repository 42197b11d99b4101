// What the store asks of a disk. Tests put a disk below it that loses what was not synced.

import Glibc

/// Folders and files by absolute path. Every change of a folder is durable only once the folder is synced.
package protocol StoreDisk: Sendable {
    func open(_ path: String, _ mode: OpenMode) throws(BlockStoreError) -> any StoreFile
    func names(in folder: String) throws(BlockStoreError) -> [String]
    /// One that exists is left as it is.
    func makeFolder(_ path: String) throws(BlockStoreError)
    /// Replaces what is at `target`.
    func rename(_ path: String, to target: String) throws(BlockStoreError)
    /// A second name for a file.
    func link(_ path: String, to target: String) throws(BlockStoreError)
    /// A file that is not there is as good as removed.
    func remove(_ path: String) throws(BlockStoreError)
    func sync(folder: String) throws(BlockStoreError)
    /// Keeps others out for as long as what it returns lives.
    func lock(_ path: String) throws(BlockStoreError) -> any Sendable
}

package enum OpenMode: Sendable {
    /// To read and write a file that is there.
    case existing
    /// An empty file, whatever was there.
    case fresh
}

/// An open file; closed when it goes. Offsets and counts are in bytes.
package protocol StoreFile: AnyObject, Sendable {
    /// - Returns: how many bytes were read: fewer than asked for only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(BlockStoreError) -> Int
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(BlockStoreError)
    func truncate(to size: Int) throws(BlockStoreError)
    /// Returns once all that was written before is durable.
    func sync() throws(BlockStoreError)
    /// Has the disk begin with a range, so that a later sync takes less long. Promises nothing.
    func beginWriting(at offset: Int, count: Int)
    /// Gives the space of a range back; it reads as zeros. The size stays.
    func punch(at offset: Int, count: Int) throws(BlockStoreError)
    func size() throws(BlockStoreError) -> Int
    /// What the file takes on the disk.
    func allocatedBytes() throws(BlockStoreError) -> Int
    /// Where the next bytes are that may not be zeros; nil: there are none.
    func nextData(from offset: Int) throws(BlockStoreError) -> Int?
}

extension StoreDisk {
    /// Writes a whole file so that its name has either what it had or all of this, durably.
    func replace(_ path: String, in folder: String, with bytes: [UInt8]) throws(BlockStoreError) {
        let draft = path + ".new"
        let file = try open(draft, .fresh)
        try file.write(bytes, at: 0)
        try file.sync()
        try rename(draft, to: path)
        try sync(folder: folder)
    }

    func readAll(_ path: String) throws(BlockStoreError) -> [UInt8] {
        let file = try open(path, .existing)
        return try file.read(count: try file.size(), at: 0)
    }
}

extension StoreFile {
    func write(_ bytes: [UInt8], at offset: Int) throws(BlockStoreError) {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(BlockStoreError) in try write(buffer, at: offset) }
        }
        try result.get()
    }

    /// Fewer bytes only where the file ends.
    func read(count: Int, at offset: Int) throws(BlockStoreError) -> [UInt8] {
        var failure: BlockStoreError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(BlockStoreError) {
                filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
