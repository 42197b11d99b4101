// Serves one export to one client over one connection, by a thread that waits for requests: read-only, with structured
// replies and `base:allocation`. Whatever a client sends, the answer is one of the protocol's, or the line is cut.
// Follows: "The NBD protocol", fixed newstyle negotiation, structured replies, NBD_CMD_BLOCK_STATUS.

package import HostSystem

/// What can be read through a server. Called by the connections' threads, at the same time.
package protocol NBDExport: Sendable {
    /// In bytes; does not change.
    var size: Int { get }
    /// Fills the buffer from `offset` on; the range lies within the size.
    /// - Throws: `.failed` with a Linux error number for the client.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(NBDError)
    /// What is known of the bytes from `offset` on: whole runs, `length` bytes in all or fewer, at least one run.
    func extents(at offset: Int, length: Int) -> [NBDExtent]
}

package struct NBDServer: Sendable {
    /// The export of a name; nil: there is none.
    package typealias Exports = @Sendable (String) -> (any NBDExport)?

    private let exports: Exports

    package init(exports: @escaping Exports) { self.exports = exports }

    /// Serves until the client says good-bye or breaks the protocol; the socket is closed afterwards.
    ///
    /// - Throws: `.closed` when the client hung up without good-bye, `.malformed` when it broke the protocol.
    package func serve(_ connected: OwnedDescriptor) throws(NBDError) {
        defer { connected.close() }
        let socket = try NBDSocket(connected, silenceLimit: nil)
        var handshake = NBDServerHandshake(socket: socket, exports: exports)
        guard let chosen = try handshake.negotiate() else { return }
        var transmission = NBDTransmission(socket: socket, chosen: chosen)
        while try transmission.answerNext() {}
    }
}

/// One connection after the negotiation.
struct NBDTransmission {
    private let socket: NBDSocket
    private let export: any NBDExport
    private let isStructured: Bool
    private let knowsAllocation: Bool
    private var buffer: [UInt8] = []

    init(socket: NBDSocket, chosen: NBDServerHandshake.Choice) {
        (self.socket, export) = (socket, chosen.export)
        (isStructured, knowsAllocation) = (chosen.isStructured, chosen.knowsAllocation)
    }

    private struct Request {
        var command: NBDCommand
        var wantsOneExtent: Bool
        var cookie: UInt64
        var offset: Int
        var length: Int
    }

    private enum Failure {
        static let permission: Int32 = 1
        static let inputOutput: Int32 = 5
        static let invalid: Int32 = 22
        static let notSupported: Int32 = 95
        static let tooLong: Int32 = 75
    }

    /// Whether the client wants more.
    mutating func answerNext() throws(NBDError) -> Bool {
        guard try socket.number(UInt32.self) == NBDWire.requestMagic else { throw .malformed("no request") }
        let flags = try socket.number(UInt16.self)
        let command = NBDCommand(rawValue: try socket.number())
        let cookie = try socket.number(UInt64.self)
        let offset = try socket.number(UInt64.self)
        let length = Int(try socket.number(UInt32.self))
        if command == .disconnect { return false }
        // What comes with a write must be read away before the next request can be.
        if command == .write { try socket.skip(length) }
        let isWithin = offset <= UInt64(export.size) && length <= export.size - Int(offset)
        let request = Request(
            command: command, wantsOneExtent: flags & NBDWire.oneExtent != 0, cookie: cookie,
            offset: isWithin ? Int(offset) : 0, length: length)
        switch command {
        case .read where !isWithin || length == 0: try fail(request, Failure.invalid)
        case .read where length > NBDWire.maximumPayload: try fail(request, Failure.tooLong)
        case .read: try read(request)
        case .blockStatus where knowsAllocation && isWithin && length > 0: try tellExtents(request)
        case .blockStatus: try fail(request, Failure.invalid)
        case .write: try fail(request, Failure.permission)
        case .flush: try acknowledge(request)
        default: try fail(request, Failure.notSupported)
        }
        return true
    }

    private mutating func read(_ request: Request) throws(NBDError) {
        let head = isStructured ? 28 : 16
        if buffer.count < head + request.length { buffer = [UInt8](repeating: 0, count: head + request.length) }
        let (socket, export) = (socket, export)
        let start = header(request, .data, length: 8 + request.length) + NBDTransmission.bytes(request.offset)
        let outcome: Result<Void, NBDError>? = buffer.withUnsafeMutableBytes { all in
            let message = UnsafeMutableRawBufferPointer(rebasing: all[..<(head + request.length)])
            message.copyBytes(from: start.prefix(head))
            do throws(NBDError) {
                try export.read(
                    at: request.offset, into: UnsafeMutableRawBufferPointer(rebasing: message[head...]))
            } catch {
                return nil
            }
            do throws(NBDError) { return .success(try socket.write(UnsafeRawBufferPointer(message))) } catch {
                return .failure(error)
            }
        }
        guard let outcome else { return try fail(request, Failure.inputOutput) }
        try outcome.get()
    }

    private func tellExtents(_ request: Request) throws(NBDError) {
        var payload: [UInt8] = []
        payload.append(number: NBDServerHandshake.allocationID)
        let most = request.wantsOneExtent ? 1 : 4_096
        for extent in export.extents(at: request.offset, length: request.length).prefix(most) {
            payload.append(number: UInt32(clamping: extent.length))
            payload.append(number: extent.flags)
        }
        try socket.write(header(request, .blockStatus, length: payload.count) + payload)
    }

    private func acknowledge(_ request: Request) throws(NBDError) {
        try socket.write(header(request, .none, length: 0))
    }

    private func fail(_ request: Request, _ number: Int32) throws(NBDError) {
        guard isStructured else { return try socket.write(simple(request, error: number)) }
        var payload: [UInt8] = []
        payload.append(number: number)
        payload.append(number: UInt16(0))
        try socket.write(header(request, .error, length: payload.count) + payload)
    }

    private func header(_ request: Request, _ kind: NBDChunk, length: Int) -> [UInt8] {
        guard isStructured else { return simple(request, error: 0) }
        var bytes: [UInt8] = []
        bytes.append(number: NBDWire.structuredReplyMagic)
        bytes.append(number: NBDChunk.lastFlag)
        bytes.append(number: kind.rawValue)
        bytes.append(number: request.cookie)
        bytes.append(number: UInt32(length))
        return bytes
    }

    private func simple(_ request: Request, error: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(number: NBDWire.simpleReplyMagic)
        bytes.append(number: error)
        bytes.append(number: request.cookie)
        return bytes
    }

    private static func bytes(_ offset: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(number: UInt64(offset))
        return bytes
    }
}
