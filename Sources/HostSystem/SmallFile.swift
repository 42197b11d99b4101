// Reading and writing small files of the kernel (/proc, /sys) and of ours, without buffering.

import Glibc

package enum SmallFile {
    /// The whole text of a file of at most 1 MiB; nil when it cannot be read.
    package static func read(_ path: String) -> String? {
        guard let file = try? OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), "open") else { return nil }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= 1 << 20 {
            let count = Glibc.read(file.number, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: buffer[..<count])
        }
        return nil
    }

    /// Writes `text` into a file that exists, as settings of the kernel are written.
    package static func set(_ path: String, to text: String) throws(SystemError) {
        let file = try OwnedDescriptor(open(path, O_WRONLY | O_CLOEXEC), "open \(path)")
        let bytes = Array(text.utf8)
        guard Glibc.write(file.number, bytes, bytes.count) == bytes.count else { throw SystemError("write \(path)") }
    }

    /// Replaces a file as a whole: readers see the old text or the new one.
    ///
    /// - Parameter isSynced: whether it is on the disk when this returns.
    package static func replace(
        _ path: String, with text: String, mode: UInt32 = 0o644, owner: UInt32? = nil, group: UInt32? = nil,
        isSynced: Bool = false
    ) throws(SystemError) {
        let draft = path + ".new"
        try write(draft, text, flags: O_TRUNC, mode: mode)
        if isSynced { try sync(draft, O_WRONLY) }
        if owner != nil || group != nil {
            guard chown(draft, owner ?? .max, group ?? .max) == 0 else { throw SystemError("chown \(draft)") }
        }
        guard rename(draft, path) == 0 else { throw SystemError("rename \(path)") }
        if isSynced { try syncFolder(of: path) }
    }

    private static func syncFolder(of path: String) throws(SystemError) {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        try sync(String(path[..<slash]), O_RDONLY | O_DIRECTORY)
    }

    private static func sync(_ path: String, _ flags: Int32) throws(SystemError) {
        let file = try OwnedDescriptor(open(path, flags | O_CLOEXEC), "open \(path)")
        guard fsync(file.number) == 0 else { throw SystemError("fsync \(path)") }
    }

    private static func write(_ path: String, _ text: String, flags: Int32, mode: UInt32) throws(SystemError) {
        let file = try OwnedDescriptor(open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode), "open \(path)")
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(file.number, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw SystemError("write \(path)") }
            done += count
        }
    }
}

extension SmallFile {
    /// Removes a file; one that is not there is as good as removed.
    package static func remove(_ path: String) { unlink(path) }

    /// Removes a file for good: once this returns, no power cut brings it back.
    package static func removeSynced(_ path: String) throws(SystemError) {
        if unlink(path) != 0 && errno != ENOENT { throw SystemError("unlink \(path)") }
        try syncFolder(of: path)
    }

    /// Where a symbolic link leads; nil where it cannot be told.
    package static func target(of path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The names in a folder, `.` and `..` left out; empty when it cannot be read.
    package static func names(in folder: String) -> [String] {
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Makes a folder and those above it; one that exists keeps its mode.
    package static func makeFolder(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        let parts = path.split(separator: "/")
        for count in parts.indices {
            let folder = "/" + parts[...count].joined(separator: "/")
            if mkdir(folder, mode) != 0 && errno != EEXIST { throw SystemError("mkdir \(folder)") }
        }
    }

    /// Removes a folder of files; folders inside it stay, and it with them.
    package static func removeFolder(_ path: String) {
        for name in names(in: path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}
