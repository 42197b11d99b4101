// A server's side of the negotiation. Whatever is asked that we do not speak is refused, and the client may ask on.

struct NBDServerHandshake {
    struct Choice {
        var export: any NBDExport
        var isStructured: Bool
        var knowsAllocation: Bool
    }

    static let allocationID: UInt32 = 1
    private static let allocation = "base:allocation"
    private static let flags: NBDTransmissionFlags = [.hasFlags, .readOnly, .sendsFlush, .allowsManyConnections]

    private let socket: NBDSocket
    private let exports: NBDServer.Exports
    private var isStructured = false
    private var allocationOf: String?
    private var omitsZeroes = false

    init(socket: NBDSocket, exports: @escaping NBDServer.Exports) { (self.socket, self.exports) = (socket, exports) }

    /// Returns nil where the client left without an export.
    mutating func negotiate() throws(NBDError) -> Choice? {
        var greeting: [UInt8] = []
        greeting.append(number: NBDWire.greeting)
        greeting.append(number: NBDWire.optionMagic)
        greeting.append(number: NBDWire.fixedNewstyle | NBDWire.noZeroes)
        try socket.write(greeting)
        let client = try socket.number(UInt32.self)
        guard client & ~UInt32(NBDWire.fixedNewstyle | NBDWire.noZeroes) == 0 else {
            throw .malformed("client flags \(client)")
        }
        omitsZeroes = client & UInt32(NBDWire.noZeroes) != 0
        while true {
            guard try socket.number(UInt64.self) == NBDWire.optionMagic else { throw .malformed("no option") }
            let option = NBDOption(rawValue: try socket.number())
            let length = Int(try socket.number(UInt32.self))
            guard length <= NBDWire.maximumOption else { throw .malformed("an option of \(length) bytes") }
            let payload = try socket.read(length)
            switch option {
            case .exportName: return try oldExport(payload)
            case .abort:
                try reply(option, .acknowledged)
                return nil
            case .structuredReply:
                isStructured = payload.isEmpty
                try reply(option, payload.isEmpty ? .acknowledged : .invalid)
            case .setMetaContext: try setContexts(payload)
            case .info, .go: if let choice = try describe(option, payload), option == .go { return choice }
            default: try reply(option, .unsupported)
            }
        }
    }

    /// The old way to choose, which cannot be refused but by hanging up.
    private func oldExport(_ payload: [UInt8]) throws(NBDError) -> Choice {
        let name = String(decoding: payload, as: UTF8.self)
        guard let export = exports(name) else { throw .refused("no export \(name)") }
        var facts: [UInt8] = []
        facts.append(number: UInt64(export.size))
        facts.append(number: NBDServerHandshake.flags.rawValue)
        if !omitsZeroes { facts += [UInt8](repeating: 0, count: 124) }
        try socket.write(facts)
        return choice(name, export)
    }

    private func describe(_ option: NBDOption, _ payload: [UInt8]) throws(NBDError) -> Choice? {
        var fields = NBDFields(payload)
        guard let count = try? fields.number(UInt32.self), let name = try? fields.text(Int(count)) else {
            try reply(option, .invalid)
            return nil
        }
        guard let export = exports(name) else {
            try reply(option, .unknownExport, Array("no export \(name)".utf8))
            return nil
        }
        var facts: [UInt8] = []
        facts.append(number: NBDInfo.export)
        facts.append(number: UInt64(export.size))
        facts.append(number: NBDServerHandshake.flags.rawValue)
        try reply(option, .info, facts)
        var sizes: [UInt8] = []
        sizes.append(number: NBDInfo.blockSize)
        for size in [1, 4_096, UInt32(NBDWire.maximumPayload)] { sizes.append(number: size) }
        try reply(option, .info, sizes)
        try reply(option, .acknowledged)
        return choice(name, export)
    }

    private func choice(_ name: String, _ export: any NBDExport) -> Choice {
        Choice(export: export, isStructured: isStructured, knowsAllocation: isStructured && allocationOf == name)
    }

    private mutating func setContexts(_ payload: [UInt8]) throws(NBDError) {
        guard isStructured, let (name, wanted) = try? NBDServerHandshake.contexts(payload) else {
            return try reply(.setMetaContext, .invalid)
        }
        guard exports(name) != nil else { return try reply(.setMetaContext, .unknownExport) }
        allocationOf = nil
        if wanted.contains(NBDServerHandshake.allocation) {
            allocationOf = name
            var answer: [UInt8] = []
            answer.append(number: NBDServerHandshake.allocationID)
            try reply(.setMetaContext, .metaContext, answer + NBDServerHandshake.allocation.utf8)
        }
        try reply(.setMetaContext, .acknowledged)
    }

    private static func contexts(_ payload: [UInt8]) throws(NBDError) -> (String, [String]) {
        var fields = NBDFields(payload)
        let name = try fields.text(Int(try fields.number(UInt32.self)))
        var wanted: [String] = []
        for _ in 0..<(try fields.number(UInt32.self)) {
            wanted.append(try fields.text(Int(try fields.number(UInt32.self))))
        }
        return (name, wanted)
    }

    private func reply(_ option: NBDOption, _ reply: NBDOptionReply, _ payload: [UInt8] = []) throws(NBDError) {
        var message: [UInt8] = []
        message.append(number: NBDWire.optionReplyMagic)
        message.append(number: option.rawValue)
        message.append(number: reply.rawValue)
        message.append(number: UInt32(payload.count))
        try socket.write(message + payload)
    }
}
