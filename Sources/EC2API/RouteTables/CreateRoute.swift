import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateRoute`: through an internet gateway, an instance or an interface.
enum CreateRoute: RecordAction {
    typealias Operation = EC2.Operation.CreateRoute

    static func perform(
        _ input: EC2.CreateRouteRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateRouteResult {
        let text = RouteText(input)
        let table = try Lookup.id(input.routeTableID, RouteTableKind.self)
        let block = try text.block()
        try transaction.createRoute(block, to: try text.target(in: transaction), in: table)
        return EC2.CreateRouteResult(return: true)
    }
}

extension RouteText {
    fileprivate init(_ input: EC2.CreateRouteRequest) {
        self.init(
            destination: input.destinationCIDRBlock, destinationIPv6: input.destinationIPv6CIDRBlock,
            destinationPrefixList: input.destinationPrefixListID, gateway: input.gatewayID,
            instance: input.instanceID, interface: input.networkInterfaceID,
            unserved: [
                "VpcEndpointId": input.vpcEndpointID != nil, "TransitGatewayId": input.transitGatewayID != nil,
                "LocalGatewayId": input.localGatewayID != nil, "CarrierGatewayId": input.carrierGatewayID != nil,
                "CoreNetworkArn": input.coreNetworkARN != nil, "OdbNetworkArn": input.odbNetworkARN != nil,
                "EgressOnlyInternetGatewayId": input.egressOnlyInternetGatewayID != nil,
                "VpcPeeringConnectionId": input.vpcPeeringConnectionID != nil,
                "NatGatewayId": input.natGatewayID != nil,
            ])
    }
}
