// An answer as bytes: status line, headers, body, in one buffer. Nothing a handler puts in a header can break framing.
// Follows: RFC 9112, "Message format"; RFC 9110, "Content-Length" and "Date".

import Glibc
import NIOCore
import NIOHTTP1
import Synchronization

extension ByteBuffer {
    /// Appends an answer.
    ///
    /// - Parameter isHead: the request was HEAD, so that only the length of the body is told.
    mutating func append(_ response: HTTPResponse, isHead: Bool, keepsAlive: Bool, date: String) {
        let mayHaveBody = response.status >= 200 && response.status != 204 && response.status != 304
        reserveCapacity(minimumWritableBytes: response.body.count + 256)
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
        if mayHaveBody {
            writeStaticString("\r\nContent-Length: ")
            writeString(String(response.body.count))
        }
        if keepsAlive { writeStaticString("\r\n\r\n") } else { writeStaticString("\r\nConnection: close\r\n\r\n") }
        if mayHaveBody, !isHead { writeBytes(response.body) }
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
