import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ReleaseAddress`: only when nothing is associated with it.
enum ReleaseAddress: RecordAction {
    typealias Operation = EC2.Operation.ReleaseAddress

    static func perform(
        _ input: EC2.ReleaseAddressRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        guard let text = input.allocationID else {
            guard input.publicIP == nil else {
                throw .invalidParameterValue(
                    "You must specify an allocation id when releasing a VPC elastic IP address")
            }
            throw .missingParameter("AllocationId")
        }
        let address: AddressRecord = try transaction.owned(try Lookup.id(text))
        if let publicIP = input.publicIP, publicIP != address.publicAddress.description {
            throw .invalidParameterCombination(
                "You may specify public IP or allocation id, but not both in the same call")
        }
        if let group = input.networkBorderGroup, group != address.networkBorderGroup {
            throw .invalidParameterValue(
                name: "networkBorderGroup", value: group,
                reason: "The address belongs to network border group \(address.networkBorderGroup).")
        }
        try transaction.releaseElasticAddress(address.id)
        return Operation.Output()
    }
}
