import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `AttachInternetGateway`: one gateway a VPC, one VPC a gateway.
enum AttachInternetGateway: RecordAction {
    typealias Operation = EC2.Operation.AttachInternetGateway

    static func perform(
        _ input: EC2.AttachInternetGatewayRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let gateway = try Lookup.id(input.internetGatewayID, InternetGatewayKind.self)
        try transaction.attachInternetGateway(gateway, to: try Lookup.id(input.vpcID))
        return Operation.Output()
    }
}
