import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("A security group")
struct GroupLifeTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private func request(_ name: String, vpc: String? = nil) -> EC2.CreateSecurityGroupRequest {
        EC2.CreateSecurityGroupRequest(description: "for tests", groupName: name, vpcID: vpc)
    }

    @Test("is made in the default VPC, lets nothing in and everything out")
    mutating func made() throws {
        let made = try cloud.perform(CreateSecurityGroup.self, request("web"))
        let id = try #require(made.groupID)
        #expect(made.securityGroupARN == "arn:aws:ec2:us-east-1:123456789012:security-group/\(id)")
        let group = try #require(
            try cloud.perform(DescribeSecurityGroups.self, .init(groupIDs: [id])).securityGroups.first)
        #expect(group.groupName == "web" && group.description == "for tests")
        #expect(group.vpcID == cloud.defaultVPC.id.description)
        #expect(group.ownerID == "123456789012")
        #expect(group.ipPermissions.isEmpty)
        #expect(
            group.ipPermissionsEgress
                == [EC2.IpPermission(ipProtocol: "-1", ipRanges: [EC2.IpRange(cidrIP: "0.0.0.0/0")])])
    }

    @Test("carries the tags it was made with")
    mutating func tags() throws {
        var input = request("web")
        input.tagSpecifications = [
            EC2.TagSpecification(resourceType: "security-group", tags: [EC2.Tag(key: "a", value: "b")])
        ]
        #expect(try cloud.perform(CreateSecurityGroup.self, input).tags == [EC2.Tag(key: "a", value: "b")])
        let filter = EC2.Filter(name: "tag:a", values: ["b"])
        #expect(try cloud.perform(DescribeSecurityGroups.self, .init(filters: [filter])).securityGroups.count == 1)
        input.tagSpecifications[0].resourceType = "instance"
        input.groupName = "other"
        #expect(cloud.refusal(of: CreateSecurityGroup.self, input) == "InvalidParameterValue")
    }

    @Test(
        "is refused for a name or description that may not be one",
        arguments: [
            ("sg-web", "InvalidParameterValue"), ("", "MissingParameter"), ("   ", "MissingParameter"),
            ("default", "InvalidGroup.Reserved"), ("naïve", "InvalidParameterValue"),
            (String(repeating: "a", count: 256), "InvalidParameterValue"),
        ])
    mutating func names(name: String, code: String) {
        #expect(cloud.refusal(of: CreateSecurityGroup.self, request(name)) == code)
        var input = request("web")
        input.description = "tab\there"
        #expect(cloud.refusal(of: CreateSecurityGroup.self, input) == "InvalidParameterValue")
    }

    @Test("has a name that is unique in its VPC whatever the case")
    mutating func duplicates() throws {
        try cloud.perform(CreateSecurityGroup.self, request("web "))
        #expect(cloud.refusal(of: CreateSecurityGroup.self, request("WEB")) == "InvalidGroup.Duplicate")
        let other = try cloud.transaction.createVPC(cidr: CIDRBlock("10.0.0.0/16")!)
        #expect(cloud.refusal(of: CreateSecurityGroup.self, request("web", vpc: other.id.description)) == nil)
    }

    @Test("is refused in a VPC that is another account's")
    mutating func strangers() throws {
        let vpc = cloud.defaultVPC.id.description
        cloud.become(TestCloud.stranger)
        #expect(cloud.refusal(of: CreateSecurityGroup.self, request("web", vpc: vpc)) == "InvalidVpcID.NotFound")
        #expect(cloud.refusal(of: CreateSecurityGroup.self, request("web", vpc: "x")) == "InvalidVpcId.Malformed")
    }

    @Test("is refused beyond the quota")
    func quota() throws {
        var small = try TestCloud { $0.quotas.securityGroups = 2 }
        try small.perform(CreateSecurityGroup.self, request("one"))
        #expect(small.refusal(of: CreateSecurityGroup.self, request("two")) == "SecurityGroupLimitExceeded")
    }

    @Test("goes when deleted by id or by name")
    mutating func deleted() throws {
        let id = try cloud.perform(CreateSecurityGroup.self, request("web")).groupID
        #expect(try cloud.perform(DeleteSecurityGroup.self, .init(groupID: id)).groupID == id)
        #expect(cloud.refusal(of: DeleteSecurityGroup.self, .init(groupID: id)) == "InvalidGroup.NotFound")
        try cloud.perform(CreateSecurityGroup.self, request("web"))
        #expect(cloud.refusal(of: DeleteSecurityGroup.self, .init(groupName: "web")) == nil)
        #expect(cloud.refusal(of: DeleteSecurityGroup.self, .init(groupName: "web")) == "InvalidGroup.NotFound")
        #expect(cloud.refusal(of: DeleteSecurityGroup.self, .init()) == "MissingParameter")
    }

    @Test("stays when it is a VPC's default one")
    mutating func defaultGroup() {
        let id = cloud.defaultVPC.defaultGroup.description
        #expect(cloud.refusal(of: DeleteSecurityGroup.self, .init(groupID: id)) == "CannotDelete")
    }

    @Test("stays while an interface is in it or another group's rule names it")
    mutating func inUse() throws {
        let id = try #require(try cloud.perform(CreateSecurityGroup.self, request("web")).groupID)
        let pair = EC2.UserIdGroupPair(groupID: id)
        let permission = EC2.IpPermission(ipProtocol: "-1", userIDGroupPairs: [pair])
        let byDefault = cloud.defaultVPC.defaultGroup.description
        for group in [id, byDefault] {
            try cloud.perform(
                AuthorizeSecurityGroupIngress.self, .init(groupID: group, ipPermissions: [permission]))
        }
        #expect(cloud.refusal(of: DeleteSecurityGroup.self, .init(groupID: id)) == "DependencyViolation")
        try cloud.perform(RevokeSecurityGroupIngress.self, .init(groupID: byDefault, ipPermissions: [permission]))
        let subnet = cloud.state.subnets.all(where: IndexKey(.vpc, cloud.defaultVPC.id))[0]
        let interface = try cloud.transaction.createInterface(
            in: subnet, privateAddress: nil, groups: [SecurityGroupID(id)!])
        #expect(cloud.refusal(of: DeleteSecurityGroup.self, .init(groupID: id)) == "DependencyViolation")
        cloud.transaction.deleteInterface(interface.id)
        #expect(cloud.refusal(of: DeleteSecurityGroup.self, .init(groupID: id)) == nil)
    }

    @Test("is found for a launch by id or name in the VPC of the launch alone")
    mutating func launches() throws {
        let web = SecurityGroupID(try cloud.perform(CreateSecurityGroup.self, request("web")).groupID!)!
        let home = cloud.defaultVPC.id
        #expect(try cloud.transaction.groups(ids: [web, web], names: ["web"], in: home) == [web])
        #expect(try cloud.transaction.groups(ids: [], names: ["default"], in: home) == [cloud.defaultVPC.defaultGroup])
        #expect(try cloud.transaction.groups(ids: [], names: [], in: home) == [])
        let other = try cloud.transaction.createVPC(cidr: CIDRBlock("10.0.0.0/16")!).id
        #expect(throws: EC2Error.self) { try cloud.transaction.groups(ids: [web], names: [], in: other) }
        #expect(throws: EC2Error.self) { try cloud.transaction.groups(ids: [], names: ["web"], in: other) }
        #expect(throws: EC2Error.self) { try cloud.transaction.groups(ids: [], names: ["nope"], in: home) }
    }
}
