import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("A security group rule")
struct RuleLifeTests {
    private var cloud: TestCloud
    private let web: String
    private let rule: String
    private static let ssh = EC2.IpPermission(
        ipProtocol: "tcp", fromPort: 22, toPort: 22, ipRanges: [.init(cidrIP: "10.0.0.0/8")])

    init() throws {
        cloud = try TestCloud()
        let vpc = try cloud.transaction.createVPC(cidr: CIDRBlock("10.0.0.0/16")!)
        web = try cloud.perform(
            CreateSecurityGroup.self,
            .init(description: "for tests", groupName: "web", vpcID: vpc.id.description)
        ).groupID!
        rule = try cloud.perform(
            AuthorizeSecurityGroupIngress.self, .init(groupID: web, ipPermissions: [Self.ssh])
        ).securityGroupRules[0].securityGroupRuleID!
    }

    private mutating func shown() throws -> [EC2.SecurityGroupRule] {
        let filter = EC2.Filter(name: "group-id", values: [web])
        return try cloud.perform(DescribeSecurityGroupRules.self, .init(filters: [filter])).securityGroupRules
            .filter { $0.isEgress == false }
    }

    @Test("is described by its id, its group and its tags")
    mutating func described() throws {
        try cloud.perform(CreateTags.self, .init(resources: [rule], tags: [.init(key: "k", value: "v")]))
        let byID = try cloud.perform(DescribeSecurityGroupRules.self, .init(securityGroupRuleIDs: [rule]))
        #expect(byID.securityGroupRules.map(\.cidrIPv4) == ["10.0.0.0/8"])
        #expect(byID.securityGroupRules[0].tags == [.init(key: "k", value: "v")])
        let byTag = EC2.Filter(name: "tag:k", values: ["v"])
        #expect(
            try cloud.perform(DescribeSecurityGroupRules.self, .init(filters: [byTag])).securityGroupRules.count == 1)
        #expect(try shown().count == 1)
        for (id, code) in [
            ("sgr-12345678", "InvalidSecurityGroupRuleId.NotFound"), ("x", "InvalidSecurityGroupRuleId.Malformed"),
        ] {
            #expect(cloud.refusal(of: DescribeSecurityGroupRules.self, .init(securityGroupRuleIDs: [id])) == code)
        }
        cloud.become(TestCloud.stranger)
        #expect(
            cloud.refusal(of: DescribeSecurityGroupRules.self, .init(securityGroupRuleIDs: [rule]))
                == "InvalidSecurityGroupRuleId.NotFound")
    }

    @Test("comes in pages")
    mutating func pages() throws {
        var input = EC2.DescribeSecurityGroupRulesRequest(maxResults: 5)
        var ids: [String?] = []
        let more = (0..<7).map { EC2.IpRange(cidrIP: "10.0.\($0).0/24") }
        try cloud.perform(
            AuthorizeSecurityGroupIngress.self,
            .init(groupID: web, ipPermissions: [EC2.IpPermission(ipProtocol: "-1", ipRanges: more)]))
        repeat {
            let page = try cloud.perform(DescribeSecurityGroupRules.self, input)
            #expect(page.securityGroupRules.count <= 5)
            ids += page.securityGroupRules.map(\.securityGroupRuleID)
            input.nextToken = page.nextToken
        } while input.nextToken != nil
        let all = try cloud.perform(DescribeSecurityGroupRules.self, .init()).securityGroupRules
        #expect(ids == all.map(\.securityGroupRuleID))
    }

    @Test("goes when revoked by what it says")
    mutating func revoked() throws {
        var permission = Self.ssh
        permission.ipRanges[0].description = "whatever"
        let output = try cloud.perform(
            RevokeSecurityGroupIngress.self, .init(groupID: web, ipPermissions: [permission]))
        #expect(output.revokedSecurityGroupRules.map(\.securityGroupRuleID) == [rule])
        #expect(output.unknownIPPermissions.isEmpty)
        #expect(try shown().isEmpty)
        #expect(
            cloud.refusal(of: RevokeSecurityGroupIngress.self, .init(groupID: web, ipPermissions: [permission]))
                == "InvalidPermission.NotFound")
    }

    @Test("that is unknown is listed, not refused, in a default VPC")
    mutating func unknown() throws {
        let group = cloud.defaultVPC.defaultGroup.description
        let output = try cloud.perform(
            RevokeSecurityGroupIngress.self, .init(groupID: group, ipPermissions: [Self.ssh]))
        #expect(output.unknownIPPermissions == [Self.ssh])
        #expect(output.revokedSecurityGroupRules.isEmpty)
    }

    @Test("goes when revoked by its id, in its own direction alone")
    mutating func revokedByID() throws {
        #expect(
            cloud.refusal(of: RevokeSecurityGroupEgress.self, .init(securityGroupRuleIDs: [rule], groupID: web))
                == "InvalidSecurityGroupRuleId.NotFound")
        try cloud.perform(RevokeSecurityGroupIngress.self, .init(groupID: web, securityGroupRuleIDs: [rule]))
        #expect(try shown().isEmpty)
    }

    @Test("takes other traffic and another block, and keeps its id")
    mutating func modified() throws {
        let request = EC2.SecurityGroupRuleRequest(
            ipProtocol: "udp", fromPort: 53, toPort: 53, cidrIPv4: "10.1.0.0/16", description: "names")
        try cloud.perform(
            ModifySecurityGroupRules.self,
            .init(groupID: web, securityGroupRules: [.init(securityGroupRuleID: rule, securityGroupRule: request)]))
        let changed = try #require(try shown().first)
        #expect((changed.securityGroupRuleID, changed.ipProtocol, changed.fromPort) == (rule, "udp", 53))
        #expect((changed.cidrIPv4, changed.description) == ("10.1.0.0/16", "names"))
    }

    @Test("cannot change its kind of peer, nor become a second one of the same")
    mutating func notModified() throws {
        func refusal(_ request: EC2.SecurityGroupRuleRequest) -> String? {
            cloud.refusal(
                of: ModifySecurityGroupRules.self,
                .init(groupID: web, securityGroupRules: [.init(securityGroupRuleID: rule, securityGroupRule: request)]))
        }
        #expect(refusal(.init(ipProtocol: "-1", cidrIPv6: "::/0")) == "InvalidParameterValue")
        #expect(refusal(.init(ipProtocol: "-1")) == "InvalidParameterCombination")
        let other = EC2.IpPermission(ipProtocol: "-1", ipRanges: [.init(cidrIP: "10.0.0.0/8")])
        try cloud.perform(AuthorizeSecurityGroupIngress.self, .init(groupID: web, ipPermissions: [other]))
        #expect(refusal(.init(ipProtocol: "-1", cidrIPv4: "10.0.0.0/8")) == "InvalidPermission.Duplicate")
        #expect(refusal(.init(ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIPv4: "10.0.0.0/8")) == nil)
    }

    @Test("takes and loses a description, named by id or by what it says")
    mutating func descriptions() throws {
        var permission = Self.ssh
        permission.ipRanges[0].description = "first"
        try cloud.perform(
            UpdateSecurityGroupRuleDescriptionsIngress.self, .init(groupID: web, ipPermissions: [permission]))
        #expect(try shown().map(\.description) == ["first"])
        try cloud.perform(
            UpdateSecurityGroupRuleDescriptionsIngress.self,
            .init(
                groupID: web,
                securityGroupRuleDescriptions: [.init(securityGroupRuleID: rule, description: "second")]))
        #expect(try shown().map(\.description) == ["second"])
        try cloud.perform(
            UpdateSecurityGroupRuleDescriptionsIngress.self, .init(groupID: web, ipPermissions: [Self.ssh]))
        #expect(try shown().map(\.description) == [nil])
        #expect(
            cloud.refusal(
                of: UpdateSecurityGroupRuleDescriptionsEgress.self, .init(groupID: web, ipPermissions: [permission]))
                == "InvalidPermission.NotFound")
    }

    @Test("is what permission filters of groups look at")
    mutating func filters() throws {
        for (name, value) in [
            ("ip-permission.cidr", "10.*"), ("ip-permission.from-port", "22"), ("ip-permission.protocol", "tcp"),
            ("egress.ip-permission.cidr", "0.0.0.0/0"), ("description", "for tests"), ("group-name", "w?b"),
        ] {
            let groups = try cloud.perform(
                DescribeSecurityGroups.self, .init(filters: [.init(name: name, values: [value])])
            ).securityGroups
            #expect(groups.contains { $0.groupID == web }, "\(name)")
        }
        let byReference = EC2.Filter(name: "ip-permission.group-name", values: ["default"])
        let groups = try cloud.perform(DescribeSecurityGroups.self, .init(filters: [byReference])).securityGroups
        #expect(Set(groups.map(\.groupName)) == ["default"])
        let none = EC2.Filter(name: "ip-permission.prefix-list-id", values: ["*"])
        #expect(try cloud.perform(DescribeSecurityGroups.self, .init(filters: [none])).securityGroups.isEmpty)
        let wrong = EC2.Filter(name: "ip-permission.colour", values: ["red"])
        #expect(cloud.refusal(of: DescribeSecurityGroups.self, .init(filters: [wrong])) == "InvalidParameterValue")
    }

    @Test("has no references from elsewhere and is never stale")
    mutating func references() throws {
        #expect(
            try cloud.perform(DescribeSecurityGroupReferences.self, .init(groupID: [web]))
                .securityGroupReferenceSet.isEmpty)
        let vpc = cloud.defaultVPC.id.description
        #expect(
            try cloud.perform(DescribeStaleSecurityGroups.self, .init(vpcID: vpc)).staleSecurityGroupSet.isEmpty)
        #expect(
            cloud.refusal(of: DescribeStaleSecurityGroups.self, .init(vpcID: "vpc-12345678"))
                == "InvalidVpcID.NotFound")
    }
}
