import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifySubnetAttribute`: one attribute a call; how instances are named holds for those launched from now on.
enum ModifySubnetAttribute: RecordAction {
    typealias Operation = EC2.Operation.ModifySubnetAttribute

    static func perform(
        _ input: EC2.ModifySubnetAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let subnet: SubnetRecord = try transaction.owned(try Lookup.id(input.subnetID))
        switch attributeCount(input) {
        case 0: throw .missingParameter("MapPublicIpOnLaunch")
        case 1: break
        default: throw .invalidParameterCombination("Only one attribute of a subnet can be modified in one request.")
        }
        try refuseUnserved(input)
        transaction.update(subnet.id) { (subnet: inout SubnetRecord) in
            if let value = input.mapPublicIPOnLaunch?.value { subnet.mapsPublicAddress = value }
            if let type = input.privateDNSHostnameTypeOnLaunch { subnet.hostNameType = type.rawValue }
            if let value = input.enableResourceNameDNSARecordOnLaunch?.value { subnet.resourceNameDNSA = value }
        }
        return Operation.Output()
    }

    private static func attributeCount(_ input: EC2.ModifySubnetAttributeRequest) -> Int {
        let flags = [
            input.assignIPv6AddressOnCreation, input.mapPublicIPOnLaunch, input.mapCustomerOwnedIPOnLaunch,
            input.enableDNS64, input.enableResourceNameDNSARecordOnLaunch,
            input.enableResourceNameDNSAAAARecordOnLaunch, input.disableLniAtDeviceIndex,
        ]
        let others = [input.privateDNSHostnameTypeOnLaunch != nil, input.enableLniAtDeviceIndex != nil]
        return flags.filter { $0 != nil }.count + others.filter { $0 }.count
    }

    private static func refuseUnserved(_ input: EC2.ModifySubnetAttributeRequest) throws(EC2Error) {
        try UnservedMembers.refuse(
            [
                "AssignIpv6AddressOnCreation": input.assignIPv6AddressOnCreation?.value == true,
                "EnableDns64": input.enableDNS64?.value == true,
                "EnableResourceNameDnsAAAARecordOnLaunch": input.enableResourceNameDNSAAAARecordOnLaunch?.value == true,
            ], because: UnservedMembers.noIPv6)
        try UnservedMembers.refuse(
            [
                "MapCustomerOwnedIpOnLaunch": input.mapCustomerOwnedIPOnLaunch?.value == true,
                "CustomerOwnedIpv4Pool": input.customerOwnedIPv4Pool != nil,
                "EnableLniAtDeviceIndex": input.enableLniAtDeviceIndex != nil,
            ], because: UnservedMembers.noOutposts)
    }
}
