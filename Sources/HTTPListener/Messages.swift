// What a listener hands to its handler and takes back: requests and answers as plain values.
// Knows nothing of NIO, so that handlers need not either.

package import CloudTypes

/// One request, complete with its body.
package struct HTTPRequest: Sendable {
    /// As sent: `GET`, `POST`; an unknown method is passed on.
    package let method: String
    /// The request target as sent: path and query, escapes untouched.
    package let target: String
    /// In the order of arrival, names as sent, repeated names kept apart.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]
    /// The address the connection comes from, as text without its port; a path or nothing on a Unix socket.
    package let peerAddress: String
    /// The address the connection was made to, as text without its port.
    package let localAddress: String
    /// Unique among the connections of one listener.
    package let connectionID: UInt64

    package init(
        method: String, target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        peerAddress: String = "", localAddress: String = "", connectionID: UInt64 = 0
    ) {
        (self.method, self.target, self.headers, self.body) = (method, target, headers, body)
        (self.peerAddress, self.localAddress, self.connectionID) = (peerAddress, localAddress, connectionID)
    }

    /// The path, as sent.
    package var path: Substring { target[..<queryMark] }

    /// The query, as sent, without its `?`; empty where there is none.
    package var query: Substring {
        queryMark == target.endIndex ? "" : target[target.utf8.index(after: queryMark)...]
    }

    /// The first value of a header.
    package func header(_ name: String) -> String? {
        for header in headers where equalIgnoringCase(header.name.utf8, name.utf8) { return header.value }
        return nil
    }

    private var queryMark: String.Index { target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex }
}

/// One answer. `Content-Length`, `Date` and `Connection` are the listener's to add.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    /// The body. Its pieces are sent as they are, and only as fast as the client takes them.
    package var content: ByteRope
    /// The hop limit (`IP_TTL`, 1...255) the connection's packets get from this answer on.
    package var ipTTL: Int?
    /// Whether the connection ends after this answer.
    package var closesConnection: Bool

    package init(
        status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [], ipTTL: Int? = nil,
        closesConnection: Bool = false
    ) {
        self.init(status: status, headers: headers, content: ByteRope(body), ipTTL: ipTTL)
        self.closesConnection = closesConnection
    }

    package init(
        status: Int, headers: [(name: String, value: String)] = [], content: ByteRope, ipTTL: Int? = nil
    ) {
        (self.status, self.headers, self.content) = (status, headers, content)
        (self.ipTTL, closesConnection) = (ipTTL, false)
    }

    /// The body in one array.
    package var body: [UInt8] { content.bytes }

    /// A plain-text answer.
    package init(status: Int, text: String) {
        self.init(status: status, headers: [("Content-Type", "text/plain")], body: Array(text.utf8))
    }
}

/// ASCII comparison as header names want it.
func equalIgnoringCase(_ left: String.UTF8View, _ right: String.UTF8View) -> Bool {
    guard left.count == right.count else { return false }
    for (a, b) in zip(left, right) where a != b {
        guard a | 32 == b | 32, (97...122).contains(a | 32) else { return false }
    }
    return true
}
