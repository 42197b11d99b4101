// Questions about VPCs that several nouns ask.

package import CloudTypes

extension CloudState {
    package func defaultVPC(of account: AccountID) -> VPCRecord? {
        vpcs.all(of: account).first { $0.isDefault }
    }

    package func defaultSubnet(of account: AccountID, inZone zone: String) -> SubnetRecord? {
        guard let vpc = defaultVPC(of: account) else { return nil }
        return subnets.all(where: IndexKey(.vpc, vpc.id)).first {
            $0.isDefaultForZone && $0.availabilityZone == zone
        }
    }

    /// The table that the subnet is associated with, by itself or through the VPC's main one.
    package func routeTable(of subnet: SubnetRecord) -> RouteTableRecord? {
        if let table = routeTables.first(where: IndexKey(.subnet, subnet.id)) { return table }
        return vpcs[subnet.vpc].flatMap { routeTables[$0.mainRouteTable] }
    }

    package func internetGateway(of vpc: VPCID) -> InternetGatewayRecord? {
        internetGateways.first(where: IndexKey(.vpc, vpc))
    }
}
