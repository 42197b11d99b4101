import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateInternetGateway`: attached to nothing yet.
enum CreateInternetGateway: RecordAction {
    typealias Operation = EC2.Operation.CreateInternetGateway

    static func perform(
        _ input: EC2.CreateInternetGatewayRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateInternetGatewayResult {
        let tags = try TagSpecifications.tags(input.tagSpecifications, for: "internet-gateway", in: transaction)
        let gateway = try transaction.createInternetGateway(tags: tags)
        return EC2.CreateInternetGatewayResult(internetGateway: EC2.InternetGateway(gateway))
    }
}
