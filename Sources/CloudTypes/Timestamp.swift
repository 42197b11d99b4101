// A moment in UTC to the millisecond, and its ISO 8601 text as AWS prints it.

/// Milliseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Self, right: Self) -> Bool { left.milliseconds < right.milliseconds }

    package func adding(seconds: Double) -> Timestamp {
        Timestamp(milliseconds: milliseconds + Int64(seconds * 1000))
    }

    /// Seconds from `earlier` to this moment.
    package func seconds(since earlier: Timestamp) -> Double {
        Double(milliseconds - earlier.milliseconds) / 1000
    }

    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    /// `2026-11-23T08:15:00.000Z`
    package var description: String { String(decoding: utf8, as: UTF8.self) }

    /// The bytes of `description`.
    package var utf8: [UInt8] {
        let parts = civil
        var text: [UInt8] = []
        text.reserveCapacity(24)
        Timestamp.append(parts.year, width: 4, to: &text)
        text.append(UInt8(ascii: "-"))
        Timestamp.append(parts.month, width: 2, to: &text)
        text.append(UInt8(ascii: "-"))
        Timestamp.append(parts.day, width: 2, to: &text)
        text.append(UInt8(ascii: "T"))
        Timestamp.append(parts.hour, width: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Timestamp.append(parts.minute, width: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Timestamp.append(parts.second, width: 2, to: &text)
        text.append(UInt8(ascii: "."))
        Timestamp.append(parts.millisecond, width: 3, to: &text)
        text.append(UInt8(ascii: "Z"))
        return text
    }

    /// The calendar and clock parts in UTC.
    package var civil: CivilTime {
        let second = milliseconds.floorDivided(by: 1000)
        let days = second.floorDivided(by: 86_400)
        let rest = Int(second - days * 86_400)
        let (year, month, day) = CivilTime.date(ofDay: Int(days))
        return CivilTime(
            year: year, month: month, day: day, hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60,
            millisecond: Int(milliseconds - second * 1000))
    }

    private static func append(_ number: Int, width: Int, to text: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(48 + number / divisor % 10))
            divisor /= 10
        }
    }
}

/// A UTC date and time of day, taken apart.
package struct CivilTime: Equatable, Sendable {
    package var year, month, day, hour, minute, second, millisecond: Int

    package init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, millisecond: Int = 0
    ) {
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second, self.millisecond) = (hour, minute, second, millisecond)
    }

    package var timestamp: Timestamp {
        let days = Int64(CivilTime.day(ofYear: year, month: month, day: day))
        let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second)
        return Timestamp(milliseconds: seconds * 1000 + Int64(millisecond))
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar (counted from a year that begins in March).
    static func day(ofYear year: Int, month: Int, day: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = Int64(marchYear).floorDivided(by: 400)
        let yearOfEra = marchYear - Int(era) * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int(era) * 146_097 + dayOfEra - 719_468
    }

    static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = Int(Int64(shifted).floorDivided(by: 146_097))
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}

extension Timestamp {
    /// Reads ISO 8601 as AWS clients send it: `2026-11-23`, `…T08:15Z`, `…T08:15:00Z`, `…T08:15:00.123Z`, `…+00:00`.
    package init?(iso8601 text: String) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int? {
            guard range.upperBound <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[range] {
                guard byte >= 48, byte <= 57 else { return nil }
                value = value * 10 + Int(byte - 48)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            bytes[4] == 45, bytes[7] == 45, (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var civil = CivilTime(year: year, month: month, day: day)
        guard bytes.count > 10 else {
            self = civil.timestamp
            return
        }
        guard bytes[10] == 84 || bytes[10] == 32, let hour = number(11..<13), let minute = number(14..<16),
            bytes[13] == 58, hour < 24, minute < 60
        else { return nil }
        (civil.hour, civil.minute) = (hour, minute)
        var position = 16
        if position < bytes.count, bytes[position] == 58 {
            guard let second = number(17..<19), second < 61 else { return nil }
            civil.second = second
            position = 19
        }
        if position < bytes.count, bytes[position] == 46 {
            var scale = 100
            position += 1
            while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 {
                civil.millisecond += Int(bytes[position] - 48) * scale
                scale /= 10
                position += 1
            }
        }
        let zone = String(decoding: bytes[position...], as: UTF8.self)
        guard ["", "Z", "+00:00", "+0000", "-00:00"].contains(zone) else { return nil }
        self = civil.timestamp
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
