// One connection to an NBD server: negotiates an export with structured replies, reads bytes and asks what they are.
// Calls wait for their answers, so each connection belongs to one thread; several connections read side by side.
// Follows: "The NBD protocol", fixed newstyle negotiation and structured replies.

package import HostSystem

package struct NBDClient: Sendable {
    private let socket: NBDSocket
    /// Of the export, in bytes.
    package let size: Int
    package let isReadOnly: Bool
    /// The ids that the server gave the contexts asked for.
    private let contexts: [String: UInt32]

    /// Negotiates the export; hangs up when this throws.
    ///
    /// - Parameters:
    ///   - socket: connected; closed with the client.
    ///   - contexts: what `extents` will ask about: `base:allocation`, `qemu:dirty-bitmap:NAME`.
    ///   - silenceLimit: how many seconds the server may be silent while it owes an answer; nil: for ever.
    /// - Throws: `.refused` when the server has no such export or context.
    package init(
        _ socket: OwnedDescriptor, export: String, contexts: [String] = [], silenceLimit: Int? = 60
    ) throws(NBDError) {
        let connection = try NBDSocket(socket, silenceLimit: silenceLimit)
        var handshake = NBDClientHandshake(socket: connection)
        try handshake.greet()
        try handshake.askForStructuredReplies()
        self.contexts = contexts.isEmpty ? [:] : try handshake.choose(contexts, of: export)
        let facts = try handshake.go(export)
        (self.socket, size, isReadOnly) = (connection, facts.size, facts.flags.contains(.readOnly))
    }

    /// Fills the buffer with the bytes from `offset` on; at most 32 MiB at once.
    package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(NBDError) {
        precondition(buffer.count <= NBDWire.maximumPayload && offset >= 0)
        try send(.read, offset: offset, length: buffer.count)
        var filled = 0
        try receive(cookie: offset) { kind, length throws(NBDError) in
            filled += try take(kind, length, offset, buffer)
        }
        guard filled == buffer.count else { throw .malformed("\(filled) bytes of \(buffer.count)") }
    }

    /// What a context says of the bytes from `offset` on: whole runs, `length` bytes in all or fewer, at least one run.
    package func extents(of context: String, at offset: Int, length: Int) throws(NBDError) -> [NBDExtent] {
        guard let wanted = contexts[context] else { throw .refused("\(context) was not negotiated") }
        try send(.blockStatus, offset: offset, length: min(length, Int(UInt32.max) & ~0xffff))
        var extents: [NBDExtent] = []
        try receive(cookie: offset) { kind, length throws(NBDError) in
            guard kind == .blockStatus, length <= NBDWire.maximumPayload else {
                throw .malformed("chunk \(kind.rawValue) of \(length) bytes for a block status")
            }
            var fields = NBDFields(try socket.read(length))
            guard try fields.number(UInt32.self) == wanted else { return }
            while !fields.isEmpty {
                extents.append(
                    NBDExtent(length: Int(try fields.number(UInt32.self)), flags: try fields.number()))
            }
        }
        guard extents.contains(where: { $0.length > 0 }) else { throw .malformed("no extents of \(context)") }
        return extents
    }

    /// Says good-bye and hangs up.
    package func close() {
        try? send(.disconnect, offset: 0, length: 0)
        socket.descriptor.close()
    }

    private func send(_ command: NBDCommand, offset: Int, length: Int) throws(NBDError) {
        var request: [UInt8] = []
        request.append(number: NBDWire.requestMagic)
        request.append(number: UInt16(0))
        request.append(number: command.rawValue)
        // One request at a time: the offset serves as the cookie that the answer must bring back.
        request.append(number: UInt64(offset))
        request.append(number: UInt64(offset))
        request.append(number: UInt32(length))
        try socket.write(request)
    }

    private typealias Take = (NBDChunk, Int) throws(NBDError) -> Void

    /// Reads chunks until the last one; an error of the server is thrown after the whole answer was read.
    private func receive(cookie: Int, _ take: Take) throws(NBDError) {
        var failure: NBDError?
        while true {
            let magic = try socket.number(UInt32.self)
            guard magic == NBDWire.structuredReplyMagic else { throw .malformed("reply magic \(magic)") }
            let flags = try socket.number(UInt16.self)
            let kind = NBDChunk(rawValue: try socket.number())
            guard try socket.number(UInt64.self) == UInt64(cookie) else { throw .malformed("another's answer") }
            let length = Int(try socket.number(UInt32.self))
            if kind.isError {
                failure = try error(length)
            } else if kind == .none {
                try socket.skip(length)
            } else {
                try take(kind, length)
            }
            if flags & NBDChunk.lastFlag != 0 { break }
        }
        if let failure { throw failure }
    }

    private func error(_ length: Int) throws(NBDError) -> NBDError {
        guard length >= 4, length <= NBDWire.maximumOption else { throw .malformed("an error of \(length) bytes") }
        var fields = NBDFields(try socket.read(length))
        return .failed(Int32(bitPattern: try fields.number()))
    }

    /// Takes a chunk of an answer to a read; returns how many bytes it filled.
    private func take(
        _ kind: NBDChunk, _ length: Int, _ offset: Int, _ buffer: UnsafeMutableRawBufferPointer
    ) throws(NBDError) -> Int {
        guard kind == .data || kind == .hole, length >= 8 else {
            throw .malformed("chunk \(kind.rawValue) of \(length) bytes for a read")
        }
        let begin = Int(truncatingIfNeeded: try socket.number(UInt64.self)) - offset
        let count = kind == .data ? length - 8 : Int(try socket.number(UInt32.self))
        guard begin >= 0, count >= 0, begin <= buffer.count, count <= buffer.count - begin else {
            throw .malformed("a chunk outside of what was asked for")
        }
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[begin..<begin + count])
        if kind == .data { try socket.read(into: part) } else { part.initializeMemory(as: UInt8.self, repeating: 0) }
        return count
    }
}
