import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateNetworkInterface`: attached to nothing yet.
enum CreateNetworkInterface: RecordAction {
    typealias Operation = EC2.Operation.CreateNetworkInterface

    static func perform(
        _ input: EC2.CreateNetworkInterfaceRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateNetworkInterfaceResult {
        try refuseUnserved(input)
        let subnet: SubnetRecord = try transaction.owned(try Lookup.id(input.subnetID))
        let tags = try TagSpecifications.tags(input.tagSpecifications, for: "network-interface", in: transaction)
        let interface = try transaction.createInterface(
            in: subnet,
            privateAddress: try InterfaceText.privateAddress(input.privateIPAddress, listed: input.privateIPAddresses),
            groups: try Lookup.ids(input.groups), description: try InterfaceText.description(input.description),
            tags: tags)
        return EC2.CreateNetworkInterfaceResult(
            networkInterface: EC2.NetworkInterface(interface, in: transaction.state, transaction.settings),
            clientToken: input.clientToken)
    }

    private static func refuseUnserved(_ input: EC2.CreateNetworkInterfaceRequest) throws(EC2Error) {
        try UnservedMembers.refuse(
            [
                "Ipv6AddressCount": (input.ipv6AddressCount ?? 0) > 0, "Ipv6Addresses": !input.ipv6Addresses.isEmpty,
                "Ipv6Prefix": !input.ipv6Prefixes.isEmpty, "Ipv6PrefixCount": (input.ipv6PrefixCount ?? 0) > 0,
                "EnablePrimaryIpv6": input.enablePrimaryIPv6 == true,
            ], because: UnservedMembers.noIPv6)
        try UnservedMembers.refuse(
            [
                "SecondaryPrivateIpAddressCount": (input.secondaryPrivateIPAddressCount ?? 0) > 0,
                "Ipv4Prefix": !input.ipv4Prefixes.isEmpty, "Ipv4PrefixCount": (input.ipv4PrefixCount ?? 0) > 0,
            ], because: "an interface has one address.")
        try UnservedMembers.refuse(
            [
                "InterfaceType": input.interfaceType != nil,
                "ConnectionTrackingSpecification": input.connectionTrackingSpecification != nil,
            ], because: "its interfaces have no such setting.")
        try UnservedMembers.refuse(
            ["Operator": input.operator != nil], because: "no service manages interfaces here.")
    }
}
