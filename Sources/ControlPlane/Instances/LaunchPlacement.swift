// Where a launch goes: the subnet of each of its interfaces, and the groups that guard them.

internal import CloudTypes

struct LaunchPlacement {
    /// In the order of the order's interfaces; the primary one decides the instance's place.
    let subnets: [SubnetRecord]
    let subnet: SubnetRecord

    init(_ order: LaunchOrder, in transaction: Transaction) throws(EC2Error) {
        var subnets: [SubnetRecord] = []
        for wish in order.interfaces {
            subnets.append(try LaunchPlacement.subnet(of: wish, order, in: transaction))
        }
        let primary = zip(order.interfaces, subnets).first { $0.0.deviceIndex == 0 }?.1
        guard let primary else {
            throw .invalidParameterValue("When specifying network interfaces, you must include a device at index 0.")
        }
        guard subnets.allSatisfy({ $0.availabilityZone == primary.availabilityZone }) else {
            throw .invalidParameterCombination("All network interfaces must be in the same Availability Zone.")
        }
        if let zone = order.zone, zone != primary.availabilityZone {
            throw .invalidParameterValue(
                "The specified Availability Zone \(zone) is not that of the subnet \(primary.id).")
        }
        (self.subnets, subnet) = (subnets, primary)
    }

    /// The groups by id, else by name, else none (the VPC's default group).
    func groups(
        of wish: LaunchOrder.Interface, in transaction: Transaction
    ) throws(EC2Error) -> [SecurityGroupID] {
        guard !wish.groups.isEmpty || !wish.groupNames.isEmpty else { return [] }
        // A subnet that was named decides the VPC: its groups are checked against it when the interface is made.
        if wish.subnet != nil, wish.groupNames.isEmpty { return wish.groups }
        return try transaction.groups(ids: wish.groups, names: wish.groupNames, in: subnet.vpc)
    }

    /// How many instances find free addresses in the subnets; at least the fewest asked for, so that a lack is told when
    /// their interfaces are made.
    func room(for order: LaunchOrder, in state: CloudState) -> Int {
        var wanted: [SubnetID: Int] = [:]
        for (wish, subnet) in zip(order.interfaces, subnets) where wish.existing == nil {
            wanted[subnet.id, default: 0] += 1
        }
        let rooms = subnets.compactMap { subnet in wanted[subnet.id].map { state.freeAddressCount(of: subnet) / $0 } }
        return max(order.counts.lowerBound, rooms.min() ?? order.counts.upperBound)
    }

    private static func subnet(
        of wish: LaunchOrder.Interface, _ order: LaunchOrder, in transaction: Transaction
    ) throws(EC2Error) -> SubnetRecord {
        if let existing = wish.existing {
            let interface: NetworkInterfaceRecord = try transaction.owned(existing)
            return try transaction.owned(interface.subnet)
        }
        if let subnet = wish.subnet { return try transaction.owned(subnet) }
        return try defaultSubnet(order, in: transaction)
    }

    /// The default subnet of the zone asked for, else the first zone's whose default subnet has a free address.
    private static func defaultSubnet(
        _ order: LaunchOrder, in transaction: Transaction
    ) throws(EC2Error) -> SubnetRecord {
        let state = transaction.state
        guard let vpc = state.defaultVPC(of: transaction.account) else {
            throw EC2Error(
                "VPCIdNotSpecified",
                "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.")
        }
        let zones = order.zone.map { [$0] } ?? transaction.settings.zones.map(\.name)
        let subnets = zones.compactMap { state.defaultSubnet(of: transaction.account, inZone: $0) }
        guard let subnet = subnets.first(where: { state.freeAddressCount(of: $0) > 0 }) ?? subnets.first else {
            throw EC2Error(
                "MissingInput", "No subnets found for the default VPC '\(vpc.id)'. Please specify a subnet.")
        }
        return subnet
    }
}
