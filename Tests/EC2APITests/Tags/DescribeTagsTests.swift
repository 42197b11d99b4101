import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Describing tags")
struct DescribeTagsTests {
    private var cloud: TestCloud
    private let group: String
    private let rule: String
    private let vpc: String

    init() throws {
        cloud = try TestCloud()
        vpc = cloud.defaultVPC.id.description
        group = try cloud.perform(
            CreateSecurityGroup.self, .init(description: "for tests", groupName: "web")
        ).groupID!
        rule = cloud.state.securityGroups[SecurityGroupID(group)!]!.rules[0].id.description
        let tags = [EC2.Tag(key: "Name", value: "web"), EC2.Tag(key: "Stage", value: "test")]
        try cloud.perform(CreateTags.self, .init(resources: [group, rule], tags: tags))
        try cloud.perform(CreateTags.self, .init(resources: [vpc], tags: [.init(key: "Name", value: "home")]))
    }

    private mutating func found(_ filters: [String: [String]]) throws -> [String] {
        let filters = filters.map { EC2.Filter(name: $0.key, values: $0.value) }
        return try cloud.perform(DescribeTags.self, .init(filters: filters)).tags
            .map { "\($0.resourceID ?? "") \($0.key ?? "")=\($0.value ?? "")" }
    }

    @Test("shows none of a snapshot that was deleted, though its bytes are still needed")
    mutating func deleted() throws {
        var snapshot = SnapshotRecord(
            id: cloud.transaction.newID(), account: TestCloud.account, sizeGiB: 1, description: "",
            startedAt: cloud.transaction.now)
        snapshot.tags = ["Name": "gone"]
        cloud.transaction.put(snapshot)
        #expect(try found(["resource-id": [snapshot.id.description]]) == ["\(snapshot.id) Name=gone"])
        try cloud.transaction.deleteSnapshot(snapshot.id)
        #expect(try found(["resource-id": [snapshot.id.description]]) == [])
        #expect(try found(["resource-type": ["snapshot"]]) == [])
    }

    @Test("shows one item a tag over every kind of resource")
    mutating func all() throws {
        let tags = try cloud.perform(DescribeTags.self, .init()).tags
        #expect(Set(tags.map(\.resourceType)) == ["security-group", "security-group-rule", "vpc"])
        #expect(tags.count == 5)
        cloud.become(TestCloud.stranger)
        #expect(try found([:]).isEmpty)
    }

    @Test("is narrowed by every filter")
    mutating func filters() throws {
        #expect(try found(["resource-id": [group]]) == ["\(group) Name=web", "\(group) Stage=test"])
        #expect(try found(["resource-id": ["vpc-*"]]) == ["\(vpc) Name=home"])
        #expect(try found(["resource-id": [rule], "key": ["Name"]]) == ["\(rule) Name=web"])
        #expect(try found(["resource-type": ["vpc"]]) == ["\(vpc) Name=home"])
        #expect(try found(["value": ["home"]]) == ["\(vpc) Name=home"])
        #expect(try found(["tag:Stage": ["*"], "resource-type": ["security-group"]]) == ["\(group) Stage=test"])
        #expect(try found(["resource-id": ["vpc-12345678", "nonsense"]]).isEmpty)
        #expect(
            cloud.refusal(of: DescribeTags.self, .init(filters: [.init(name: "x", values: ["y"])]))
                == "InvalidParameterValue")
    }

    @Test("comes in pages")
    mutating func pages() throws {
        let tags = (0..<9).map { EC2.Tag(key: "k\($0)", value: "") }
        try cloud.perform(CreateTags.self, .init(resources: [vpc], tags: tags))
        var input = EC2.DescribeTagsRequest(maxResults: 5)
        var seen: [String] = []
        repeat {
            let page = try cloud.perform(DescribeTags.self, input)
            seen += page.tags.map { "\($0.resourceID ?? "") \($0.key ?? "")=\($0.value ?? "")" }
            input.nextToken = page.nextToken
        } while input.nextToken != nil
        #expect(try seen == found([:]))
    }
}
