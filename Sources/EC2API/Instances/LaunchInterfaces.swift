// The network interfaces that a launch asks for: one by the request's own members, or each by its specification.
// Source: EC2 API Reference, "RunInstances", "InstanceNetworkInterfaceSpecification".

import AWSWire
import CloudTypes
import ControlPlane

enum LaunchInterfaces {
    /// - Throws: `InvalidParameterCombination`, `InvalidParameterValue`, `…Malformed`, `UnsupportedOperation`.
    static func interfaces(of input: EC2.RunInstancesRequest) throws(EC2Error) -> [LaunchOrder.Interface] {
        guard !input.networkInterfaces.isEmpty else { return [try only(input)] }
        try refuseMixture(input)
        var interfaces: [LaunchOrder.Interface] = []
        for specification in input.networkInterfaces {
            let interface = try interface(specification, isOnly: input.networkInterfaces.count == 1)
            guard !interfaces.contains(where: { $0.deviceIndex == interface.deviceIndex }) else {
                throw .invalidParameterValue("Each network interface requires a unique device index.")
            }
            interfaces.append(interface)
        }
        if input.maxCount > 1 {
            guard interfaces.allSatisfy({ $0.existing == nil && $0.privateAddress == nil }) else {
                throw .invalidParameterCombination(
                    "Network interface IDs and private IP addresses may be specified only when launching a single "
                        + "instance")
            }
        }
        return interfaces.sorted { $0.deviceIndex < $1.deviceIndex }
    }

    /// The primary interface by the members of the request itself.
    private static func only(_ input: EC2.RunInstancesRequest) throws(EC2Error) -> LaunchOrder.Interface {
        var interface = LaunchOrder.Interface(deviceIndex: 0)
        if let subnet = input.subnetID { interface.subnet = try Lookup.id(subnet) }
        guard input.subnetID == nil || input.securityGroups.isEmpty else {
            throw .invalidParameterCombination("The parameter groupName cannot be used with the parameter subnet")
        }
        interface.groups = try Lookup.ids(input.securityGroupIDs)
        interface.groupNames = input.securityGroups
        if let address = input.privateIPAddress {
            guard input.maxCount == 1 else {
                throw .invalidParameterCombination(
                    "A private IP address may be specified only when launching a single instance")
            }
            interface.privateAddress = try CIDRText.address(address, named: "PrivateIpAddress")
        }
        return interface
    }

    private static func refuseMixture(_ input: EC2.RunInstancesRequest) throws(EC2Error) {
        let mixed: KeyValuePairs = [
            "subnet ID": input.subnetID != nil,
            "security groups": !input.securityGroupIDs.isEmpty || !input.securityGroups.isEmpty,
            "private IP address": input.privateIPAddress != nil,
        ]
        for (name, isGiven) in mixed where isGiven {
            throw .invalidParameterCombination(
                "Network interfaces and an instance-level \(name) may not be specified on the same request")
        }
    }

    private static func interface(
        _ input: EC2.InstanceNetworkInterfaceSpecification, isOnly: Bool
    ) throws(EC2Error) -> LaunchOrder.Interface {
        try refuseUnserved(input)
        guard let index = input.deviceIndex else {
            throw .invalidParameterValue("Each network interface requires a device index.")
        }
        guard (0...31).contains(index) else {
            throw .invalidParameterValue(
                name: "deviceIndex", value: "\(index)", reason: "The value must be between 0 and 31.")
        }
        var interface = LaunchOrder.Interface(deviceIndex: index)
        interface.deleteOnTermination = input.deleteOnTermination
        if let existing = input.networkInterfaceID {
            interface.existing = try Lookup.id(existing)
            try refuseSettingsOfExisting(input)
            return interface
        }
        if let subnet = input.subnetID { interface.subnet = try Lookup.id(subnet) }
        interface.groups = try Lookup.ids(input.groups)
        interface.privateAddress = try InterfaceText.privateAddress(
            input.privateIPAddress, listed: input.privateIPAddresses)
        interface.description = try InterfaceText.description(input.description)
        if input.associatePublicIPAddress != nil {
            guard isOnly else {
                throw .invalidParameterCombination(
                    "The associatePublicIPAddress parameter cannot be specified when launching with multiple network "
                        + "interfaces.")
            }
            guard index == 0 else {
                throw .invalidParameterCombination(
                    "The associatePublicIPAddress parameter can only be specified for the network interface with "
                        + "DeviceIndex 0.")
            }
            interface.wantsPublicAddress = input.associatePublicIPAddress
        }
        return interface
    }

    private static func refuseSettingsOfExisting(
        _ input: EC2.InstanceNetworkInterfaceSpecification
    ) throws(EC2Error) {
        let surplus: KeyValuePairs = [
            "a subnet": input.subnetID != nil, "security groups": !input.groups.isEmpty,
            "a private IP address": input.privateIPAddress != nil || !input.privateIPAddresses.isEmpty,
            "a description": input.description != nil,
            "associatePublicIPAddress": input.associatePublicIPAddress != nil,
            "deleteOnTermination true": input.deleteOnTermination == true,
        ]
        for (name, isGiven) in surplus where isGiven {
            throw .invalidParameterCombination(
                "A network interface may not specify both a network interface ID and \(name)")
        }
    }

    private static func refuseUnserved(_ input: EC2.InstanceNetworkInterfaceSpecification) throws(EC2Error) {
        try UnservedMembers.refuse(
            [
                "NetworkInterface.Ipv6AddressCount": (input.ipv6AddressCount ?? 0) > 0,
                "NetworkInterface.Ipv6Addresses": !input.ipv6Addresses.isEmpty,
                "NetworkInterface.Ipv6Prefix": !input.ipv6Prefixes.isEmpty,
                "NetworkInterface.Ipv6PrefixCount": (input.ipv6PrefixCount ?? 0) > 0,
                "NetworkInterface.PrimaryIpv6": input.primaryIPv6 == true,
            ], because: UnservedMembers.noIPv6)
        try UnservedMembers.refuse(
            [
                "NetworkInterface.SecondaryPrivateIpAddressCount": (input.secondaryPrivateIPAddressCount ?? 0) > 0,
                "NetworkInterface.Ipv4Prefix": !input.ipv4Prefixes.isEmpty,
                "NetworkInterface.Ipv4PrefixCount": (input.ipv4PrefixCount ?? 0) > 0,
            ], because: "an interface has one address.")
        try UnservedMembers.refuse(
            [
                "NetworkInterface.AssociateCarrierIpAddress": input.associateCarrierIPAddress == true,
                "NetworkInterface.InterfaceType": ![nil, "interface"].contains(input.interfaceType),
                "NetworkInterface.NetworkCardIndex": (input.networkCardIndex ?? 0) > 0,
                "NetworkInterface.EnaSrdSpecification": input.enaSrdSpecification?.isWanted == true,
                "NetworkInterface.ConnectionTrackingSpecification": input.connectionTrackingSpecification != nil,
                "NetworkInterface.EnaQueueCount": input.enaQueueCount != nil,
            ], because: "its interfaces have no such setting.")
    }
}
