import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `AllocateAddress`: a public address of the caller's own, any or a certain one of the pool.
enum AllocateAddress: RecordAction {
    typealias Operation = EC2.Operation.AllocateAddress

    static func perform(
        _ input: EC2.AllocateAddressRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.AllocateAddressResult {
        try check(input, transaction.settings)
        var wanted: IPv4Address?
        if let address = input.address { wanted = try CIDRText.address(address, named: "address") }
        let tags = try TagSpecifications.tags(input.tagSpecifications, for: "elastic-ip", in: transaction)
        let address = try transaction.allocateElasticAddress(wanted, tags: tags)
        return EC2.AllocateAddressResult(
            allocationID: address.id.description, publicIPv4Pool: PublicPool.name,
            networkBorderGroup: address.networkBorderGroup, domain: .vpc, publicIP: address.publicAddress.description)
    }

    private static func check(_ input: EC2.AllocateAddressRequest, _ settings: CloudSettings) throws(EC2Error) {
        if input.domain == .standard {
            throw .unsupported("Addresses outside a VPC are not supported by this cloud.")
        }
        if let group = input.networkBorderGroup, group != settings.region {
            throw .invalidParameterValue(
                name: "networkBorderGroup", value: group, reason: "The network border group is \(settings.region).")
        }
        if let pool = input.publicIPv4Pool, pool != PublicPool.name {
            throw EC2Error("InvalidPublicIpv4PoolID.NotFound", "The pool ID '\(pool)' does not exist.")
        }
        try UnservedMembers.refuse(
            ["CustomerOwnedIpv4Pool": input.customerOwnedIPv4Pool != nil], because: UnservedMembers.noOutposts)
        try UnservedMembers.refuse(["IpamPoolId": input.ipamPoolID != nil], because: UnservedMembers.noIPAM)
    }
}
