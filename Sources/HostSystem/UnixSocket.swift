// Listening and connected Unix sockets, at paths of any length.

import CHostSystem
import Glibc

package enum UnixSocket {
    /// A listening socket at `path`, which replaces what was there; only our own user may connect.
    package static func listen(_ path: String) throws(SystemError) -> OwnedDescriptor {
        unlink(path)
        return try make(path) { socket, address, length throws(SystemError) in
            guard bind(socket, address, length) == 0 else { throw SystemError("bind \(path)") }
            guard chmod(path, 0o600) == 0 else { throw SystemError("chmod \(path)") }
            guard Glibc.listen(socket, 8) == 0 else { throw SystemError("listen \(path)") }
        }
    }

    /// A socket connected to whoever holds the listening end; does not wait for it to accept.
    ///
    /// - Parameter isPatient: whether to wait, on the calling thread, while as many as the listener takes wait already;
    ///   else that is an error, `EAGAIN`, and the socket is one that never waits.
    package static func connect(_ path: String, isPatient: Bool = true) throws(SystemError) -> OwnedDescriptor {
        try make(path, flags: isPatient ? 0 : Int32(SOCK_NONBLOCK.rawValue)) {
            socket, address, length throws(SystemError) in
            guard Glibc.connect(socket, address, length) == 0 else { throw SystemError("connect \(path)") }
        }
    }

    /// Waits for somebody to connect; nil once the listener is shut down.
    package static func accept(_ listener: OwnedDescriptor) -> OwnedDescriptor? {
        while true {
            let number = apus_accept(listener.number)
            if number >= 0 { return try? OwnedDescriptor(number, "accept") }
            switch errno {
            case EINTR, ECONNABORTED: continue
            // Of descriptors or memory there may be more in a while.
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: usleep(100_000)
            default: return nil
            }
        }
    }

    private typealias Use = (Int32, UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void

    private static func make(_ path: String, flags: Int32 = 0, _ use: Use) throws(SystemError) -> OwnedDescriptor {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags
        let socket = try OwnedDescriptor(socket(AF_UNIX, kind, 0), "socket")
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        // An address holds 107 bytes: the directory is reached through a descriptor, however long its path is.
        let directory = try OwnedDescriptor(
            open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open directory of \(path)")
        let short = "/proc/self/fd/\(directory.number)\(path[slash...])"
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard short.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError("address of \(path)", number: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: short.utf8) }
        let outcome: Result<Void, SystemError> = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                do throws(SystemError) {
                    return .success(try use(socket.number, generic, socklen_t(MemoryLayout<sockaddr_un>.size)))
                } catch {
                    return .failure(error)
                }
            }
        }
        try outcome.get()
        return socket
    }
}
