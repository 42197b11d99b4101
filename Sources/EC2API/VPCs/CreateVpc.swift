import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateVpc`: with its main route table, default security group and default network ACL.
enum CreateVpc: RecordAction {
    typealias Operation = EC2.Operation.CreateVpc

    static func perform(
        _ input: EC2.CreateVpcRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateVpcResult {
        try refuseUnserved(input)
        let cidr = try CIDRText.block(input.cidrBlock, named: "cidrBlock")
        let tags = try TagSpecifications.tags(input.tagSpecifications, for: "vpc", in: transaction)
        let tenancy: Tenancy = input.instanceTenancy == .dedicated ? .dedicated : .default
        return EC2.CreateVpcResult(vpc: EC2.Vpc(try transaction.createVPC(cidr: cidr, tenancy: tenancy, tags: tags)))
    }

    private static func refuseUnserved(_ input: EC2.CreateVpcRequest) throws(EC2Error) {
        try UnservedMembers.refuse(
            [
                "AmazonProvidedIpv6CidrBlock": input.amazonProvidedIPv6CIDRBlock == true,
                "Ipv6Pool": input.ipv6Pool != nil, "Ipv6CidrBlock": input.ipv6CIDRBlock != nil,
                "Ipv6CidrBlockNetworkBorderGroup": input.ipv6CIDRBlockNetworkBorderGroup != nil,
                "Ipv6IpamPoolId": input.ipv6IPAMPoolID != nil, "Ipv6NetmaskLength": input.ipv6NetmaskLength != nil,
            ], because: UnservedMembers.noIPv6)
        try UnservedMembers.refuse(
            ["Ipv4IpamPoolId": input.ipv4IPAMPoolID != nil, "Ipv4NetmaskLength": input.ipv4NetmaskLength != nil],
            because: UnservedMembers.noIPAM)
        try UnservedMembers.refuse(
            ["VpcEncryptionControl": input.vpcEncryptionControl != nil],
            because: "it does not encrypt traffic between guests.")
        guard input.instanceTenancy != .host else {
            throw .invalidParameterValue(
                name: "instanceTenancy", value: "host", reason: "A VPC's tenancy is default or dedicated.")
        }
    }
}
