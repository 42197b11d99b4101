import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("A VPC")
struct VPCLifeTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func make(_ cidr: String) throws -> String {
        try #require(try cloud.perform(CreateVpc.self, .init(cidrBlock: cidr)).vpc?.vpcID)
    }

    @Test("begins with the local route alone, and its block is canonical")
    mutating func begins() throws {
        let made = try #require(try cloud.perform(CreateVpc.self, .init(cidrBlock: "10.1.2.3/18")).vpc)
        #expect(made.cidrBlock == "10.1.0.0/18" && made.isDefault == false)
        let filter = EC2.Filter(name: "vpc-id", values: [try #require(made.vpcID)])
        let tables = try cloud.perform(DescribeRouteTables.self, .init(filters: [filter])).routeTables
        #expect(tables.count == 1)
        #expect(tables.first?.routes.map(\.gatewayID) == ["local"])
        #expect(tables.first?.routes.map(\.origin) == [.createRouteTable])
        #expect(try cloud.perform(DescribeNetworkAcls.self, .init(filters: [filter])).networkACLs.count == 1)
        #expect(try cloud.perform(DescribeSecurityGroups.self, .init(filters: [filter])).securityGroups.count == 1)
        #expect(made.dhcpOptionsID == cloud.defaultVPC.dhcpOptions?.description)
    }

    @Test(
        "is refused for what may not be one",
        arguments: [
            ("10.0.0.0/8", "InvalidVpc.Range"), ("10.0.0.0/29", "InvalidVpc.Range"),
            ("127.0.0.0/16", "InvalidVpc.Range"), ("169.254.0.0/16", "InvalidVpc.Range"),
            ("224.0.0.0/16", "InvalidVpc.Range"), ("198.18.0.0/20", "InvalidVpc.Range"),
            ("10.0.0.0", "InvalidParameterValue"), ("ten/16", "InvalidParameterValue"), ("", "MissingParameter"),
        ])
    mutating func ranges(cidr: String, code: String) {
        #expect(cloud.refusal(of: CreateVpc.self, .init(cidrBlock: cidr)) == code)
    }

    @Test(
        "is refused, by name, with what this cloud has not",
        arguments: [
            EC2.CreateVpcRequest(cidrBlock: "10.0.0.0/16", ipv6Pool: "p"),
            EC2.CreateVpcRequest(cidrBlock: "10.0.0.0/16", ipv6CIDRBlock: "2001:db8::/56"),
            EC2.CreateVpcRequest(cidrBlock: "10.0.0.0/16", ipv4IPAMPoolID: "ipam-pool-1"),
            EC2.CreateVpcRequest(ipv4NetmaskLength: 16), EC2.CreateVpcRequest(ipv6NetmaskLength: 56),
            EC2.CreateVpcRequest(cidrBlock: "10.0.0.0/16", amazonProvidedIPv6CIDRBlock: true),
        ])
    mutating func unserved(input: EC2.CreateVpcRequest) {
        #expect(cloud.refusal(of: CreateVpc.self, input) == "UnsupportedOperation")
    }

    @Test("may say no to what this cloud has not")
    mutating func declined() throws {
        try cloud.perform(
            CreateVpc.self,
            .init(cidrBlock: "10.0.0.0/16", instanceTenancy: .default, amazonProvidedIPv6CIDRBlock: false))
        #expect(
            cloud.refusal(of: CreateVpc.self, .init(cidrBlock: "10.1.0.0/16", instanceTenancy: .host))
                == "InvalidParameterValue")
    }

    @Test("is refused beyond the quota of five, default VPC included")
    mutating func quota() throws {
        for number in 1...4 { _ = try make("10.\(number).0.0/16") }
        #expect(cloud.refusal(of: CreateVpc.self, .init(cidrBlock: "10.9.0.0/16")) == "VpcLimitExceeded")
    }

    @Test("may have the block of another")
    mutating func overlap() throws {
        #expect(try make("10.0.0.0/16") != make("10.0.0.0/16"))
    }

    @Test("takes its own company along when it is deleted")
    mutating func deleted() throws {
        let before = (cloud.state.routeTables.count, cloud.state.securityGroups.count, cloud.state.networkACLs.count)
        let id = try make("10.0.0.0/16")
        try cloud.perform(DeleteVpc.self, .init(vpcID: id))
        #expect(cloud.refusal(of: DeleteVpc.self, .init(vpcID: id)) == "InvalidVpcID.NotFound")
        #expect(cloud.state.routeTables.count == before.0)
        #expect(cloud.state.securityGroups.count == before.1)
        #expect(cloud.state.networkACLs.count == before.2)
    }

    @Test("is not deleted under a subnet, a gateway, a route table or a group")
    mutating func dependencies() throws {
        let id = try make("10.0.0.0/16")
        func refused(_ cloud: inout TestCloud) -> String? { cloud.refusal(of: DeleteVpc.self, .init(vpcID: id)) }
        let empty = cloud.transaction
        try cloud.perform(CreateSubnet.self, .init(cidrBlock: "10.0.0.0/24", vpcID: id))
        #expect(refused(&cloud) == "DependencyViolation")
        cloud.transaction = empty
        let gateway = try cloud.perform(CreateInternetGateway.self, .init()).internetGateway?.internetGatewayID ?? ""
        try cloud.perform(AttachInternetGateway.self, .init(internetGatewayID: gateway, vpcID: id))
        #expect(refused(&cloud) == "DependencyViolation")
        cloud.transaction = empty
        try cloud.perform(CreateRouteTable.self, .init(vpcID: id))
        #expect(refused(&cloud) == "DependencyViolation")
        cloud.transaction = empty
        try cloud.perform(CreateSecurityGroup.self, .init(description: "d", groupName: "g", vpcID: id))
        #expect(refused(&cloud) == "DependencyViolation")
        cloud.transaction = empty
        #expect(refused(&cloud) == nil)
    }

    @Test("is refused for ids of another shape or of nothing")
    mutating func ids() {
        #expect(cloud.refusal(of: DescribeVpcs.self, .init(vpcIDs: ["vpc-zz"])) == "InvalidVpcId.Malformed")
        #expect(cloud.refusal(of: DescribeVpcs.self, .init(vpcIDs: ["vpc-12345678"])) == "InvalidVpcID.NotFound")
    }
}
