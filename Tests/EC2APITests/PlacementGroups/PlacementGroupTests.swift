import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Placement groups")
struct PlacementGroupTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func make(
        _ name: String, _ strategy: EC2.PlacementStrategy, partitions: Int? = nil
    ) throws(EC2Error) {
        try cloud.perform(
            CreatePlacementGroup.self, .init(partitionCount: partitions, groupName: name, strategy: strategy))
    }

    private mutating func request(
        in group: String, _ count: Int = 1, type: String = "c5.large", zone: String? = nil, partition: Int? = nil
    ) -> EC2.RunInstancesRequest {
        var input = cloud.request(count)
        input.instanceType = type
        input.placement = .init(groupName: group, partitionNumber: partition, availabilityZone: zone)
        return input
    }

    private mutating func refusal(_ input: EC2.RunInstancesRequest) -> String? {
        cloud.refusal(of: RunInstances.self, input)
    }

    private mutating func partitions(_ ids: [InstanceID]) throws -> [Int?] {
        try ids.map { try cloud.described($0)?.placement?.partitionNumber }
    }

    @Test("are made, shown, found by filters and deleted")
    mutating func life() throws {
        try make("near", .cluster)
        try make("far", .spread)
        try make("parts", .partition)
        let all = try cloud.perform(DescribePlacementGroups.self, .init()).placementGroups
        #expect(all.count == 3 && all.allSatisfy { $0.state == .available })
        func found(_ name: String, _ value: String) throws -> [String?] {
            let filter = EC2.Filter(name: name, values: [value])
            return try cloud.perform(DescribePlacementGroups.self, .init(filters: [filter])).placementGroups.map(
                \.groupName)
        }
        #expect(try found("strategy", "partition") == ["parts"])
        #expect(try found("spread-level", "rack") == ["far"])
        #expect(try found("group-name", "n*") == ["near"])
        #expect(try found("group-arn", "*:123456789012:placement-group/near") == ["near"])
        #expect(try found("state", "available").count == 3)
        let parts = try cloud.perform(DescribePlacementGroups.self, .init(groupNames: ["parts"])).placementGroups
        #expect(parts.map(\.partitionCount) == [2])
        for name in ["near", "far", "parts"] { try cloud.perform(DeletePlacementGroup.self, .init(groupName: name)) }
        #expect(cloud.state.placementGroups.count == 0)
    }

    @Test("are refused with AWS's codes")
    mutating func refused() throws {
        try make("one", .cluster)
        func refusal(_ input: EC2.CreatePlacementGroupRequest) -> String? {
            cloud.refusal(of: CreatePlacementGroup.self, input)
        }
        #expect(refusal(.init(groupName: "one", strategy: .spread)) == "InvalidPlacementGroup.Duplicate")
        #expect(refusal(.init(strategy: .spread)) == "MissingParameter")
        #expect(refusal(.init(groupName: "", strategy: .spread)) == "InvalidParameterValue")
        #expect(refusal(.init(partitionCount: 8, groupName: "p", strategy: .partition)) == "InvalidParameterValue")
        #expect(refusal(.init(partitionCount: 2, groupName: "p", strategy: .spread)) == "InvalidParameterCombination")
        #expect(refusal(.init(spreadLevel: .host, groupName: "p", strategy: .spread)) == "UnsupportedOperation")
        #expect(
            cloud.refusal(of: DeletePlacementGroup.self, .init(groupName: "two")) == "InvalidPlacementGroup.Unknown")
        #expect(
            cloud.refusal(of: DescribePlacementGroups.self, .init(groupNames: ["two"]))
                == "InvalidPlacementGroup.Unknown")
        #expect(self.refusal(request(in: "two")) == "InvalidPlacementGroup.Unknown")
        cloud.become(TestCloud.stranger)
        #expect(self.refusal(request(in: "one")) == "InvalidPlacementGroup.Unknown")
    }

    @Test("stay while an instance is in them, and are shown with it")
    mutating func used() throws {
        try make("near", .cluster)
        let id = try cloud.running(request(in: "near"))
        let place = try cloud.described(id)?.placement
        #expect(place?.groupName == "near" && place?.groupID?.hasPrefix("pg-") == true)
        let filter = EC2.Filter(name: "placement-group-name", values: ["near"])
        #expect(try cloud.perform(DescribeInstances.self, .init(filters: [filter])).reservations.count == 1)
        #expect(
            cloud.refusal(of: DeletePlacementGroup.self, .init(groupName: "near")) == "InvalidPlacementGroup.InUse")
        cloud.transaction.terminate(id, .graceful)
        cloud.settle(id)
        try cloud.perform(DeletePlacementGroup.self, .init(groupName: "near"))
    }

    @Test("keep a cluster in one zone, and types out that have no such strategy")
    mutating func cluster() throws {
        try make("near", .cluster)
        _ = try cloud.running(request(in: "near", zone: "us-east-1a"))
        #expect(refusal(request(in: "near", zone: "us-east-1b")) == "InvalidParameterCombination")
        #expect(refusal(request(in: "near", zone: "us-east-1a")) == nil)
        #expect(refusal(request(in: "near", type: "t3.micro")) == "InvalidParameterCombination")
    }

    @Test("spread one instance to a rack: seven in a zone, as many as are asked for above the fewest")
    mutating func spread() throws {
        try make("far", .spread)
        let five = try cloud.launched(request(in: "far", 5, type: "t3.micro", zone: "us-east-1a"))
        var more = request(in: "far", 4, type: "t3.micro", zone: "us-east-1a")
        #expect(refusal(more) == "InsufficientInstanceCapacity")
        more.minCount = 1
        #expect(try cloud.launched(more).count == 2)
        #expect(refusal(request(in: "far", type: "t3.micro", zone: "us-east-1a")) == "InsufficientInstanceCapacity")
        #expect(refusal(request(in: "far", type: "t3.micro", zone: "us-east-1b")) == nil)
        for id in five.prefix(1) {
            cloud.settle(id)
            try cloud.perform(StopInstances.self, .init(instanceIDs: [id.description]))
            cloud.settle(id)
        }
        #expect(refusal(request(in: "far", type: "t3.micro", zone: "us-east-1a")) == nil)
        #expect(
            cloud.refusal(of: StartInstances.self, .init(instanceIDs: [five[0].description]))
                == "InsufficientInstanceCapacity")
    }

    @Test("spread over as many racks as the host counts as")
    func racks() throws {
        var small = try TestCloud { $0.racks = 1 }
        try small.perform(CreatePlacementGroup.self, .init(groupName: "far", strategy: .spread))
        var input = small.request(2)
        input.minCount = 1
        input.placement = .init(groupName: "far")
        #expect(try small.launched(input).count == 1)
        #expect(small.refusal(of: RunInstances.self, input) == "InsufficientInstanceCapacity")
    }

    @Test("fill partitions evenly, or the one that is named")
    mutating func partition() throws {
        try make("parts", .partition, partitions: 3)
        let ids = try cloud.launched(request(in: "parts", 4))
        #expect(try partitions(ids) == [1, 2, 3, 1])
        #expect(try partitions(cloud.launched(request(in: "parts", 2, partition: 3))) == [3, 3])
        #expect(try partitions(cloud.launched(request(in: "parts"))) == [2])
        #expect(refusal(request(in: "parts", partition: 4)) == "InvalidParameterValue")
        var many = request(in: "parts")
        many.maxCount = Int(Int32.max)
        #expect(try partitions(cloud.launched(many)).prefix(5) == [1, 2, 1, 2, 3])
        try make("near", .cluster)
        #expect(refusal(request(in: "near", partition: 1)) == "InvalidParameterCombination")
        var bare = cloud.request()
        bare.placement = .init(partitionNumber: 1)
        #expect(refusal(bare) == "InvalidParameterCombination")
    }
}
