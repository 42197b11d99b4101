// Hours of a week in UTC, as event windows name them: ranges from a day's hour to a day's hour, or a cron expression of
// hours and days.
// Source: EC2 API Reference, "CreateInstanceEventWindow".

package import CloudTypes

/// A part of every week. The hours of a week are counted from Sunday, midnight.
package struct WeeklyHours: Sendable, Equatable, Codable {
    package static let days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    static let inWeek = 168
    /// The fewest hours of one range, and of all together.
    private static let (fewestOfRange, fewest) = (2, 4)

    /// From an hour of the week up to another, which may be in the next one.
    package struct Range: Sendable, Equatable, Codable {
        package var start: Int
        package var end: Int
        package init(start: Int, end: Int) { (self.start, self.end) = (start, end) }

        var length: Int {
            let length = (end - start + WeeklyHours.inWeek) % WeeklyHours.inWeek
            return length == 0 ? WeeklyHours.inWeek : length
        }

        fileprivate func contains(_ hour: Int) -> Bool {
            (hour - start + WeeklyHours.inWeek) % WeeklyHours.inWeek < length
        }
    }

    /// As they were given, or as the expression says.
    package let ranges: [Range]
    /// nil: the ranges were given.
    package let cron: String?

    /// - Throws: `InvalidParameterValue` for a range of less than two hours, or less than four hours in all.
    package init(_ ranges: [Range]) throws(EC2Error) { try self.init(ranges, cron: nil) }

    /// - Parameter cron: `* 0-4,20-23 * * 1,5`; a range of hours ends before its second one, as in a time range.
    package init(cron: String) throws(EC2Error) {
        let fields = cron.split(separator: " ")
        guard fields.count == 5, [fields[0], fields[2], fields[3]].allSatisfy({ $0 == "*" }) else {
            throw .invalidParameterValue(
                name: "CronExpression", value: cron, reason: "Only hours and days of the week can be given.")
        }
        guard let hours = WeeklyHours.hours(fields[1]), let days = WeeklyHours.weekDays(fields[4]) else {
            throw .invalidParameterValue(
                name: "CronExpression", value: cron,
                reason: "Hours must be ranges such as 0-4,20-23, days 0 to 6 or SUN to SAT.")
        }
        let ranges = days.sorted().flatMap { day in
            hours.map { Range(start: day * 24 + $0.lowerBound, end: (day * 24 + $0.upperBound) % WeeklyHours.inWeek) }
        }
        try self.init(ranges, cron: cron)
    }

    private init(_ ranges: [Range], cron: String?) throws(EC2Error) {
        guard ranges.allSatisfy({ $0.length >= WeeklyHours.fewestOfRange }) else {
            throw .invalidParameterValue("Each time range of an event window must be at least 2 hours.")
        }
        (self.ranges, self.cron) = (ranges, cron)
        guard (0..<WeeklyHours.inWeek).count(where: contains) >= WeeklyHours.fewest else {
            throw .invalidParameterValue("The time ranges of an event window must be at least 4 hours in all.")
        }
    }

    private func contains(_ hour: Int) -> Bool { ranges.contains { $0.contains(hour) } }

    /// The moment itself where it is inside, else the next hour that begins inside.
    package func opening(from moment: Timestamp) -> Timestamp {
        let hour = moment.milliseconds / 3_600_000
        // 1970 began on a Thursday.
        let now = Int((hour + 4 * 24) % Int64(WeeklyHours.inWeek))
        for wait in 0..<WeeklyHours.inWeek where contains((now + wait) % WeeklyHours.inWeek) {
            return wait == 0 ? moment : Timestamp(milliseconds: (hour + Int64(wait)) * 3_600_000)
        }
        return moment
    }

    /// `0-4,20-23`
    private static func hours(_ text: Substring) -> [ClosedRange<Int>]? {
        if text == "*" { return [0...24] }
        var ranges: [ClosedRange<Int>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let bounds = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard bounds.count == 2, let first = bounds[0], let last = bounds[1], first >= 0, first < last, last < 24
            else { return nil }
            ranges.append(first...last)
        }
        return ranges
    }

    /// `1,5`, `MON`, `1-5`, `*`
    private static func weekDays(_ text: Substring) -> Set<Int>? {
        if text == "*" { return Set(0...6) }
        var days: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let bounds = part.split(separator: "-", omittingEmptySubsequences: false).compactMap(weekDay)
            switch bounds.count {
            case 1 where !part.contains("-"): days.insert(bounds[0])
            case 2 where bounds[0] < bounds[1]: days.formUnion(bounds[0]...bounds[1])
            default: return nil
            }
        }
        return days
    }

    private static func weekDay(_ text: Substring) -> Int? {
        if let number = Int(text) { return (0...6).contains(number) ? number : nil }
        return days.firstIndex { $0.prefix(3).uppercased() == text.uppercased() }
    }
}
