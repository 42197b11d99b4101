import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteInternetGateway`: only when it is detached.
enum DeleteInternetGateway: RecordAction {
    typealias Operation = EC2.Operation.DeleteInternetGateway

    static func perform(
        _ input: EC2.DeleteInternetGatewayRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        try transaction.deleteInternetGateway(try Lookup.id(input.internetGatewayID))
        return Operation.Output()
    }
}
