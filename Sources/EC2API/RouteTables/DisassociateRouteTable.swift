import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DisassociateRouteTable`: the subnet follows the main table again.
enum DisassociateRouteTable: RecordAction {
    typealias Operation = EC2.Operation.DisassociateRouteTable

    static func perform(
        _ input: EC2.DisassociateRouteTableRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        try transaction.disassociateRouteTable(try Lookup.id(input.associationID))
        return Operation.Output()
    }
}
