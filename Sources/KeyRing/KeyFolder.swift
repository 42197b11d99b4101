// One folder of small secret files: each is whole or not there, ours alone, and synced before anything relies on it.

import Glibc
import HostSystem

struct KeyFolder: Sendable {
    let path: String

    /// Makes the folder, mode 0700, and removes what a crash left half written.
    init(_ path: String) throws(SystemError) {
        self.path = path
        if mkdir(path, 0o700) != 0 && errno != EEXIST { throw SystemError("mkdir \(path)") }
        for name in SmallFile.names(in: path) where name.hasPrefix(".") { unlink("\(path)/\(name)") }
    }

    func contains(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }

    /// Nil where there is no such file.
    func read(_ name: String) throws(SystemError) -> [UInt8]? { try KeyFolder.read("\(path)/\(name)") }

    /// Writes a file that is not there yet; one that is stays as it is. Returns what is in it from now on.
    func create(_ name: String, _ bytes: [UInt8]) throws(SystemError) -> [UInt8] {
        let draft = "\(path)/.\(name).\(String(UInt64.random(in: .min ... .max), radix: 36))"
        defer { unlink(draft) }
        let file = try OwnedDescriptor(open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600), "open \(draft)")
        guard write(file.number, bytes, bytes.count) == bytes.count else { throw SystemError("write \(draft)") }
        guard fsync(file.number) == 0 else { throw SystemError("fsync \(draft)") }
        if link(draft, "\(path)/\(name)") != 0 && errno != EEXIST { throw SystemError("link \(name)") }
        try sync()
        guard let kept = try read(name) else { throw SystemError("read \(name)", number: ENOENT) }
        return kept
    }

    func remove(_ name: String) throws(SystemError) {
        if unlink("\(path)/\(name)") != 0 {
            if errno == ENOENT { return }
            throw SystemError("unlink \(name)")
        }
        try sync()
    }

    private func sync() throws(SystemError) {
        let folder = try OwnedDescriptor(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open \(path)")
        guard fsync(folder.number) == 0 else { throw SystemError("fsync \(path)") }
    }

    /// Files of keys are short; what is longer is none.
    static func read(_ path: String) throws(SystemError) -> [UInt8]? {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        if number < 0 && errno == ENOENT { return nil }
        let file = try OwnedDescriptor(number, "open \(path)")
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file.number, &bytes, bytes.count)
        guard count >= 0 else { throw SystemError("read \(path)") }
        return Array(bytes.prefix(count))
    }
}
