// Puts a request together from its decoded parts, within limits. Decides what becomes of it and does no I/O.
// Follows: RFC 9112, messages; RFC 9110, `Expect` and status codes.

import NIOCore
import NIOHTTP1

/// A complete request and what its connection has to know about it.
struct AssembledRequest {
    let method: String
    let target: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]
    let isHead: Bool
    let keepsAlive: Bool
}

/// The request that is arriving on a connection.
struct RequestAssembly {
    enum Outcome {
        case none
        /// The client waits for `100 Continue` before it sends the body.
        case awaitsContinue
        case complete(AssembledRequest)
        /// The status to refuse with; the connection cannot go on.
        case refused(status: Int)
    }

    private enum State {
        case betweenRequests
        case body(HTTPRequestHead)
        /// Refused: what is left of the request is skipped.
        case skipping
    }

    private let maxBodyBytes: Int
    private var state = State.betweenRequests
    private var body: [UInt8] = []

    init(maxBodyBytes: Int) { self.maxBodyBytes = maxBodyBytes }

    /// Body bytes held now.
    var heldBytes: Int { body.count }

    var isBetweenRequests: Bool {
        switch state {
        case .betweenRequests: true
        case .body, .skipping: false
        }
    }

    mutating func head(_ head: HTTPRequestHead) -> Outcome {
        let announced = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        guard announced <= maxBodyBytes else { return refuse(413) }
        let expectation = head.headers.first(name: "expect")
        if let expectation, expectation.lowercased() != "100-continue" { return refuse(417) }
        state = .body(head)
        // A client's promise of a long body is believed only so far.
        if announced > 0 { body.reserveCapacity(min(announced, 1024 * 1024)) }
        return expectation != nil && head.version == .http1_1 ? .awaitsContinue : .none
    }

    mutating func body(_ part: ByteBuffer) -> Outcome {
        guard case .body = state else { return .none }
        guard body.count + part.readableBytes <= maxBodyBytes else { return refuse(413) }
        body.append(contentsOf: part.readableBytesView)
        return .none
    }

    mutating func end() -> Outcome {
        guard case .body(let head) = state else { return .none }
        let request = AssembledRequest(
            method: head.method.rawValue, target: head.uri, headers: head.headers.map { ($0.name, $0.value) },
            body: body, isHead: head.method == .HEAD, keepsAlive: RequestAssembly.keepsAlive(head))
        body = []
        state = .betweenRequests
        return .complete(request)
    }

    /// Forgets the request that was arriving, and skips what is left of it.
    mutating func abandon() {
        body = []
        state = .skipping
    }

    private mutating func refuse(_ status: Int) -> Outcome {
        abandon()
        return .refused(status: status)
    }

    /// The decoder stops at what could be another protocol, so such a connection has to end as well.
    private static func keepsAlive(_ head: HTTPRequestHead) -> Bool {
        head.isKeepAlive && head.method != .CONNECT && !head.headers.contains(name: "upgrade")
    }
}
