import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `AssociateRouteTable`: a subnet follows the table.
enum AssociateRouteTable: RecordAction {
    typealias Operation = EC2.Operation.AssociateRouteTable

    static func perform(
        _ input: EC2.AssociateRouteTableRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.AssociateRouteTableResult {
        try UnservedMembers.refuse(
            ["GatewayId": input.gatewayID != nil, "PublicIpv4Pool": input.publicIPv4Pool != nil],
            because: "only subnets follow route tables.")
        let table = try Lookup.id(input.routeTableID, RouteTableKind.self)
        let subnet = try Lookup.id(input.subnetID, named: "SubnetId", SubnetKind.self)
        return EC2.AssociateRouteTableResult(
            associationID: try transaction.associate(subnet, with: table).description,
            associationState: EC2.RouteTableAssociationState(state: .associated))
    }
}
