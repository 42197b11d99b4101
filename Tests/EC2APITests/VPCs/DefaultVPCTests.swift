import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("An account's default VPC")
struct DefaultVPCTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    @Test("is 172.31.0.0/16 and says that it is the default")
    mutating func shape() throws {
        let vpcs = try cloud.perform(DescribeVpcs.self, .init()).vpcs
        let vpc = try #require(vpcs.first)
        #expect(vpcs.count == 1)
        #expect(vpc.cidrBlock == "172.31.0.0/16" && vpc.isDefault == true && vpc.state == .available)
        #expect(vpc.instanceTenancy == .default && vpc.ownerID == "123456789012")
        #expect(vpc.cidrBlockAssociationSet.map(\.cidrBlock) == ["172.31.0.0/16"])
        #expect(vpc.cidrBlockAssociationSet.map(\.cidrBlockState?.state) == [.associated])
    }

    @Test("has a /20 subnet with 4,091 free addresses in each zone, which give public addresses to guests")
    mutating func subnets() throws {
        let subnets = try cloud.perform(DescribeSubnets.self, .init()).subnets.sorted {
            ($0.availabilityZone ?? "") < ($1.availabilityZone ?? "")
        }
        #expect(subnets.map(\.availabilityZone) == ["us-east-1a", "us-east-1b", "us-east-1c"])
        #expect(subnets.map(\.availabilityZoneID) == ["use1-az1", "use1-az2", "use1-az3"])
        #expect(subnets.map(\.cidrBlock) == ["172.31.0.0/20", "172.31.16.0/20", "172.31.32.0/20"])
        for subnet in subnets {
            #expect(subnet.availableIPAddressCount == 4091)
            #expect(subnet.defaultForAZ == true && subnet.mapPublicIPOnLaunch == true)
        }
    }

    @Test("reaches the internet through an attached gateway")
    mutating func gateway() throws {
        let gateways = try cloud.perform(DescribeInternetGateways.self, .init()).internetGateways
        let vpc = cloud.defaultVPC.id.description
        #expect(gateways.count == 1)
        #expect(gateways.first?.attachments == [EC2.InternetGatewayAttachment(state: .available, vpcID: vpc)])
        let table = try #require(try cloud.perform(DescribeRouteTables.self, .init()).routeTables.first)
        #expect(table.associations.map(\.main) == [true])
        #expect(table.routes.map(\.destinationCIDRBlock) == ["172.31.0.0/16", "0.0.0.0/0"])
        #expect(table.routes.map(\.gatewayID) == ["local", gateways.first?.internetGatewayID])
        #expect(table.routes.allSatisfy { $0.state == .active })
    }

    @Test("has a default group, a default network ACL and the region's DHCP options")
    mutating func company() throws {
        let vpc = cloud.defaultVPC
        let group = try #require(cloud.state.securityGroups[vpc.defaultGroup])
        #expect(group.name == "default" && group.description == "default VPC security group")
        #expect(group.rules.map(\.ipProtocol) == ["-1", "-1"])
        #expect(group.rules.map(\.peer) == [.group(group.id, owner: vpc.account), .ipv4(.everything)])
        #expect(cloud.state.networkACLs[vpc.defaultACL]?.isDefault == true)
        let options = try cloud.perform(DescribeDhcpOptions.self, .init()).dhcpOptions
        #expect(options.map(\.dhcpOptionsID) == [vpc.dhcpOptions?.description])
        #expect(options.first?.dhcpConfigurations.map(\.key) == ["domain-name", "domain-name-servers"])
        #expect(
            options.first?.dhcpConfigurations.flatMap(\.values).map(\.value) == ["ec2.internal", "AmazonProvidedDNS"])
    }

    @Test("names its guests in public: DNS support and host names are on")
    func names() {
        #expect(cloud.defaultVPC.enableDNSSupport && cloud.defaultVPC.enableDNSHostnames)
    }

    @Test("cannot be made twice, and can be made again once it is gone")
    mutating func again() throws {
        #expect(cloud.refusal(of: CreateDefaultVpc.self, .init()) == "DefaultVpcAlreadyExists")
        let old = cloud.defaultVPC
        for subnet in cloud.state.subnets.all(where: IndexKey(.vpc, old.id)) {
            try cloud.perform(DeleteSubnet.self, .init(subnetID: subnet.id.description))
        }
        let gateway = try #require(cloud.state.internetGateway(of: old.id)).id.description
        try cloud.perform(DetachInternetGateway.self, .init(internetGatewayID: gateway, vpcID: old.id.description))
        try cloud.perform(DeleteInternetGateway.self, .init(internetGatewayID: gateway))
        try cloud.perform(DeleteVpc.self, .init(vpcID: old.id.description))
        #expect(cloud.state.defaultVPC(of: TestCloud.account) == nil)
        let made = try cloud.perform(CreateDefaultVpc.self, .init()).vpc
        #expect(made?.isDefault == true && made?.vpcID != old.id.description)
        #expect(try cloud.perform(DescribeSubnets.self, .init()).subnets.count == 3)
    }

    @Test("is another one in each account")
    mutating func perAccount() throws {
        let own = cloud.defaultVPC.id
        cloud.become(TestCloud.stranger)
        #expect(cloud.defaultVPC.id != own)
        #expect(
            cloud.refusal(of: DescribeVpcs.self, .init(vpcIDs: [own.description])) == "InvalidVpcID.NotFound")
        #expect(cloud.refusal(of: DeleteVpc.self, .init(vpcID: own.description)) == "InvalidVpcID.NotFound")
    }
}
