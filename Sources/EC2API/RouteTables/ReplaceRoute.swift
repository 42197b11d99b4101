import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ReplaceRoute`: another target for a route that exists. `LocalTarget` sets the local route back, which never left.
enum ReplaceRoute: RecordAction {
    typealias Operation = EC2.Operation.ReplaceRoute

    static func perform(
        _ input: EC2.ReplaceRouteRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let text = RouteText(input)
        let table = try Lookup.id(input.routeTableID, RouteTableKind.self)
        let block = try text.block()
        try transaction.replaceRoute(block, to: try target(input, text, transaction), in: table)
        return Operation.Output()
    }

    private static func target(
        _ input: EC2.ReplaceRouteRequest, _ text: RouteText, _ transaction: Transaction
    ) throws(EC2Error) -> RouteTableRecord.Route.Target? {
        guard input.localTarget == true else { return try text.target(in: transaction) }
        guard text.gateway == nil, text.instance == nil, text.interface == nil else {
            throw .invalidParameterCombination("A route has exactly one target.")
        }
        return nil
    }
}

extension RouteText {
    fileprivate init(_ input: EC2.ReplaceRouteRequest) {
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
