import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Describing VPCs")
struct VPCDescriptionTests {
    private var cloud: TestCloud
    private let other: String

    init() throws {
        var cloud = try TestCloud()
        let tags = EC2.TagSpecification(resourceType: "vpc", tags: [EC2.Tag(key: "team", value: "blue")])
        let made = try cloud.perform(CreateVpc.self, .init(cidrBlock: "10.0.0.0/16", tagSpecifications: [tags])).vpc
        other = try #require(made?.vpcID)
        self.cloud = cloud
    }

    private mutating func found(_ name: String, _ values: String...) throws -> [String] {
        try cloud.perform(DescribeVpcs.self, .init(filters: [EC2.Filter(name: name, values: values)]))
            .vpcs.compactMap(\.vpcID)
    }

    @Test(
        "finds by each filter",
        arguments: [
            ("cidr", "10.0.0.0/16"), ("cidr-block-association.cidr-block", "10.*"), ("is-default", "false"),
            ("isDefault", "false"), ("tag:team", "blue"), ("tag-key", "team"), ("tag-value", "b?ue"),
        ])
    mutating func filters(name: String, value: String) throws { #expect(try found(name, value) == [other]) }

    @Test("finds by what both share, and by ids")
    mutating func shared() throws {
        #expect(try found("owner-id", "123456789012").count == 2)
        #expect(try found("state", "available").count == 2)
        #expect(try found("cidr-block-association.state", "associated").count == 2)
        #expect(try found("dhcp-options-id", cloud.defaultVPC.dhcpOptions?.description ?? "").count == 2)
        #expect(try found("vpc-id", other) == [other])
        let association = try #require(VPCID(other).flatMap { cloud.state.vpcs[$0] }).cidrAssociation.description
        #expect(try found("cidr-block-association.association-id", association) == [other])
        #expect(try found("ipv6-cidr-block-association.state", "associated").isEmpty)
    }

    @Test("refuses a filter that VPCs do not have")
    mutating func unknown() {
        let filter = EC2.Filter(name: "colour", values: ["red"])
        #expect(cloud.refusal(of: DescribeVpcs.self, .init(filters: [filter])) == "InvalidParameterValue")
    }

    @Test("goes page by page")
    mutating func pages() throws {
        var input = EC2.DescribeVpcsRequest(maxResults: 5)
        #expect(try cloud.perform(DescribeVpcs.self, input).nextToken == nil)
        input.maxResults = 1
        let first = try cloud.perform(DescribeVpcs.self, input)
        input.nextToken = first.nextToken
        #expect(first.nextToken != nil)
        let second = try cloud.perform(DescribeVpcs.self, input)
        #expect(second.nextToken == nil && first.vpcs.count == 1 && second.vpcs.count == 1)
        #expect(first.vpcs != second.vpcs)
    }

    private mutating func attribute(_ name: EC2.VpcAttributeName) throws -> Bool? {
        let shown = try cloud.perform(DescribeVpcAttribute.self, .init(attribute: name, vpcID: other))
        let values = [shown.enableDNSSupport, shown.enableDNSHostnames, shown.enableNetworkAddressUsageMetrics]
        #expect(values.compactMap { $0 }.count == 1)
        return values.compactMap { $0?.value }.first
    }

    @Test("shows and changes one attribute at a time")
    mutating func attributes() throws {
        #expect(try attribute(.enableDNSSupport) == true)
        #expect(try attribute(.enableDNSHostnames) == false)
        #expect(try attribute(.enableNetworkAddressUsageMetrics) == false)
        try cloud.perform(ModifyVpcAttribute.self, .init(enableDNSHostnames: .init(value: true), vpcID: other))
        try cloud.perform(ModifyVpcAttribute.self, .init(enableDNSSupport: .init(value: false), vpcID: other))
        #expect(try attribute(.enableDNSSupport) == false)
        #expect(try attribute(.enableDNSHostnames) == true)
    }

    @Test("refuses to change no attribute, two, or one that this cloud has not")
    mutating func attributeRefusals() throws {
        let (yes, no) = (EC2.AttributeBooleanValue(value: true), EC2.AttributeBooleanValue(value: false))
        #expect(cloud.refusal(of: ModifyVpcAttribute.self, .init(vpcID: other)) == "MissingParameter")
        #expect(
            cloud.refusal(
                of: ModifyVpcAttribute.self, .init(enableDNSHostnames: yes, enableDNSSupport: yes, vpcID: other))
                == "InvalidParameterCombination")
        #expect(
            cloud.refusal(of: ModifyVpcAttribute.self, .init(vpcID: other, enableNetworkAddressUsageMetrics: yes))
                == "UnsupportedOperation")
        try cloud.perform(ModifyVpcAttribute.self, .init(vpcID: other, enableNetworkAddressUsageMetrics: no))
    }

    @Test("says that no VPC is linked to EC2-Classic")
    mutating func classic() throws {
        let links = try cloud.perform(DescribeVpcClassicLink.self, .init(vpcIDs: [other])).vpcs
        #expect(links.map(\.classicLinkEnabled) == [false] && links.map(\.vpcID) == [other])
        #expect(links.first?.tags == [EC2.Tag(key: "team", value: "blue")])
        let filter = EC2.Filter(name: "is-classic-link-enabled", values: ["true"])
        #expect(try cloud.perform(DescribeVpcClassicLink.self, .init(filters: [filter])).vpcs.isEmpty)
        let names = try cloud.perform(DescribeVpcClassicLinkDnsSupport.self, .init()).vpcs
        #expect(names.count == 2 && names.allSatisfy { $0.classicLinkDNSSupported == false })
    }
}
