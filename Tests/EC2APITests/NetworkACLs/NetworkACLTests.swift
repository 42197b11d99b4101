import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("A VPC's default network ACL")
struct NetworkACLTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    @Test("lets everything through both ways, and ends with a denial")
    mutating func entries() throws {
        let acl = try #require(try cloud.perform(DescribeNetworkAcls.self, .init()).networkACLs.first)
        #expect(acl.isDefault == true && acl.vpcID == cloud.defaultVPC.id.description)
        #expect(acl.entries.map(\.ruleNumber) == [100, 32767, 100, 32767])
        #expect(acl.entries.map(\.egress) == [true, true, false, false])
        #expect(acl.entries.map(\.ruleAction) == [.allow, .deny, .allow, .deny])
        #expect(acl.entries.allSatisfy { $0.cidrBlock == "0.0.0.0/0" && $0.protocol == "-1" })
    }

    @Test("stands before every subnet of the VPC")
    mutating func associations() throws {
        let acl = try #require(try cloud.perform(DescribeNetworkAcls.self, .init()).networkACLs.first)
        let subnets = cloud.state.subnets.all(where: IndexKey(.vpc, cloud.defaultVPC.id))
        #expect(acl.associations.map(\.subnetID) == subnets.map(\.id.description))
        #expect(Set(acl.associations.map(\.networkACLAssociationID)).count == 3)
    }

    @Test(
        "is found by each filter, and not by what it is not",
        arguments: [
            ("association.association-id", "aclassoc-*", "x"), ("association.network-acl-id", "acl-*", "x"),
            ("association.subnet-id", "subnet-*", "x"), ("default", "true", "false"), ("entry.cidr", "0.0.0.0/0", "x"),
            ("entry.egress", "true", "x"), ("entry.protocol", "-1", "6"), ("entry.rule-action", "deny", "x"),
            ("entry.rule-number", "100", "200"), ("network-acl-id", "acl-*", "x"),
            ("owner-id", "123456789012", "210987654321"), ("vpc-id", "vpc-*", "x"),
        ])
    mutating func filters(name: String, value: String, other: String) throws {
        for (value, count) in [(value, 1), (other, 0)] {
            let filter = EC2.Filter(name: name, values: [value])
            #expect(try cloud.perform(DescribeNetworkAcls.self, .init(filters: [filter])).networkACLs.count == count)
        }
    }

    @Test("is refused for ids of another shape or of nothing")
    mutating func ids() {
        #expect(
            cloud.refusal(of: DescribeNetworkAcls.self, .init(networkACLIDs: ["acl-12345678"]))
                == "InvalidNetworkAclID.NotFound")
        #expect(
            cloud.refusal(of: DescribeNetworkAcls.self, .init(networkACLIDs: ["x"])) == "InvalidNetworkAclId.Malformed")
    }
}
