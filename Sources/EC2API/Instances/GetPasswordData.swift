import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `GetPasswordData`: empty until a Windows guest has told its password; none does here.
enum GetPasswordData: RecordAction {
    typealias Operation = EC2.Operation.GetPasswordData

    static func perform(
        _ input: EC2.GetPasswordDataRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetPasswordDataResult {
        let instance: InstanceRecord = try transaction.owned(try Lookup.id(input.instanceID))
        return EC2.GetPasswordDataResult(
            instanceID: instance.id.description, timestamp: transaction.now, passwordData: "")
    }
}
