// Use that is over: of one resource in one stretch of time, or, once the day is over, of all alike in that day.

package import CloudTypes

package struct UsageRecord: CloudRecord, Equatable {
    package static let kind = "usage"
    package static let table: TablePath<Self> = \.usage

    package var id: String
    package var account: AccountID
    package var meter: UsageMeter
    package var item: String
    package var tags: [String: String]
    package var from: Timestamp
    package var to: Timestamp
    /// Units times seconds.
    package var amount: Double
    /// nil: of all alike in that day.
    package var resource: String?

    /// Days for which it is kept.
    static let keptDays = 400

    init(
        id: String, account: AccountID, use: (meter: UsageMeter, item: String, tags: [String: String]),
        from: Timestamp, to: Timestamp, amount: Double, resource: String?
    ) {
        (self.id, self.account, self.from, self.to, self.amount) = (id, account, from, to, amount)
        (meter, item, tags) = use
        self.resource = resource
    }

    /// What of it falls between two moments: use is even.
    func amount(from: Timestamp, to: Timestamp) -> Double {
        let (first, last) = (max(from, self.from), min(to, self.to))
        guard self.from < self.to else { return from <= self.from && self.from < to ? amount : 0 }
        return first < last ? amount * last.seconds(since: first) / self.to.seconds(since: self.from) : 0
    }

    /// Its parts by the days in which they fall; each bears a name that all alike of that day share.
    func byDay() -> [UsageRecord] {
        var parts: [UsageRecord] = []
        var day = from.startOfDay
        repeat {
            let next = day.adding(seconds: Timestamp.secondsADay)
            let labels = tags.sorted { $0.key < $1.key }.map { "\($0.key.utf8.count):\($0.key)=\($0.value)" }
            parts.append(
                UsageRecord(
                    id: "\(day.dayText) \(account) \(meter) \(item) \(labels.joined(separator: " "))",
                    account: account, use: (meter, item, tags), from: day, to: next,
                    amount: amount(from: day, to: next), resource: nil))
            day = next
        } while day < to
        return parts
    }
}

extension Timestamp {
    static let secondsADay = 86_400.0

    package var startOfDay: Timestamp {
        let day = Int64(Timestamp.secondsADay) * 1_000
        return Timestamp(milliseconds: milliseconds - (milliseconds % day + day) % day)
    }

    /// `2026-11-23`
    package var dayText: String { String(description.prefix(10)) }
}
