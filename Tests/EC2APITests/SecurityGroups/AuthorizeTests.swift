import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Authorizing security group rules")
struct AuthorizeTests {
    private var cloud: TestCloud
    private let web: String

    init() throws {
        cloud = try TestCloud()
        web = try cloud.perform(
            CreateSecurityGroup.self, .init(description: "for tests", groupName: "web")
        ).groupID!
    }

    private static func tcp(_ from: Int?, _ to: Int?, _ cidrs: String...) -> EC2.IpPermission {
        EC2.IpPermission(
            ipProtocol: "tcp", fromPort: from, toPort: to, ipRanges: cidrs.map { EC2.IpRange(cidrIP: $0) })
    }

    @Test("gives each peer a rule of its own, with id, ARN, description and tags")
    mutating func rules() throws {
        let permission = EC2.IpPermission(
            ipProtocol: "6", fromPort: 22, toPort: 22, userIDGroupPairs: [.init(groupName: "web")],
            ipRanges: [.init(description: "home", cidrIP: "10.1.2.3/8")],
            ipv6Ranges: [.init(cidrIPv6: "2001:DB8:0:0::1/32")])
        let tags = [EC2.TagSpecification(resourceType: "security-group-rule", tags: [.init(key: "k", value: "v")])]
        let rules = try cloud.perform(
            AuthorizeSecurityGroupIngress.self,
            .init(groupID: web, ipPermissions: [permission], tagSpecifications: tags)
        ).securityGroupRules
        #expect(rules.count == 3)
        #expect(rules.allSatisfy { $0.groupID == web && $0.isEgress == false && $0.ipProtocol == "tcp" })
        #expect(rules.allSatisfy { $0.fromPort == 22 && $0.toPort == 22 && $0.tags == [.init(key: "k", value: "v")] })
        #expect((rules[0].cidrIPv4, rules[0].description) == ("10.0.0.0/8", "home"))
        #expect(rules[1].cidrIPv6 == "2001:db8::/32")
        #expect(rules[2].referencedGroupInfo == .init(groupID: web, userID: "123456789012"))
        let id = try #require(rules[0].securityGroupRuleID)
        #expect(rules[0].securityGroupRuleARN == "arn:aws:ec2:us-east-1:123456789012:security-group-rule/\(id)")
        #expect(Set(rules.map(\.securityGroupRuleID)).count == 3)
    }

    @Test("shows rules of one traffic as one permission")
    mutating func gathered() throws {
        try cloud.perform(
            AuthorizeSecurityGroupIngress.self,
            .init(groupID: web, ipPermissions: [Self.tcp(22, 22, "10.0.0.0/8"), Self.tcp(80, 80, "0.0.0.0/0")]))
        try cloud.perform(
            AuthorizeSecurityGroupIngress.self, .init(groupID: web, ipPermissions: [Self.tcp(22, 22, "11.0.0.0/8")]))
        let group = try cloud.perform(DescribeSecurityGroups.self, .init(groupIDs: [web])).securityGroups[0]
        #expect(group.ipPermissions == [Self.tcp(22, 22, "10.0.0.0/8", "11.0.0.0/8"), Self.tcp(80, 80, "0.0.0.0/0")])
    }

    @Test("takes the parameters of a single rule")
    mutating func single() throws {
        let byBlock = try cloud.perform(
            AuthorizeSecurityGroupIngress.self,
            .init(cidrIP: "0.0.0.0/0", fromPort: 80, groupName: "web", ipProtocol: "tcp", toPort: 80)
        ).securityGroupRules
        #expect(byBlock.map(\.cidrIPv4) == ["0.0.0.0/0"])
        let byGroup = try cloud.perform(
            AuthorizeSecurityGroupIngress.self, .init(groupName: "web", sourceSecurityGroupName: "default")
        ).securityGroupRules
        #expect(byGroup.map(\.ipProtocol) == ["-1"])
        #expect(byGroup.map { $0.referencedGroupInfo?.groupID } == [cloud.defaultVPC.defaultGroup.description])
        #expect(
            cloud.refusal(
                of: AuthorizeSecurityGroupIngress.self,
                .init(cidrIP: "0.0.0.0/0", groupID: web, ipPermissions: [Self.tcp(1, 1, "10.0.0.0/8")]))
                == "InvalidParameterCombination")
        #expect(cloud.refusal(of: AuthorizeSecurityGroupIngress.self, .init(groupID: web)) == "MissingParameter")
    }

    @Test("adds nothing when one rule is there already")
    mutating func duplicates() throws {
        let permission = Self.tcp(22, 22, "10.0.0.0/8")
        try cloud.perform(AuthorizeSecurityGroupIngress.self, .init(groupID: web, ipPermissions: [permission]))
        let both = [Self.tcp(23, 23, "10.0.0.0/8"), permission]
        #expect(
            cloud.refusal(of: AuthorizeSecurityGroupIngress.self, .init(groupID: web, ipPermissions: both))
                == "InvalidPermission.Duplicate")
        #expect(
            cloud.refusal(
                of: AuthorizeSecurityGroupIngress.self,
                .init(groupID: web, ipPermissions: [Self.tcp(9, 9, "10.0.0.0/8", "10.0.0.1/8")]))
                == "InvalidParameterValue")
        let group = try cloud.perform(DescribeSecurityGroups.self, .init(groupIDs: [web])).securityGroups[0]
        #expect(group.ipPermissions == [permission])
        #expect(
            cloud.refusal(of: AuthorizeSecurityGroupEgress.self, .init(groupID: web, ipPermissions: [permission]))
                == nil)
    }

    @Test("drops the ports of protocols that have none")
    mutating func portless() throws {
        let all = EC2.IpPermission(ipProtocol: "-1", fromPort: 1, toPort: 2, ipRanges: [.init(cidrIP: "10.0.0.0/8")])
        let esp = EC2.IpPermission(ipProtocol: "50", fromPort: 0, toPort: 0, ipRanges: [.init(cidrIP: "10.0.0.0/8")])
        let rules = try cloud.perform(
            AuthorizeSecurityGroupIngress.self, .init(groupID: web, ipPermissions: [all, esp])
        ).securityGroupRules
        #expect(rules.map(\.ipProtocol) == ["-1", "50"])
        #expect(rules.allSatisfy { $0.fromPort == -1 && $0.toPort == -1 })
    }

    @Test(
        "is refused for traffic that does not exist",
        arguments: [
            ("tcp", nil, nil), ("tcp", 22, nil), ("tcp", -1, -1), ("udp", 0, 65_536), ("tcp", 443, 80),
            ("icmp", nil, nil), ("icmp", 256, 0), ("icmp", -1, 3), ("esp", 0, 0), ("256", 0, 0), ("-2", 0, 0),
        ] as [(String, Int?, Int?)])
    mutating func traffic(name: String, from: Int?, to: Int?) {
        let permission = EC2.IpPermission(
            ipProtocol: name, fromPort: from, toPort: to, ipRanges: [.init(cidrIP: "10.0.0.0/8")])
        #expect(
            cloud.refusal(of: AuthorizeSecurityGroupIngress.self, .init(groupID: web, ipPermissions: [permission]))
                == "InvalidParameterValue")
    }

    @Test(
        "is refused for peers that do not exist",
        arguments: [
            (EC2.IpPermission(ipProtocol: "-1", ipRanges: [.init(cidrIP: "10.0.0.0")]), "InvalidParameterValue"),
            (EC2.IpPermission(ipProtocol: "-1", ipv6Ranges: [.init(cidrIPv6: "::/129")]), "InvalidParameterValue"),
            (
                EC2.IpPermission(ipProtocol: "-1", prefixListIDs: [.init(prefixListID: "pl-12345678")]),
                "InvalidPrefixListID.NotFound"
            ),
            (
                EC2.IpPermission(ipProtocol: "-1", userIDGroupPairs: [.init(groupID: "sg-12345678")]),
                "InvalidGroup.NotFound"
            ),
            (
                EC2.IpPermission(ipProtocol: "-1", userIDGroupPairs: [.init(userID: "210987654321", groupName: "web")]),
                "InvalidGroup.NotFound"
            ),
            (
                EC2.IpPermission(
                    ipProtocol: "-1", ipRanges: [.init(description: "what <is> this", cidrIP: "10.0.0.0/8")]),
                "InvalidParameterValue"
            ),
            (EC2.IpPermission(ipProtocol: "-1"), "MissingParameter"),
        ])
    mutating func peers(permission: EC2.IpPermission, code: String) {
        #expect(
            cloud.refusal(of: AuthorizeSecurityGroupIngress.self, .init(groupID: web, ipPermissions: [permission]))
                == code)
    }

    @Test("is refused for a group of another VPC")
    mutating func otherVPC() throws {
        let vpc = try cloud.transaction.createVPC(cidr: CIDRBlock("10.0.0.0/16")!)
        let pair = EC2.UserIdGroupPair(groupID: vpc.defaultGroup.description)
        let permission = EC2.IpPermission(ipProtocol: "-1", userIDGroupPairs: [pair])
        #expect(
            cloud.refusal(of: AuthorizeSecurityGroupEgress.self, .init(groupID: web, ipPermissions: [permission]))
                == "InvalidGroup.NotFound")
    }

    @Test("counts IPv4 and IPv6 rules apart, and references against both")
    mutating func quotas() throws {
        let ipv4 = (0..<60).map { EC2.IpRange(cidrIP: "10.0.\($0).0/24") }
        let ipv6 = (0..<60).map { EC2.Ipv6Range(cidrIPv6: "2001:db8:\($0)::/48") }
        let full = EC2.IpPermission(ipProtocol: "-1", ipRanges: ipv4, ipv6Ranges: ipv6)
        try cloud.perform(AuthorizeSecurityGroupIngress.self, .init(groupID: web, ipPermissions: [full]))
        for one in [
            EC2.IpPermission(ipProtocol: "-1", ipRanges: [.init(cidrIP: "11.0.0.0/8")]),
            EC2.IpPermission(ipProtocol: "-1", userIDGroupPairs: [.init(groupName: "web")]),
        ] {
            #expect(
                cloud.refusal(of: AuthorizeSecurityGroupIngress.self, .init(groupID: web, ipPermissions: [one]))
                    == "RulesPerSecurityGroupLimitExceeded")
            #expect(
                cloud.refusal(of: AuthorizeSecurityGroupEgress.self, .init(groupID: web, ipPermissions: [one])) == nil)
        }
    }
}
