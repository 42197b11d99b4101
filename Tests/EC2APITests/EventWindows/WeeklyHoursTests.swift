import CloudTypes
import ControlPlane
import Testing

@Suite("Hours of a week")
struct WeeklyHoursTests {
    private func moment(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }

    @Test("are a cron expression of hours and days, whose ranges end before their last hour")
    func cron() throws {
        let hours = try WeeklyHours(cron: "* 0-4,20-23 * * 1,FRI")
        #expect(hours.ranges.map(\.start) == [24, 44, 120, 140])
        #expect(hours.ranges.map(\.end) == [28, 47, 124, 143])
        #expect(try WeeklyHours(cron: "* 1-3 * * SUN-MON").ranges.map(\.start) == [1, 25])
    }

    @Test(
        "are refused for what is no such expression, and for what is too short",
        arguments: [
            "", "* 0-4 * *", "5 0-4 * * 1", "* 4-0 * * 1", "* 0-4 1 * 1", "* 0-4 * * 7", "* 4 * * 1", "* 0-24 * * 1",
            "* 0-4 * * MOON", "* 0-3 * * 1", "* 0-1,5-9 * * 1", "* 0-4 * * 5-1",
        ])
    func refused(cron: String) {
        let error = #expect(throws: EC2Error.self) { try WeeklyHours(cron: cron) }
        #expect(error?.code == "InvalidParameterValue")
    }

    @Test("count once where ranges overlap")
    func overlap() {
        #expect(throws: EC2Error.self) {
            try WeeklyHours([.init(start: 0, end: 3), .init(start: 0, end: 3)])
        }
    }

    @Test("open at once inside, else at the next beginning, also over the week's end")
    func openings() throws {
        // 2026-11-30 is a Monday.
        let hours = try WeeklyHours([.init(start: 6 * 24 + 22, end: 2), .init(start: 24 + 8, end: 24 + 10)])
        let inside = try moment("2026-11-30T09:59:59Z")
        #expect(hours.opening(from: inside) == inside)
        #expect(try hours.opening(from: moment("2026-11-30T10:00:00Z")) == moment("2026-12-05T22:00:00Z"))
        let sunday = try moment("2026-12-06T01:30:00Z")
        #expect(hours.opening(from: sunday) == sunday)
        #expect(try hours.opening(from: moment("2026-12-06T02:00:00Z")) == moment("2026-12-07T08:00:00Z"))
    }
}
