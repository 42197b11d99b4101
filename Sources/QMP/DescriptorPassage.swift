// Open descriptors on their way to a monitor: ancillary data of one message on its socket (SCM_RIGHTS, unix(7)).

import Glibc

/// A second handle of a monitor's socket, for messages that carry a descriptor.
final class DescriptorPassage: Sendable {
    private let socket: Int32

    /// - Parameter socket: a connected Unix stream socket; stays its owner's.
    init(over socket: Int32) { self.socket = fcntl(socket, F_DUPFD_CLOEXEC, 3) }

    deinit { if socket >= 0 { close(socket) } }

    /// Sends all of the bytes in one message together with the descriptor. Returns why it could not; nil: it is sent.
    func send(_ bytes: [UInt8], with descriptor: Int32) -> String? {
        guard socket >= 0 else { return "no second handle of the socket" }
        var control = DescriptorPassage.control(for: descriptor)
        let count = bytes.withUnsafeBytes { content in
            control.withUnsafeMutableBytes { control in
                var piece = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: content.baseAddress), iov_len: content.count)
                return withUnsafeMutablePointer(to: &piece) { piece in
                    var message = msghdr()
                    (message.msg_iov, message.msg_iovlen) = (piece, 1)
                    (message.msg_control, message.msg_controllen) = (control.baseAddress, control.count)
                    return sendmsg(socket, &message, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
                }
            }
        }
        if count == bytes.count { return nil }
        return count < 0 ? "sendmsg: \(String(cString: strerror(errno)))" : "sendmsg: \(count) of \(bytes.count) bytes"
    }

    /// One control message: a header (length, level, type), the descriptor, and what pads it to eight bytes.
    private static func control(for descriptor: Int32) -> [UInt64] {
        let header = MemoryLayout<cmsghdr>.size
        let length = UInt64(header + MemoryLayout<Int32>.size)
        let kind = UInt64(UInt32(bitPattern: SOL_SOCKET)) | UInt64(rights) << 32
        return [length, kind, UInt64(UInt32(bitPattern: descriptor))]
    }

    /// `SCM_RIGHTS` of sys/socket.h.
    private static let rights: UInt32 = 1
}
