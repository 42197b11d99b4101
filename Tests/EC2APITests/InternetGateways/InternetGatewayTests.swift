import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("An internet gateway")
struct InternetGatewayTests {
    private var cloud: TestCloud
    private let vpc: String
    private let gateway: String

    init() throws {
        var cloud = try TestCloud()
        vpc = try #require(try cloud.perform(CreateVpc.self, .init(cidrBlock: "10.0.0.0/16")).vpc?.vpcID)
        let tags = EC2.TagSpecification(resourceType: "internet-gateway", tags: [EC2.Tag(key: "a", value: "b")])
        let made = try cloud.perform(CreateInternetGateway.self, .init(tagSpecifications: [tags])).internetGateway
        gateway = try #require(made?.internetGatewayID)
        self.cloud = cloud
    }

    private mutating func attach() throws {
        try cloud.perform(AttachInternetGateway.self, .init(internetGatewayID: gateway, vpcID: vpc))
    }

    private mutating func found(_ name: String, _ value: String) throws -> [String] {
        let input = EC2.DescribeInternetGatewaysRequest(filters: [EC2.Filter(name: name, values: [value])])
        return try cloud.perform(DescribeInternetGateways.self, input).internetGateways.compactMap(\.internetGatewayID)
    }

    @Test("is made detached, with its tags")
    mutating func made() throws {
        let shown = try cloud.perform(DescribeInternetGateways.self, .init(internetGatewayIDs: [gateway]))
        #expect(shown.internetGateways.map(\.attachments) == [[]])
        #expect(shown.internetGateways.first?.tags == [EC2.Tag(key: "a", value: "b")])
        #expect(shown.internetGateways.first?.ownerID == "123456789012")
    }

    @Test("is found by each filter")
    mutating func filters() throws {
        try attach()
        #expect(try found("attachment.vpc-id", vpc) == [gateway])
        #expect(try found("attachment.state", "available").count == 2)
        #expect(try found("internet-gateway-id", gateway) == [gateway])
        #expect(try found("owner-id", "123456789012").count == 2)
        #expect(try found("tag:a", "b") == [gateway])
    }

    @Test("serves one VPC, and a VPC has one")
    mutating func one() throws {
        try attach()
        let again = EC2.AttachInternetGatewayRequest(internetGatewayID: gateway, vpcID: vpc)
        #expect(cloud.refusal(of: AttachInternetGateway.self, again) == "Resource.AlreadyAssociated")
        let second = try cloud.perform(CreateInternetGateway.self, .init()).internetGateway?.internetGatewayID ?? ""
        let other = EC2.AttachInternetGatewayRequest(internetGatewayID: second, vpcID: vpc)
        #expect(cloud.refusal(of: AttachInternetGateway.self, other) == "InvalidParameterValue")
    }

    @Test("is detached and deleted in this order alone")
    mutating func order() throws {
        let detach = EC2.DetachInternetGatewayRequest(internetGatewayID: gateway, vpcID: vpc)
        #expect(cloud.refusal(of: DetachInternetGateway.self, detach) == "Gateway.NotAttached")
        try attach()
        let delete = EC2.DeleteInternetGatewayRequest(internetGatewayID: gateway)
        #expect(cloud.refusal(of: DeleteInternetGateway.self, delete) == "DependencyViolation")
        try cloud.perform(DetachInternetGateway.self, detach)
        try cloud.perform(DeleteInternetGateway.self, delete)
        #expect(cloud.refusal(of: DeleteInternetGateway.self, delete) == "InvalidInternetGatewayID.NotFound")
    }

    @Test("stays while a guest of the VPC has a public address")
    mutating func mapped() throws {
        let vpc = cloud.defaultVPC.id
        let gateway = try #require(cloud.state.internetGateway(of: vpc)).id
        let guest = try cloud.guest(wantsPublicAddress: true)
        let detach = EC2.DetachInternetGatewayRequest(internetGatewayID: gateway.description, vpcID: vpc.description)
        #expect(cloud.refusal(of: DetachInternetGateway.self, detach) == "DependencyViolation")
        cloud.transaction.releasePublicAddress(of: guest.interface)
        try cloud.perform(DetachInternetGateway.self, detach)
    }

    @Test("is refused beyond the quota of five")
    mutating func quota() throws {
        for _ in 0..<3 { try cloud.perform(CreateInternetGateway.self, .init()) }
        #expect(cloud.refusal(of: CreateInternetGateway.self, .init()) == "InternetGatewayLimitExceeded")
    }
}
