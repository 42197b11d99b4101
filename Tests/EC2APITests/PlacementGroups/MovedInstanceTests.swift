import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("An instance that changes its placement group")
struct MovedInstanceTests {
    private var cloud: TestCloud
    private let id: InstanceID

    init() throws {
        cloud = try TestCloud { $0.racks = 3 }
        id = try cloud.guest(state: .stopped).instance
        cloud.transaction.update(id) { (instance: inout InstanceRecord) in instance.instanceType = "c5.large" }
        for (name, strategy) in [("far", EC2.PlacementStrategy.spread), ("parts", .partition)] {
            try cloud.perform(CreatePlacementGroup.self, .init(groupName: name, strategy: strategy))
        }
    }

    private var place: GroupPlace? { cloud.state.instances[id]?.groupPlace }

    private mutating func move(_ change: (inout EC2.ModifyInstancePlacementRequest) -> Void) throws {
        var input = EC2.ModifyInstancePlacementRequest(instanceID: id.description)
        change(&input)
        try cloud.perform(ModifyInstancePlacement.self, input)
    }

    private mutating func refusal(_ change: (inout EC2.ModifyInstancePlacementRequest) -> Void) -> String? {
        var input = EC2.ModifyInstancePlacementRequest(instanceID: id.description)
        change(&input)
        return cloud.refusal(of: ModifyInstancePlacement.self, input)
    }

    @Test("joins one by name or id, goes to another partition, and leaves")
    mutating func moves() throws {
        try move { $0.groupName = "far" }
        #expect(place?.name == "far" && place?.partition == nil)
        try move { $0.groupName = "parts" }
        #expect(place?.name == "parts" && place?.partition == 1)
        try move { $0.partitionNumber = 2 }
        #expect(place?.partition == 2)
        let deletion = cloud.refusal(of: DeletePlacementGroup.self, .init(groupName: "parts"))
        #expect(deletion == "InvalidPlacementGroup.InUse")
        try move { $0.groupName = "" }
        #expect(place == nil)
        let parts = try #require(cloud.transaction.placementGroup(named: "parts"))
        try move { ($0.groupID, $0.partitionNumber) = (parts.id.description, 2) }
        #expect(place?.group == parts.id && place?.partition == 2)
    }

    @Test("is refused what cannot be, and stays where it is")
    mutating func refused() throws {
        #expect(refusal { $0.groupName = "nowhere" } == "InvalidPlacementGroup.Unknown")
        #expect(refusal { $0.partitionNumber = 1 } == "InvalidParameterCombination")
        #expect(refusal { ($0.groupName, $0.partitionNumber) = ("parts", 3) } == "InvalidParameterValue")
        #expect(refusal { ($0.groupName, $0.partitionNumber) = ("far", 1) } == "InvalidParameterCombination")
        #expect(refusal { _ in } == "InvalidParameterCombination")
        #expect(refusal { $0.tenancy = .host } == "UnsupportedOperation")
        #expect(refusal { $0.affinity = .host } == "UnsupportedOperation")
        #expect(refusal { $0.tenancy = .default } == nil)
        cloud.transaction.update(id) { (instance: inout InstanceRecord) in instance.state = .running }
        #expect(refusal { $0.groupName = "far" } == "IncorrectInstanceState")
        #expect(place == nil)
    }
}
