import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("A DHCP option set")
struct DHCPOptionsTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private func request(_ key: String, _ values: String...) -> EC2.CreateDhcpOptionsRequest {
        EC2.CreateDhcpOptionsRequest(dhcpConfigurations: [EC2.NewDhcpConfiguration(key: key, values: values)])
    }

    private mutating func make() throws -> String {
        let made = try cloud.perform(CreateDhcpOptions.self, request("domain-name", "corp.example"))
        return try #require(made.dhcpOptions?.dhcpOptionsID)
    }

    @Test("is shown as it was made")
    mutating func made() throws {
        var input = request("domain-name-servers", "10.0.0.2", "AmazonProvidedDNS")
        input.dhcpConfigurations.append(EC2.NewDhcpConfiguration(key: "netbios-node-type", values: ["2"]))
        input.tagSpecifications = [
            EC2.TagSpecification(resourceType: "dhcp-options", tags: [EC2.Tag(key: "a", value: "b")])
        ]
        let made = try #require(try cloud.perform(CreateDhcpOptions.self, input).dhcpOptions)
        let id = try #require(made.dhcpOptionsID)
        #expect(try cloud.perform(DescribeDhcpOptions.self, .init(dhcpOptionsIDs: [id])).dhcpOptions == [made])
        #expect(made.dhcpConfigurations.map(\.key) == ["domain-name-servers", "netbios-node-type"])
        #expect(made.dhcpConfigurations.first?.values.map(\.value) == ["10.0.0.2", "AmazonProvidedDNS"])
        #expect(made.tags == [EC2.Tag(key: "a", value: "b")])
    }

    @Test(
        "is refused for what is no option, or no value of one",
        arguments: [
            ("colour", ["red"], "InvalidParameterValue"), ("domain-name", ["a", "b"], "InvalidParameterValue"),
            ("domain-name", ["corp\naddn-hosts=/etc/shadow"], "InvalidParameterValue"),
            ("domain-name", ["a..b"], "InvalidParameterValue"), ("domain-name", ["-a"], "InvalidParameterValue"),
            ("domain-name", ["one.example two.example"], "UnsupportedOperation"),
            ("domain-name-servers", ["1.2.3"], "InvalidParameterValue"),
            ("domain-name-servers", ["2001:db8::1"], "UnsupportedOperation"),
            ("domain-name-servers", ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"], "InvalidParameterValue"),
            ("ntp-servers", ["AmazonProvidedDNS"], "InvalidParameterValue"),
            ("netbios-name-servers", ["x"], "InvalidParameterValue"),
            ("netbios-node-type", ["3"], "InvalidParameterValue"), ("domain-name", [], "MissingParameter"),
            ("ipv6-address-preferred-lease-time", ["140"], "UnsupportedOperation"),
        ])
    mutating func refusals(key: String, values: [String], code: String) {
        let input = EC2.CreateDhcpOptionsRequest(
            dhcpConfigurations: [EC2.NewDhcpConfiguration(key: key, values: values)])
        #expect(cloud.refusal(of: CreateDhcpOptions.self, input) == code)
    }

    @Test("is refused with an option twice")
    mutating func twice() {
        var input = request("domain-name", "a.example")
        input.dhcpConfigurations += input.dhcpConfigurations
        #expect(cloud.refusal(of: CreateDhcpOptions.self, input) == "InvalidParameterValue")
    }

    @Test("is used by a VPC until another is, and not deleted meanwhile")
    mutating func associated() throws {
        let (id, vpc) = (try make(), cloud.defaultVPC.id.description)
        try cloud.perform(AssociateDhcpOptions.self, .init(dhcpOptionsID: id, vpcID: vpc))
        #expect(try cloud.perform(DescribeVpcs.self, .init(vpcIDs: [vpc])).vpcs.first?.dhcpOptionsID == id)
        #expect(cloud.refusal(of: DeleteDhcpOptions.self, .init(dhcpOptionsID: id)) == "DependencyViolation")
        try cloud.perform(AssociateDhcpOptions.self, .init(dhcpOptionsID: "default", vpcID: vpc))
        #expect(try cloud.perform(DescribeVpcs.self, .init(vpcIDs: [vpc])).vpcs.first?.dhcpOptionsID == "default")
        try cloud.perform(DeleteDhcpOptions.self, .init(dhcpOptionsID: id))
        #expect(
            cloud.refusal(of: AssociateDhcpOptions.self, .init(dhcpOptionsID: id, vpcID: vpc))
                == "InvalidDhcpOptionID.NotFound")
    }

    @Test("is found by each filter")
    mutating func filters() throws {
        let id = try make()
        func found(_ cloud: inout TestCloud, _ name: String, _ value: String) throws -> [String?] {
            let filter = EC2.Filter(name: name, values: [value])
            return try cloud.perform(DescribeDhcpOptions.self, .init(filters: [filter])).dhcpOptions
                .map(\.dhcpOptionsID)
        }
        #expect(try found(&cloud, "dhcp-options-id", id) == [id])
        #expect(try found(&cloud, "value", "corp.*") == [id])
        #expect(try found(&cloud, "key", "domain-name").count == 2)
        #expect(try found(&cloud, "owner-id", "123456789012").count == 2)
    }
}
