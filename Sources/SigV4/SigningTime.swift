// The moment of signing in the spellings that requests use: ISO 8601 basic (`20150830T123600Z`) and HTTP dates.

package import CloudTypes

extension Timestamp {
    /// `20150830T123600Z`, as in `X-Amz-Date` and the string to sign.
    package var iso8601Basic: String {
        let parts = civil
        let date = parts.year * 10_000 + parts.month * 100 + parts.day
        let time = parts.hour * 10_000 + parts.minute * 100 + parts.second
        return "\(padded(date, to: 8))T\(padded(time, to: 6))Z"
    }

    /// `20150830`: the date of a credential scope.
    package var scopeDate: String { String(iso8601Basic.prefix(8)) }

    /// Reads `20150830T123600Z`; anything else is `nil`.
    package init?(iso8601Basic text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            let year = number(bytes[0..<4]), let month = number(bytes[4..<6]), let day = number(bytes[6..<8]),
            let hour = number(bytes[9..<11]), let minute = number(bytes[11..<13]), let second = number(bytes[13..<15])
        else { return nil }
        self.init(year, month, day, hour, minute, second)
    }

    /// Reads the `Date` header: `Sun, 30 Aug 2015 12:36:00 GMT` (or `+0000`, `-0000`, `UTC`).
    init?(httpDate text: String) {
        let words = Array(text.utf8).split(separator: UInt8(ascii: " "))
        guard words.count == 6, ["GMT", "UTC", "+0000", "-0000"].contains(String(decoding: words[5], as: UTF8.self)),
            let day = number(words[1]), let year = number(words[3]),
            let month = monthNames.firstIndex(of: String(decoding: words[2], as: UTF8.self))
        else { return nil }
        let clock = words[4].split(separator: UInt8(ascii: ":"))
        guard clock.count == 3, let hour = number(clock[0]), let minute = number(clock[1]),
            let second = number(clock[2])
        else { return nil }
        self.init(year, month + 1, day, hour, minute, second)
    }

    private init?(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int) {
        guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60,
            second < 61
        else { return nil }
        self = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second).timestamp
    }
}

private let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

private func padded(_ value: Int, to width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

/// A decimal of up to nine digits; `nil` for anything else.
func number(_ digits: some Collection<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.count <= 9 else { return nil }
    var value = 0
    for digit in digits {
        guard digit >= 48, digit <= 57 else { return nil }
        value = value * 10 + Int(digit - 48)
    }
    return value
}
