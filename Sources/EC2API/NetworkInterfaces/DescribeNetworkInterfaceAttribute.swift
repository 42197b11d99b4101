import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeNetworkInterfaceAttribute`: the one attribute that was asked for.
enum DescribeNetworkInterfaceAttribute: RecordAction {
    typealias Operation = EC2.Operation.DescribeNetworkInterfaceAttribute

    static func perform(
        _ input: EC2.DescribeNetworkInterfaceAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeNetworkInterfaceAttributeResult {
        let interface: NetworkInterfaceRecord = try transaction.owned(try Lookup.id(input.networkInterfaceID))
        var result = EC2.DescribeNetworkInterfaceAttributeResult(networkInterfaceID: interface.id.description)
        switch input.attribute {
        case .description: result.description = EC2.AttributeValue(value: interface.description)
        case .groupSet: result.groups = EC2.GroupIdentifier.list(interface.groups, in: transaction.state)
        case .sourceDestCheck:
            result.sourceDestCheck = EC2.AttributeBooleanValue(value: interface.sourceDestinationCheck)
        case .attachment:
            result.attachment = interface.attachment.map {
                EC2.NetworkInterfaceAttachment($0, of: interface.account)
            }
        case .associatePublicIPAddress: result.associatePublicIPAddress = interface.wantsPublicAddress
        case nil: throw .missingParameter("Attribute")
        }
        return result
    }
}
