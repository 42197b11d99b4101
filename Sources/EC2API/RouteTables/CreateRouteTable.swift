import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateRouteTable`: with the local route alone.
enum CreateRouteTable: RecordAction {
    typealias Operation = EC2.Operation.CreateRouteTable

    static func perform(
        _ input: EC2.CreateRouteTableRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateRouteTableResult {
        let vpc: VPCRecord = try transaction.owned(try Lookup.id(input.vpcID))
        let tags = try TagSpecifications.tags(input.tagSpecifications, for: "route-table", in: transaction)
        let table = try transaction.createRouteTable(in: vpc, tags: tags)
        return EC2.CreateRouteTableResult(
            routeTable: EC2.RouteTable(table, in: transaction.state), clientToken: input.clientToken)
    }
}
