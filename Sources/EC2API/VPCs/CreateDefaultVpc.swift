import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateDefaultVpc`: the account's default VPC again, after it was deleted.
enum CreateDefaultVpc: RecordAction {
    typealias Operation = EC2.Operation.CreateDefaultVpc

    static func perform(
        _ input: EC2.CreateDefaultVpcRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateDefaultVpcResult {
        EC2.CreateDefaultVpcResult(vpc: EC2.Vpc(try transaction.createDefaultVPC()))
    }
}
