import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `GetInstanceUefiData`: the variables of a guest's firmware are not kept as a UEFI variable store.
enum GetInstanceUefiData: RecordAction {
    typealias Operation = EC2.Operation.GetInstanceUefiData

    static func perform(
        _ input: EC2.GetInstanceUefiDataRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetInstanceUefiDataResult {
        let instance: InstanceRecord = try transaction.owned(try Lookup.id(input.instanceID))
        throw .unsupported("The UEFI variable store of instance '\(instance.id)' cannot be read on this cloud.")
    }
}
