// The monitor protocol as a state machine: what to send, and what each line that comes means.
// Does no I/O; `QMPClient` carries out what is decided here.
// Follows: QEMU Machine Protocol Specification, "Protocol Specification".

import JSON

//  greeting ─"QMP"─▶ negotiating ─"return"─▶ ready ─any fault─▶ ended
struct QMPSession {
    enum State: Equatable { case awaitingGreeting, negotiating, ready, ended }

    enum Outcome: Equatable {
        case send([UInt8])
        case ready
        case answer(id: Int64, Result<JSONValue, QMPError>)
        case event(QMPEvent)
    }

    private static let negotiationID: Int64 = 0
    private(set) var state = State.awaitingGreeting
    private var names: [Int64: String] = [:]
    private var lastID = negotiationID

    /// The bytes of a command, and the id under which its answer will come.
    mutating func request(_ command: String, _ arguments: JSONValue?) -> (id: Int64, bytes: [UInt8]) {
        lastID += 1
        names[lastID] = command
        return (lastID, QMPSession.line(command, arguments, id: lastID))
    }

    /// The command that waits under `id` will wait no more; its answer, should it come, is dropped.
    mutating func forget(_ id: Int64) -> String? { names.removeValue(forKey: id) }

    mutating func end() { state = .ended }

    mutating func received(_ line: [UInt8]) throws(QMPError) -> Outcome? {
        let message: JSONValue
        do { message = try JSONValue(parsing: line) } catch { throw fault("\(error)") }
        switch state {
        case .awaitingGreeting:
            guard message["QMP"] != nil else { throw fault("no greeting") }
            state = .negotiating
            return .send(QMPSession.line("qmp_capabilities", nil, id: QMPSession.negotiationID))
        case .negotiating:
            if let event = QMPEvent(message) { return .event(event) }
            guard message["return"] != nil, message["id"]?.integer == QMPSession.negotiationID else {
                throw fault("capabilities were refused")
            }
            state = .ready
            return .ready
        case .ready:
            return try answer(message)
        case .ended:
            return nil
        }
    }

    private mutating func answer(_ message: JSONValue) throws(QMPError) -> Outcome? {
        if let event = QMPEvent(message) { return .event(event) }
        guard message["return"] != nil || message["error"] != nil else { throw fault("neither answer nor event") }
        guard let id = message["id"]?.integer, let command = names.removeValue(forKey: id) else { return nil }
        if let value = message["return"] { return .answer(id: id, .success(value)) }
        return .answer(
            id: id,
            .failure(
                .refused(
                    command: command, errorClass: message["error"]?["class"]?.text ?? "",
                    description: message["error"]?["desc"]?.text ?? "")))
    }

    private mutating func fault(_ what: String) -> QMPError {
        state = .ended
        return .malformed(what)
    }

    private static func line(_ command: String, _ arguments: JSONValue?, id: Int64) -> [UInt8] {
        var members: [String: JSONValue] = ["execute": .string(command), "id": .integer(id)]
        members["arguments"] = arguments
        return JSONValue.object(members).utf8 + [0x0a]
    }
}
