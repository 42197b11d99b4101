// What requests about event windows say, checked, and how a window is shown.

import AWSWire
import CloudTypes
import ControlPlane

enum EventWindowText {
    /// nil where no time is given.
    ///
    /// - Throws: `InvalidParameterCombination` for both forms, `MissingParameter`, `InvalidParameterValue`.
    static func hours(
        _ ranges: [EC2.InstanceEventWindowTimeRangeRequest], cron: String?
    ) throws(EC2Error) -> WeeklyHours? {
        guard ranges.isEmpty || cron == nil else {
            throw .invalidParameterCombination("Specify either time ranges or a cron expression, but not both.")
        }
        if let cron { return try WeeklyHours(cron: cron) }
        guard !ranges.isEmpty else { return nil }
        var parsed: [WeeklyHours.Range] = []
        for range in ranges {
            parsed.append(
                WeeklyHours.Range(
                    start: try hour(range.startWeekDay, range.startHour, "Start"),
                    end: try hour(range.endWeekDay, range.endHour, "End")))
        }
        return try WeeklyHours(parsed)
    }

    private static func hour(_ day: EC2.WeekDay?, _ hour: Int?, _ side: String) throws(EC2Error) -> Int {
        guard let day else { throw .missingParameter("TimeRange.\(side)WeekDay") }
        guard let hour else { throw .missingParameter("TimeRange.\(side)Hour") }
        return (WeeklyHours.days.firstIndex(of: day.rawValue) ?? 0) * 24 + hour
    }

    /// - Throws: `MissingParameter`, `InvalidParameterCombination` for targets of two kinds, `UnsupportedOperation`.
    static func targets(
        instances: [String], tags: [EC2.Tag], hosts: [String]
    ) throws(EC2Error) -> EventWindowRecord.Targets {
        try UnservedMembers.refuse(
            ["AssociationTarget.DedicatedHostId": !hosts.isEmpty], because: "it has no dedicated hardware.")
        switch (instances.isEmpty, tags.isEmpty) {
        case (true, true): throw .missingParameter("AssociationTarget")
        case (false, false):
            throw .invalidParameterCombination("Only one type of target can be associated with an event window.")
        case (false, true): return .instances(try Lookup.ids(instances))
        case (true, false):
            var pairs: [EventWindowRecord.InstanceTag] = []
            for tag in tags {
                guard let key = tag.key else { throw .missingParameter("AssociationTarget.InstanceTag.Key") }
                let pair = EventWindowRecord.InstanceTag(key: key, value: tag.value ?? "")
                if !pairs.contains(pair) { pairs.append(pair) }
            }
            return .tags(pairs)
        }
    }
}

extension EC2.InstanceEventWindow {
    init(_ window: EventWindowRecord, state: EC2.InstanceEventWindowState = .active) {
        self.init(
            instanceEventWindowID: window.id.description,
            timeRanges: window.hours.cron == nil
                ? window.hours.ranges.map { EC2.InstanceEventWindowTimeRange($0) } : [],
            name: window.name, cronExpression: window.hours.cron,
            associationTarget: EC2.InstanceEventWindowAssociationTarget(window.targets), state: state,
            tags: EC2.Tag.list(window.tags))
    }
}

extension EC2.InstanceEventWindowTimeRange {
    fileprivate init(_ range: WeeklyHours.Range) {
        func day(_ hour: Int) -> EC2.WeekDay? { EC2.WeekDay(rawValue: WeeklyHours.days[hour / 24]) }
        self.init(
            startWeekDay: day(range.start), startHour: range.start % 24, endWeekDay: day(range.end),
            endHour: range.end % 24)
    }
}

extension EC2.InstanceEventWindowAssociationTarget {
    fileprivate init?(_ targets: EventWindowRecord.Targets) {
        switch targets {
        case .none: return nil
        case .instances(let ids): self.init(instanceIDs: ids.map(\.description))
        case .tags(let tags): self.init(tags: tags.map { EC2.Tag(key: $0.key, value: $0.value) })
        }
    }
}
