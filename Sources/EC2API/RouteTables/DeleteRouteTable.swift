import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteRouteTable`: only when nothing follows it.
enum DeleteRouteTable: RecordAction {
    typealias Operation = EC2.Operation.DeleteRouteTable

    static func perform(
        _ input: EC2.DeleteRouteTableRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        try transaction.deleteRouteTable(try Lookup.id(input.routeTableID))
        return Operation.Output()
    }
}
