import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreatePlacementGroup`: available at once. A partition group has two partitions where no count is given.
enum CreatePlacementGroup: RecordAction {
    typealias Operation = EC2.Operation.CreatePlacementGroup

    static func perform(
        _ input: EC2.CreatePlacementGroupRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreatePlacementGroupResult {
        guard let name = input.groupName else { throw .missingParameter("GroupName") }
        try UnservedMembers.refuse(["SpreadLevel": input.spreadLevel == .host], because: UnservedMembers.noOutposts)
        try UnservedMembers.refuse(
            ["LinkedGroupId": input.linkedGroupID != nil, "Operator": input.operator != nil],
            because: "AWS reserves it for its own use.")
        let tags = try TagSpecifications.tags(input.tagSpecifications, for: "placement-group", in: transaction)
        let group = try transaction.createPlacementGroup(named: name, strategy(of: input), tags: tags)
        return EC2.CreatePlacementGroupResult(
            placementGroup: EC2.PlacementGroup(group, in: transaction.settings))
    }

    private static func strategy(
        of input: EC2.CreatePlacementGroupRequest
    ) throws(EC2Error) -> PlacementGroupRecord.Strategy {
        guard input.partitionCount == nil || input.strategy == .partition else {
            throw .invalidParameterCombination("PartitionCount is for the partition strategy only.")
        }
        guard input.spreadLevel == nil || input.strategy == .spread else {
            throw .invalidParameterCombination("SpreadLevel is for the spread strategy only.")
        }
        return switch input.strategy {
        case .cluster, nil: .cluster
        case .spread: .spread
        case .partition: .partition(count: input.partitionCount ?? 2)
        }
    }
}
