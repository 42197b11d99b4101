// Files and folders of the host that commands make, and what they say when the host does not let them.

#if canImport(Glibc)
    import Glibc
#endif

enum HostFiles {
    /// Makes the folder and those above it, as far as they are missing.
    ///
    /// - Parameter path: absolute.
    static func makeFolder(_ path: String) throws(CommandFailure) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, 0o777) != 0, errno != EEXIST else { continue }
            throw CommandFailure("The folder \(path) cannot be made: \(reason()). Choose another, or run as root.")
        }
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else {
            throw CommandFailure("\(path) is no folder. Choose another.")
        }
    }

    /// Writes a small file whole or not at all, readable by its owner alone.
    static func write(_ bytes: [UInt8], to file: String) throws(CommandFailure) {
        let temporary = file + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CommandFailure("\(temporary) cannot be written: \(reason()).") }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
            rename(temporary, file) == 0
        else { throw CommandFailure("\(file) cannot be written: \(reason()).") }
    }

    /// Why the last call to the system failed.
    static func reason() -> String { String(cString: strerror(errno)) }
}
