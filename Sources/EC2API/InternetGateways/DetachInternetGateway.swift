import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DetachInternetGateway`: not while the VPC has public addresses.
enum DetachInternetGateway: RecordAction {
    typealias Operation = EC2.Operation.DetachInternetGateway

    static func perform(
        _ input: EC2.DetachInternetGatewayRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let gateway = try Lookup.id(input.internetGatewayID, InternetGatewayKind.self)
        try transaction.detachInternetGateway(gateway, from: try Lookup.id(input.vpcID))
        return Operation.Output()
    }
}
