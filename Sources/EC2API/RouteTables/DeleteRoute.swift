import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteRoute`
enum DeleteRoute: RecordAction {
    typealias Operation = EC2.Operation.DeleteRoute

    static func perform(
        _ input: EC2.DeleteRouteRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let text = RouteText(
            destination: input.destinationCIDRBlock, destinationIPv6: input.destinationIPv6CIDRBlock,
            destinationPrefixList: input.destinationPrefixListID)
        try transaction.deleteRoute(try text.block(), from: try Lookup.id(input.routeTableID))
        return Operation.Output()
    }
}
