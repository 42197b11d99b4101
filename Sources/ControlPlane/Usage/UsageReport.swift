// What was used between two moments, by whom and as what: what is over from its records, what goes on from the resources.

package import CloudTypes

package struct UsageReport: Sendable {
    package enum Column: Sendable, Hashable {
        case account, type, resource, day
        case tag(String)

        /// `account`, `type`, `resource`, `day`, `tag:KEY`
        package init?(_ text: String) {
            switch text {
            case "account": self = .account
            case "type": self = .type
            case "resource": self = .resource
            case "day": self = .day
            default:
                guard text.hasPrefix("tag:"), text.count > 4 else { return nil }
                self = .tag(String(text.dropFirst(4)))
            }
        }

        package var description: String {
            switch self {
            case .account: "account"
            case .type: "type"
            case .resource: "resource"
            case .day: "day"
            case .tag(let key): "tag:\(key)"
            }
        }
    }

    package struct Line: Sendable, Equatable {
        package let labels: [String]
        package let meter: UsageMeter
        /// In the meter's unit.
        package let quantity: Double
    }

    package var from: Timestamp
    package var to: Timestamp
    /// nil: of all.
    package var account: AccountID?
    package var columns: [Column]

    package init(from: Timestamp, to: Timestamp, account: AccountID?, columns: [Column]) {
        (self.from, self.to, self.account, self.columns) = (from, to, account, columns)
    }

    /// In the order of their labels; what amounts to nothing is left out.
    package func lines(of state: CloudState, at now: Timestamp) -> [Line] {
        struct Place: Hashable { let labels: [String], meter: UsageMeter }
        var sums: [Place: Double] = [:]
        for record in used(in: state, at: now) where account == nil || record.account == account {
            for part in columns.contains(.day) ? split(record) : [record] {
                let amount = part.amount(from: from, to: to)
                guard amount > 0 else { continue }
                let place = Place(labels: columns.map { label($0, of: part) }, meter: part.meter)
                sums[place, default: 0] += amount / part.meter.divisor
            }
        }
        return sums.map { Line(labels: $0.key.labels, meter: $0.key.meter, quantity: $0.value) }
            .sorted { left, right in
                left.labels == right.labels
                    ? left.meter < right.meter : left.labels.lexicographicallyPrecedes(right.labels)
            }
    }

    /// A table with a line of headings. Source: RFC 4180.
    package func csv(of state: CloudState, at now: Timestamp) -> String {
        let heading = columns.map(\.description) + ["usage", "unit", "quantity"]
        let rows = lines(of: state, at: now).map { line in
            line.labels + [line.meter.rawValue, line.meter.unit, UsageReport.figure(line.quantity)]
        }
        return ([heading] + rows).map { $0.map(UsageReport.quoted).joined(separator: ",") + "\n" }.joined()
    }

    /// Each day of it by itself, still within its bounds and with the resource's name.
    private func split(_ record: UsageRecord) -> [UsageRecord] {
        record.byDay().map { part in
            var part = part
            (part.from, part.to) = (max(part.from, record.from), min(part.to, record.to))
            part.resource = record.resource
            return part
        }
    }

    private func label(_ column: Column, of record: UsageRecord) -> String {
        switch column {
        case .account: record.account.description
        case .type: record.item
        case .resource: record.resource ?? ""
        case .day: record.from.dayText
        case .tag(let key): record.tags[key] ?? ""
        }
    }

    private func used(in state: CloudState, at now: Timestamp) -> [UsageRecord] {
        func going<Record: MeteredRecord>(_ records: [Record]) -> [UsageRecord] {
            records.compactMap { record in
                guard let use = record.use, let reading = record.reading, reading.since < now else { return nil }
                return UsageRecord(
                    id: "", account: record.account, use: (use.meter, use.item, use.tags), from: reading.since,
                    to: now, amount: use.units * now.seconds(since: reading.since), resource: "\(record.id)")
            }
        }
        return state.usage.all + going(state.instances.all) + going(state.volumes.all)
            + going(state.snapshots.all) + going(state.addresses.all)
    }

    /// To the millionth, without what says nothing.
    private static func figure(_ quantity: Double) -> String {
        let millionths = Int64((quantity * 1_000_000).rounded())
        let digits = String(millionths % 1_000_000)
        let fraction = String(repeating: "0", count: 6 - digits.count) + digits
        let shown = fraction.reversed().drop { $0 == "0" }.reversed()
        return "\(millionths / 1_000_000)" + (shown.isEmpty ? "" : "." + String(shown))
    }

    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
