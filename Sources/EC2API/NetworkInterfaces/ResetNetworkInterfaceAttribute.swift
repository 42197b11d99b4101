import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ResetNetworkInterfaceAttribute`: the source/destination check holds again.
enum ResetNetworkInterfaceAttribute: RecordAction {
    typealias Operation = EC2.Operation.ResetNetworkInterfaceAttribute

    static func perform(
        _ input: EC2.ResetNetworkInterfaceAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let interface: NetworkInterfaceRecord = try transaction.owned(try Lookup.id(input.networkInterfaceID))
        guard input.sourceDestCheck != nil else { throw .missingParameter("SourceDestCheck") }
        transaction.update(interface.id) { (interface: inout NetworkInterfaceRecord) in
            interface.sourceDestinationCheck = true
        }
        return Operation.Output()
    }
}
