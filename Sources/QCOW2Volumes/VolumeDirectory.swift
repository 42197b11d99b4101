// One directory of files named after ids: drafts that become files in one step, and synced removal.
// A file that is there under its own name is whole; what a crash left of a draft is removed at the next start.

import Backends
import DiskFormats
import Glibc
import HostSystem

struct VolumeDirectory: Sendable {
    let path: String

    /// Makes the directory, for our own eyes only, and removes drafts of an earlier run.
    init(_ path: String) throws(VolumeBackendError) {
        self.path = path
        if mkdir(path, 0o700) != 0 && errno != EEXIST { throw .system("mkdir \(path)") }
        for name in try names() where name.hasPrefix(".") { unlink("\(path)/\(name)") }
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func contains(_ name: String) -> Bool { access(file(name), F_OK) == 0 }

    /// Names of all entries but `.` and `..`.
    func names() throws(VolumeBackendError) -> [String] {
        guard let stream = opendir(path) else { throw .system("opendir \(path)") }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// A name for a draft that nobody else has.
    func draft(of name: String) -> String {
        file(".\(name).\(String(UInt64.random(in: .min ... .max), radix: 36))")
    }

    /// Writes a new file of `length` bytes that is zero but for the pieces; one that exists is left as it is.
    func create(_ name: String, _ content: EmptyQCOW2) throws(VolumeBackendError) {
        let draft = draft(of: name)
        do throws(VolumeBackendError) {
            let file = try open(draft, O_WRONLY | O_CREAT | O_EXCL)
            do throws(SystemError) { try content.write(to: file) } catch { throw .system(error) }
            guard fdatasync(file.number) == 0 else { throw .system("fdatasync") }
            try publish(draft, as: name)
        } catch {
            unlink(draft)
            throw error
        }
    }

    /// Gives a draft whose content is synced its name; one that exists is left as it is and the draft removed.
    func publish(_ draft: String, as name: String) throws(VolumeBackendError) {
        if link(draft, file(name)) != 0 && errno != EEXIST { throw .system("link \(name)") }
        unlink(draft)
        try sync()
    }

    /// Makes an empty file, durably; one that exists is left as it is.
    func mark(_ name: String) throws(VolumeBackendError) {
        _ = try open(file(name), O_WRONLY | O_CREAT)
        try sync()
    }

    func remove(_ name: String) throws(VolumeBackendError) {
        if unlink(file(name)) != 0 {
            if errno == ENOENT { return }
            throw .system("unlink \(name)")
        }
        try sync()
    }

    /// The first bytes of a file, at most `count`.
    func beginning(of name: String, count: Int) throws(VolumeBackendError) -> [UInt8] {
        try bytes(of: name, at: 0..<count)
    }

    /// Some bytes of a file, fewer at its end.
    func bytes(of name: String, at range: Range<Int>) throws(VolumeBackendError) -> [UInt8] {
        let file = try open(self.file(name), O_RDONLY)
        return try VolumeDirectory.read(file, at: range.lowerBound, count: range.count)
    }

    func size(of name: String) throws(VolumeBackendError) -> Int { Int(try status(of: name).st_size) }

    /// Bytes that it takes on the disk.
    func allocated(_ name: String) throws(VolumeBackendError) -> Int { Int(try status(of: name).st_blocks) * 512 }

    private func status(of name: String) throws(VolumeBackendError) -> stat {
        var status = stat()
        guard stat(file(name), &status) == 0 else { throw .system("stat \(name)") }
        return status
    }

    func sync() throws(VolumeBackendError) {
        let directory = try open(path, O_RDONLY | O_DIRECTORY)
        guard fsync(directory.number) == 0 else { throw .system("fsync \(path)") }
    }

    private func open(_ path: String, _ flags: Int32) throws(VolumeBackendError) -> OwnedDescriptor {
        try VolumeDirectory.open(path, flags)
    }

    static func open(
        _ path: String, _ flags: Int32, mode: mode_t = 0o600
    ) throws(VolumeBackendError)
        -> OwnedDescriptor
    {
        do throws(SystemError) {
            return try OwnedDescriptor(Glibc.open(path, flags | O_CLOEXEC, mode), "open \(path)")
        } catch {
            throw .system(error)
        }
    }

    /// Up to `count` bytes from `offset`; fewer at the end of the file.
    static func read(_ file: OwnedDescriptor, at offset: Int, count: Int) throws(VolumeBackendError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let length = pread(file.number, &bytes, count, off_t(offset))
        guard length >= 0 else { throw .system("pread") }
        return Array(bytes.prefix(length))
    }
}

extension VolumeBackendError {
    /// The calling thread's last failed system call.
    static func system(_ call: String) -> VolumeBackendError { system(SystemError(call)) }

    static func system(_ error: SystemError) -> VolumeBackendError {
        error.number == ENOSPC || error.number == EDQUOT ? .noSpace(error.call) : .hostFailed(error.description)
    }
}
