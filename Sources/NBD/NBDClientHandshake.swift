// A client's side of the negotiation: greeting, structured replies, meta contexts, and the export itself.

struct NBDClientHandshake {
    struct ExportFacts {
        var size: Int
        var flags: NBDTransmissionFlags
    }

    let socket: NBDSocket

    mutating func greet() throws(NBDError) {
        guard try socket.number(UInt64.self) == NBDWire.greeting,
            try socket.number(UInt64.self) == NBDWire.optionMagic
        else { throw .malformed("no NBD server of the newstyle") }
        let flags = try socket.number(UInt16.self)
        guard flags & NBDWire.fixedNewstyle != 0 else { throw .malformed("not the fixed newstyle") }
        var answer: [UInt8] = []
        answer.append(number: UInt32(flags & (NBDWire.fixedNewstyle | NBDWire.noZeroes)))
        try socket.write(answer)
    }

    func askForStructuredReplies() throws(NBDError) {
        try send(.structuredReply, [])
        try untilAcknowledged(.structuredReply) { _, _ in }
    }

    /// - Throws: `.refused` unless the server has every context.
    func choose(_ contexts: [String], of export: String) throws(NBDError) -> [String: UInt32] {
        var question = NBDClientHandshake.name(export)
        question.append(number: UInt32(contexts.count))
        for context in contexts { question += NBDClientHandshake.name(context) }
        try send(.setMetaContext, question)
        var ids: [String: UInt32] = [:]
        try untilAcknowledged(.setMetaContext) { reply, fields throws(NBDError) in
            guard reply == .metaContext else { return }
            let id = try fields.number(UInt32.self)
            ids[fields.text()] = id
        }
        for context in contexts where ids[context] == nil { throw .refused("the export has no \(context)") }
        return ids
    }

    func go(_ export: String) throws(NBDError) -> ExportFacts {
        var question = NBDClientHandshake.name(export)
        question.append(number: UInt16(0))
        try send(.go, question)
        var facts: ExportFacts?
        try untilAcknowledged(.go) { reply, fields throws(NBDError) in
            guard reply == .info, try fields.number(UInt16.self) == NBDInfo.export else { return }
            let size = try fields.number(UInt64.self)
            let flags = NBDTransmissionFlags(rawValue: try fields.number())
            guard size <= UInt64(Int.max) else { throw .malformed("an export of \(size) bytes") }
            facts = ExportFacts(size: Int(size), flags: flags)
        }
        guard let facts else { throw .malformed("no facts of the export") }
        return facts
    }

    private static func name(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(number: UInt32(text.utf8.count))
        return bytes + text.utf8
    }

    private func send(_ option: NBDOption, _ payload: [UInt8]) throws(NBDError) {
        var message: [UInt8] = []
        message.append(number: NBDWire.optionMagic)
        message.append(number: option.rawValue)
        message.append(number: UInt32(payload.count))
        try socket.write(message + payload)
    }

    private typealias Take = (NBDOptionReply, inout NBDFields) throws(NBDError) -> Void

    private func untilAcknowledged(_ option: NBDOption, _ take: Take) throws(NBDError) {
        while true {
            guard try socket.number(UInt64.self) == NBDWire.optionReplyMagic,
                try socket.number(UInt32.self) == option.rawValue
            else { throw .malformed("an answer to no question") }
            let reply = NBDOptionReply(rawValue: try socket.number())
            let length = Int(try socket.number(UInt32.self))
            guard length <= NBDWire.maximumOption else { throw .malformed("an answer of \(length) bytes") }
            var fields = NBDFields(try socket.read(length))
            if reply.isError {
                let text = fields.text()
                throw .refused(text.isEmpty ? "option \(option.rawValue)" : text)
            }
            if reply == .acknowledged { return }
            try take(reply, &fields)
        }
    }
}
