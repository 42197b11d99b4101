import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyPrivateDnsNameOptions`: what is not named stays as it is; the hostname itself changes while stopped alone.
enum ModifyPrivateDnsNameOptions: RecordAction {
    typealias Operation = EC2.Operation.ModifyPrivateDnsNameOptions

    static func perform(
        _ input: EC2.ModifyPrivateDnsNameOptionsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyPrivateDnsNameOptionsResult {
        let id: InstanceID = try Lookup.id(input.instanceID)
        try UnservedMembers.refuse(
            ["EnableResourceNameDnsAAAARecord": input.enableResourceNameDNSAAAARecord == true],
            because: UnservedMembers.noIPv6)
        try transaction.setHostNames(
            of: id,
            HostNameWish(
                type: input.privateDNSHostnameType?.rawValue,
                answersForResourceName: input.enableResourceNameDNSARecord))
        return EC2.ModifyPrivateDnsNameOptionsResult()
    }
}
