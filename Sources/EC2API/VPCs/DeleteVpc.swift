import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteVpc`: only when nothing but what was made along with it is left.
enum DeleteVpc: RecordAction {
    typealias Operation = EC2.Operation.DeleteVpc

    static func perform(
        _ input: EC2.DeleteVpcRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        try transaction.deleteVPC(try Lookup.id(input.vpcID))
        return Operation.Output()
    }
}
