import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribePlacementGroups`: by names, by ids, or all.
enum DescribePlacementGroups: RecordAction {
    typealias Operation = EC2.Operation.DescribePlacementGroups

    private struct View: Sendable {
        let group: PlacementGroupRecord
        let shown: EC2.PlacementGroup
    }

    private static let filters = FilterTable<View>(
        [
            "group-name": { view, _ in [view.group.name] },
            "group-arn": { view, _ in view.shown.groupARN.map { [$0] } ?? [] },
            "spread-level": { view, _ in view.shown.spreadLevel.map { [$0.rawValue] } ?? [] },
            "state": { view, _ in view.shown.state.map { [$0.rawValue] } ?? [] },
            "strategy": { view, _ in [view.group.strategy.name] },
        ], tags: { $0.group.tags })

    static func perform(
        _ input: EC2.DescribePlacementGroupsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribePlacementGroupsResult {
        let views = try named(input, transaction).map { group in
            View(group: group, shown: EC2.PlacementGroup(group, in: transaction.settings))
        }
        let kept = try filters.select(views, by: input.filters, in: transaction.state)
        return EC2.DescribePlacementGroupsResult(placementGroups: kept.map(\.shown))
    }

    private static func named(
        _ input: EC2.DescribePlacementGroupsRequest, _ transaction: Transaction
    ) throws(EC2Error) -> [PlacementGroupRecord] {
        guard !input.groupNames.isEmpty else { return try Lookup.owned(input.groupIDs, in: transaction) }
        var groups: [PlacementGroupID: PlacementGroupRecord] = [:]
        for name in input.groupNames {
            let group = try transaction.existingPlacementGroup(named: name)
            groups[group.id] = group
        }
        for id in try Lookup.ids(input.groupIDs, PlacementGroupKind.self) { groups[id] = try transaction.owned(id) }
        return groups.values.sorted { $0.id < $1.id }
    }
}

extension EC2.PlacementGroup {
    init(_ group: PlacementGroupRecord, in settings: CloudSettings) {
        self.init(
            groupName: group.name, state: .available, strategy: EC2.PlacementStrategy(rawValue: group.strategy.name),
            partitionCount: group.strategy.partitionCount, groupID: group.id.description,
            tags: EC2.Tag.list(group.tags),
            groupARN: "arn:aws:ec2:\(settings.region):\(group.account):placement-group/\(group.name)",
            spreadLevel: group.strategy == .spread ? .rack : nil)
    }
}
