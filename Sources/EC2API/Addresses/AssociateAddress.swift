import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `AssociateAddress`: takes the address from where it is unless the caller says no.
enum AssociateAddress: RecordAction {
    typealias Operation = EC2.Operation.AssociateAddress

    static func perform(
        _ input: EC2.AssociateAddressRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.AssociateAddressResult {
        let address = try AddressChoice.address(
            allocation: input.allocationID, publicAddress: input.publicIP, in: transaction)
        let interface = try interface(input, transaction)
        var privateAddress: IPv4Address?
        if let text = input.privateIPAddress { privateAddress = try CIDRText.address(text, named: "privateIpAddress") }
        let association = try transaction.associate(
            address.id, with: interface, privateAddress: privateAddress,
            reassociates: input.allowReassociation ?? true)
        return EC2.AssociateAddressResult(associationID: association.description)
    }

    private static func interface(
        _ input: EC2.AssociateAddressRequest, _ transaction: Transaction
    ) throws(EC2Error) -> NetworkInterfaceID {
        if input.instanceID != nil, input.networkInterfaceID != nil {
            throw .invalidParameterCombination(
                "You may specify an instance ID or a network interface ID, but not both in the same call")
        }
        if let text = input.networkInterfaceID {
            let interface: NetworkInterfaceRecord = try transaction.owned(try Lookup.id(text))
            return interface.id
        }
        let id = try Lookup.id(input.instanceID, named: "InstanceId", InstanceKind.self)
        let instance: InstanceRecord = try transaction.owned(id)
        switch instance.state {
        case .running, .stopping, .stopped: return try transaction.onlyInterface(of: id).id
        case .pending, .shuttingDown, .terminated:
            throw EC2Error(
                "InvalidInstanceID",
                "The \(instance.state.rawValue) instance '\(id)' is not in a valid state for this operation.")
        }
    }
}
