// An answer as bytes: status line and headers, then the body piece by piece. Nothing a handler puts in a header can
// break framing.
// Follows: RFC 9112, "Message format"; RFC 9110, "Content-Length" and "Date".

import CloudTypes
import Glibc
import NIOCore
import NIOHTTP1
import Synchronization

extension ByteBuffer {
    /// Appends all of an answer but its body.
    mutating func appendHead(of response: HTTPResponse, keepsAlive: Bool, date: String) {
        writeStaticString("HTTP/1.1 ")
        writeString(String(response.status))
        writeStaticString(" ")
        writeString(HTTPResponseStatus(statusCode: response.status).reasonPhrase)
        writeStaticString("\r\n")
        for header in response.headers where !isFraming(header.name) {
            writeField(header.name)
            writeStaticString(": ")
            writeField(header.value)
            writeStaticString("\r\n")
        }
        writeStaticString("Date: ")
        writeString(date)
        if response.mayHaveBody {
            writeStaticString("\r\nContent-Length: ")
            writeString(String(response.content.count))
        }
        if keepsAlive { writeStaticString("\r\n\r\n") } else { writeStaticString("\r\nConnection: close\r\n\r\n") }
    }

    /// Appends what is next of a body, as much as there is room for.
    mutating func append(_ body: inout ByteRope.Cursor) {
        body.take(writableBytes) { writeBytes($0) }
    }

    /// A name or value with its control characters turned into spaces, so that no answer can be split in two.
    private mutating func writeField(_ text: String) {
        if text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 }) {
            writeString(text)
        } else {
            writeBytes(text.utf8.map { $0 < 32 && $0 != 9 || $0 == 127 ? 32 : $0 })
        }
    }
}

extension HTTPResponse {
    /// Whether the status lets a body follow.
    var mayHaveBody: Bool { status >= 200 && status != 204 && status != 304 }
}

/// Whether a header is the listener's own to set.
private func isFraming(_ name: String) -> Bool {
    let length = name.utf8.count
    guard length == 4 || length == 10 || length == 14 || length == 17 else { return false }
    return ["date", "connection", "content-length", "transfer-encoding"].contains {
        equalIgnoringCase(name.utf8, $0.utf8)
    }
}

/// The `Date` header's text, made once a second.
final class DateText: Sendable {
    private let cached = Mutex((second: Int.min, text: ""))

    var now: String {
        var moment = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &moment)
        let second = moment.tv_sec
        return cached.withLock { cached in
            if cached.second != second { cached = (second, DateText.text(of: second)) }
            return cached.text
        }
    }

    /// `Sun, 30 Aug 2015 12:36:00 GMT`
    static func text(of second: Int) -> String {
        var time = time_t(second)
        var parts = tm()
        gmtime_r(&time, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
            + "\(parts.tm_year + 1900) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
