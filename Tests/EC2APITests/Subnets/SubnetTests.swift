import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("A subnet")
struct SubnetTests {
    private var cloud: TestCloud
    private let vpc: String

    init() throws {
        var cloud = try TestCloud { $0.quotas.subnetsPerVPC = 4 }
        vpc = try #require(try cloud.perform(CreateVpc.self, .init(cidrBlock: "10.0.0.0/16")).vpc?.vpcID)
        self.cloud = cloud
    }

    private func request(_ cidr: String?, zone: String? = nil) -> EC2.CreateSubnetRequest {
        EC2.CreateSubnetRequest(availabilityZone: zone, cidrBlock: cidr, vpcID: vpc)
    }

    @Test("has its block's addresses but five, and gives guests no public ones")
    mutating func made() throws {
        let made = try cloud.perform(CreateSubnet.self, request("10.0.1.7/24", zone: "us-east-1b"))
        let subnet = try #require(made.subnet)
        #expect(subnet.cidrBlock == "10.0.1.0/24" && subnet.availableIPAddressCount == 251)
        #expect(subnet.availabilityZone == "us-east-1b" && subnet.availabilityZoneID == "use1-az2")
        #expect(subnet.mapPublicIPOnLaunch == false && subnet.defaultForAZ == false && subnet.state == .available)
        let id = try #require(subnet.subnetID)
        #expect(subnet.subnetARN == "arn:aws:ec2:us-east-1:123456789012:subnet/\(id)")
        #expect(subnet.vpcID == vpc)
    }

    @Test("counts the addresses that interfaces hold")
    mutating func free() throws {
        let id = try #require(try cloud.perform(CreateSubnet.self, request("10.0.0.0/28")).subnet?.subnetID)
        let record = try #require(SubnetID(id).flatMap { cloud.state.subnets[$0] })
        _ = try cloud.guest(in: record)
        let shown = try cloud.perform(DescribeSubnets.self, .init(subnetIDs: [id])).subnets
        #expect(shown.map(\.availableIPAddressCount) == [10])
        let filter = EC2.Filter(name: "available-ip-address-count", values: ["10"])
        #expect(try cloud.perform(DescribeSubnets.self, .init(filters: [filter])).subnets.count == 1)
    }

    @Test("goes to the zone with the fewest others where the caller names none")
    mutating func zones() throws {
        let made = try (0..<3).map { try cloud.perform(CreateSubnet.self, request("10.0.\($0).0/24")).subnet }
        #expect(Set(made.map { $0?.availabilityZone }).count == 3)
        let byID = EC2.CreateSubnetRequest(availabilityZoneID: "use1-az3", cidrBlock: "10.0.9.0/24", vpcID: vpc)
        #expect(try cloud.perform(CreateSubnet.self, byID).subnet?.availabilityZone == "us-east-1c")
    }

    @Test(
        "is refused for a block that may not be one",
        arguments: [
            ("10.1.0.0/24", "InvalidSubnet.Range"), ("10.0.0.0/29", "InvalidSubnet.Range"),
            ("10.0.0.0/15", "InvalidSubnet.Range"), ("10.0.5.0/24", "InvalidSubnet.Conflict"),
            ("10.0.4.0/22", "InvalidSubnet.Conflict"), ("10.0.5.128/25", "InvalidSubnet.Conflict"),
            ("nonsense", "InvalidParameterValue"),
        ])
    mutating func blocks(cidr: String, code: String) throws {
        try cloud.perform(CreateSubnet.self, request("10.0.5.0/24"))
        #expect(cloud.refusal(of: CreateSubnet.self, request(cidr)) == code)
    }

    @Test("is refused in zones and VPCs that are not there, without a block, and beyond the quota")
    mutating func refusals() throws {
        #expect(
            cloud.refusal(of: CreateSubnet.self, request("10.0.0.0/24", zone: "eu-west-1a")) == "InvalidParameterValue")
        var input = request("10.0.0.0/24", zone: "us-east-1a")
        input.availabilityZoneID = "use1-az1"
        #expect(cloud.refusal(of: CreateSubnet.self, input) == "InvalidParameterCombination")
        #expect(cloud.refusal(of: CreateSubnet.self, request(nil)) == "MissingParameter")
        #expect(
            cloud.refusal(of: CreateSubnet.self, .init(cidrBlock: "10.0.0.0/24", vpcID: "vpc-12345678"))
                == "InvalidVpcID.NotFound")
        for number in 0..<4 { try cloud.perform(CreateSubnet.self, request("10.0.\(number).0/24")) }
        #expect(cloud.refusal(of: CreateSubnet.self, request("10.0.200.0/24")) == "SubnetLimitExceeded")
    }

    @Test("is refused with IPv6, IPAM and Outposts")
    mutating func unserved() {
        let inputs = [
            EC2.CreateSubnetRequest(cidrBlock: "10.0.0.0/24", ipv6CIDRBlock: "2001:db8::/64", vpcID: vpc),
            EC2.CreateSubnetRequest(cidrBlock: "10.0.0.0/24", outpostARN: "arn:aws:outposts", vpcID: vpc),
            EC2.CreateSubnetRequest(vpcID: vpc, ipv6Native: true),
            EC2.CreateSubnetRequest(vpcID: vpc, ipv4NetmaskLength: 24),
        ]
        for input in inputs { #expect(cloud.refusal(of: CreateSubnet.self, input) == "UnsupportedOperation") }
    }

    @Test("is not deleted under an interface, and leaves its route table when it goes")
    mutating func deleted() throws {
        let id = try #require(try cloud.perform(CreateSubnet.self, request("10.0.0.0/24")).subnet?.subnetID)
        let table = try cloud.perform(CreateRouteTable.self, .init(vpcID: vpc)).routeTable?.routeTableID ?? ""
        try cloud.perform(AssociateRouteTable.self, .init(subnetID: id, routeTableID: table))
        let record = try #require(SubnetID(id).flatMap { cloud.state.subnets[$0] })
        let guest = try cloud.guest(in: record)
        #expect(cloud.refusal(of: DeleteSubnet.self, .init(subnetID: id)) == "DependencyViolation")
        cloud.transaction.deleteInterface(guest.interface)
        try cloud.perform(DeleteSubnet.self, .init(subnetID: id))
        #expect(cloud.refusal(of: DeleteSubnet.self, .init(subnetID: id)) == "InvalidSubnetID.NotFound")
        try cloud.perform(DeleteRouteTable.self, .init(routeTableID: table))
    }
}

@Suite("A subnet's attributes and filters")
struct SubnetDescriptionTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    @Test(
        "one subnet is found by each filter",
        arguments: [
            ("availability-zone", "us-east-1a"), ("availabilityZone", "us-east-1a"),
            ("availability-zone-id", "use1-az1"), ("availabilityZoneId", "use1-az1"),
            ("cidr-block", "172.31.0.0/20"), ("cidr", "172.31.0.0/20"), ("cidrBlock", "172.31.0.0/20"),
            ("tag:team", "blue"),
        ])
    mutating func single(name: String, value: String) throws {
        let first = try #require(cloud.state.defaultSubnet(of: TestCloud.account, inZone: "us-east-1a"))
        cloud.transaction.update(first.id) { (subnet: inout SubnetRecord) in subnet.tags = ["team": "blue"] }
        let input = EC2.DescribeSubnetsRequest(filters: [EC2.Filter(name: name, values: [value])])
        #expect(try cloud.perform(DescribeSubnets.self, input).subnets.map(\.subnetID) == [first.id.description])
    }

    @Test(
        "all are found by what they share, and none by the opposite",
        arguments: [
            ("default-for-az", "true", "false"), ("defaultForAz", "true", "false"),
            ("map-public-ip-on-launch", "true", "false"), ("state", "available", "pending"),
            ("owner-id", "123456789012", "210987654321"), ("ipv6-native", "false", "true"),
            ("enable-dns64", "false", "true"), ("map-customer-owned-ip-on-launch", "false", "true"),
            ("private-dns-name-options-on-launch.hostname-type", "ip-name", "resource-name"),
            ("private-dns-name-options-on-launch.enable-resource-name-dns-a-record", "false", "true"),
            ("private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record", "false", "true"),
            ("vpc-id", "vpc-*", "vpc-1"), ("subnet-id", "subnet-*", "subnet-1"),
            ("subnet-arn", "arn:aws:ec2:us-east-1:123456789012:subnet/*", "arn"),
        ])
    mutating func shared(name: String, all: String, none: String) throws {
        func count(_ cloud: inout TestCloud, _ value: String) throws -> Int {
            let filter = EC2.Filter(name: name, values: [value])
            return try cloud.perform(DescribeSubnets.self, .init(filters: [filter])).subnets.count
        }
        #expect(try count(&cloud, all) == 3)
        #expect(try count(&cloud, none) == 0)
    }

    @Test("public addresses at launch can be turned off and on")
    mutating func mapPublic() throws {
        let id = cloud.defaultSubnet.id.description
        let off = EC2.AttributeBooleanValue(value: false)
        try cloud.perform(ModifySubnetAttribute.self, .init(mapPublicIPOnLaunch: off, subnetID: id))
        #expect(try cloud.perform(DescribeSubnets.self, .init(subnetIDs: [id])).subnets[0].mapPublicIPOnLaunch == false)
    }

    @Test("other attributes can be declined and not be asked for")
    mutating func otherAttributes() throws {
        let id = cloud.defaultSubnet.id.description
        let (on, off) = (EC2.AttributeBooleanValue(value: true), EC2.AttributeBooleanValue(value: false))
        let declined = [
            EC2.ModifySubnetAttributeRequest(assignIPv6AddressOnCreation: off, subnetID: id),
            EC2.ModifySubnetAttributeRequest(subnetID: id, enableDNS64: off),
            EC2.ModifySubnetAttributeRequest(subnetID: id, privateDNSHostnameTypeOnLaunch: .ipName),
            EC2.ModifySubnetAttributeRequest(subnetID: id, enableResourceNameDNSARecordOnLaunch: off),
        ]
        for input in declined { try cloud.perform(ModifySubnetAttribute.self, input) }
        let asked = [
            EC2.ModifySubnetAttributeRequest(assignIPv6AddressOnCreation: on, subnetID: id),
            EC2.ModifySubnetAttributeRequest(subnetID: id, mapCustomerOwnedIPOnLaunch: on),
            EC2.ModifySubnetAttributeRequest(subnetID: id, enableDNS64: on),
            EC2.ModifySubnetAttributeRequest(subnetID: id, enableResourceNameDNSAAAARecordOnLaunch: on),
            EC2.ModifySubnetAttributeRequest(subnetID: id, enableLniAtDeviceIndex: 1),
        ]
        for input in asked { #expect(cloud.refusal(of: ModifySubnetAttribute.self, input) == "UnsupportedOperation") }
        #expect(cloud.refusal(of: ModifySubnetAttribute.self, .init(subnetID: id)) == "MissingParameter")
        let two = EC2.ModifySubnetAttributeRequest(
            assignIPv6AddressOnCreation: off, mapPublicIPOnLaunch: on, subnetID: id)
        #expect(cloud.refusal(of: ModifySubnetAttribute.self, two) == "InvalidParameterCombination")
    }

    @Test("a zone's default subnet can be made again, once")
    mutating func defaultAgain() throws {
        let input = EC2.CreateDefaultSubnetRequest(availabilityZone: "us-east-1a")
        #expect(
            cloud.refusal(of: CreateDefaultSubnet.self, input) == "DefaultSubnetAlreadyExistsInAvailabilityZone")
        let old = try #require(cloud.state.defaultSubnet(of: TestCloud.account, inZone: "us-east-1a"))
        try cloud.perform(DeleteSubnet.self, .init(subnetID: old.id.description))
        let made = try #require(try cloud.perform(CreateDefaultSubnet.self, input).subnet)
        #expect(made.cidrBlock == "172.31.0.0/20" && made.defaultForAZ == true && made.mapPublicIPOnLaunch == true)
        #expect(cloud.refusal(of: CreateDefaultSubnet.self, .init()) == "MissingParameter")
    }
}
