import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyInstancePlacement`: a stopped instance moves into a placement group, to another partition, or out; it becomes
/// a dedicated one, or ceases to be.
enum ModifyInstancePlacement: RecordAction {
    typealias Operation = EC2.Operation.ModifyInstancePlacement

    static func perform(
        _ input: EC2.ModifyInstancePlacementRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyInstancePlacementResult {
        let id: InstanceID = try Lookup.id(input.instanceID)
        let _: InstanceRecord = try transaction.owned(id)
        try UnservedMembers.refuse(
            [
                "Tenancy": input.tenancy == .host, "HostId": input.hostID != nil,
                "Affinity": ![nil, .default].contains(input.affinity),
                "HostResourceGroupArn": input.hostResourceGroupARN != nil,
            ], because: UnservedMembers.noDedicatedHosts)
        let group = try change(input)
        guard group != nil || input.tenancy != nil || input.affinity != nil else {
            throw .invalidParameterCombination(
                "At least one of affinity, host ID, tenancy, or placement group name must be specified.")
        }
        let tenancy: Tenancy? = input.tenancy.map { $0 == .dedicated ? .dedicated : .default }
        try transaction.setPlacement(of: id, tenancy: tenancy, group: group)
        return EC2.ModifyInstancePlacementResult()
    }

    private static func change(
        _ input: EC2.ModifyInstancePlacementRequest
    ) throws(EC2Error) -> GroupChange? {
        if input.groupName == "" {
            guard input.partitionNumber == nil, input.groupID == nil else {
                throw .invalidParameterCombination("An instance that leaves its placement group has no partition.")
            }
            return .leave
        }
        if input.groupName == nil, input.groupID == nil { return input.partitionNumber.map { .partition($0) } }
        var wish = LaunchOrder.GroupWish()
        wish.name = input.groupName
        if let text = input.groupID { wish.id = try Lookup.id(text) }
        wish.partition = input.partitionNumber
        return .join(wish)
    }
}
