import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("A dedicated instance")
struct TenancyTests {
    private var cloud: TestCloud
    /// Two racks in each zone.
    init() throws { cloud = try TestCloud { $0.racks = 2 } }

    private mutating func request(_ tenancy: EC2.Tenancy?, zone: String = "us-east-1a") -> EC2.RunInstancesRequest {
        var input = cloud.request()
        input.placement = .init(tenancy: tenancy, availabilityZone: zone)
        return input
    }

    private mutating func refusal(_ tenancy: EC2.Tenancy?, zone: String = "us-east-1a") -> String? {
        cloud.refusal(of: RunInstances.self, request(tenancy, zone: zone))
    }

    private mutating func stop(_ id: InstanceID) throws {
        try cloud.perform(StopInstances.self, .init(instanceIDs: [id.description]))
        cloud.settle(id)
    }

    private mutating func start(_ id: InstanceID) -> String? {
        cloud.refusal(of: StartInstances.self, .init(instanceIDs: [id.description]))
    }

    private mutating func tenancy(of id: InstanceID) throws -> EC2.Tenancy? {
        try cloud.described(id)?.placement?.tenancy
    }

    private mutating func addAccount(_ text: String) throws {
        let account = try #require(AccountID(text))
        cloud.transaction.put(AccountRecord(id: account, name: "test", createdAt: cloud.transaction.now))
        cloud.become(account)
        _ = try cloud.transaction.createDefaultVPC()
    }

    @Test("says so, is found by it, and is launched so again from its data")
    mutating func shown() throws {
        let id = try cloud.running(request(.dedicated))
        let other = try cloud.running(request(.default))
        #expect(try tenancy(of: id) == .dedicated)
        #expect(try tenancy(of: other) == .default)
        let filter = EC2.Filter(name: "tenancy", values: ["dedicated"])
        let found = try cloud.perform(DescribeInstances.self, .init(filters: [filter])).reservations
        #expect(found.flatMap(\.instances).map(\.instanceID) == [id.description])
        let data = try cloud.perform(GetLaunchTemplateData.self, .init(instanceID: id.description))
        #expect(data.launchTemplateData?.placement?.tenancy == .dedicated)
    }

    @Test("has a rack where nobody else is, and lets nobody else onto it")
    mutating func alone() throws {
        let id = try cloud.running(request(.dedicated))
        _ = try cloud.running(request(.default))
        try addAccount("333333333333")
        _ = try cloud.running(request(.default))
        cloud.become(TestCloud.stranger)
        _ = try cloud.running(request(.default))
        #expect(refusal(.dedicated) == "InsufficientInstanceCapacity", "both racks have others on them")
        #expect(refusal(.dedicated, zone: "us-east-1b") == nil, "zones have racks of their own")
        cloud.transaction.terminate(id, .graceful)
        #expect(refusal(.dedicated) == "InsufficientInstanceCapacity", "it is not gone yet")
        cloud.settle(id)
        #expect(refusal(.dedicated) == nil)
    }

    @Test("may stand where its own account alone is")
    mutating func besideOnesOwn() throws {
        _ = try cloud.running(request(.dedicated))
        cloud.become(TestCloud.stranger)
        _ = try cloud.running(request(.default))
        #expect(refusal(.dedicated) == nil)
        #expect(refusal(.default) == nil)
    }

    @Test("keeps everybody else out where all racks are dedicated, and is told apart from a lack of room")
    mutating func full() throws {
        for account in [TestCloud.account, TestCloud.stranger] {
            cloud.become(account)
            _ = try cloud.running(request(.dedicated))
        }
        try addAccount("333333333333")
        let input = request(.default)
        var attempt = cloud
        let refused = #expect(throws: EC2Error.self) { try attempt.perform(RunInstances.self, input) }
        #expect(refused?.code == "InsufficientInstanceCapacity" && refused?.httpStatus == 500)
        #expect(refused?.message.contains("dedicated to other accounts") == true)
        #expect(refusal(.default, zone: "us-east-1b") == nil)
    }

    @Test("is looked at again when it starts, and so are those that it kept out")
    mutating func starts() throws {
        let dedicated = try cloud.running(request(.dedicated))
        try stop(dedicated)
        cloud.become(TestCloud.stranger)
        let first = try cloud.running(request(.dedicated))
        try addAccount("333333333333")
        let plain = try cloud.running(request(.default))
        cloud.become(TestCloud.account)
        #expect(start(dedicated) == "InsufficientInstanceCapacity")
        cloud.become(TestCloud.stranger)
        try stop(first)
        cloud.become(TestCloud.account)
        #expect(start(dedicated) == nil)
        cloud.settle(dedicated)
        cloud.become(TestCloud.stranger)
        #expect(start(first) == "InsufficientInstanceCapacity")
        cloud.become(try #require(AccountID("333333333333")))
        try stop(plain)
        cloud.become(TestCloud.stranger)
        #expect(start(first) == nil)
        cloud.become(try #require(AccountID("333333333333")))
        #expect(start(plain) == "InsufficientInstanceCapacity")
    }

    @Test("is what a VPC that is dedicated makes of all that is launched into it, until that VPC is changed")
    mutating func vpc() throws {
        let vpc = try #require(
            try cloud.perform(CreateVpc.self, .init(cidrBlock: "10.0.0.0/16", instanceTenancy: .dedicated)).vpc)
        #expect(vpc.instanceTenancy == .dedicated)
        let id = try #require(vpc.vpcID)
        let subnet = try cloud.perform(CreateSubnet.self, .init(cidrBlock: "10.0.0.0/24", vpcID: id)).subnet?.subnetID
        var input = cloud.request()
        input.subnetID = subnet
        input.placement = .init(tenancy: .default)
        let instance = try cloud.running(input)
        #expect(try tenancy(of: instance) == .dedicated)
        input.instanceType = "t2.micro"
        #expect(cloud.refusal(of: RunInstances.self, input) == "Unsupported")
        try cloud.perform(ModifyVpcTenancy.self, .init(vpcID: id, instanceTenancy: .default))
        let shown = try cloud.perform(DescribeVpcs.self, .init(vpcIDs: [id])).vpcs
        #expect(shown.map(\.instanceTenancy) == [.default])
        #expect(try tenancy(of: instance) == .dedicated, "what is there stays")
        #expect(try tenancy(of: cloud.running(input)) == .default)
    }

    @Test("is of no burstable type but T3", arguments: ["t2.micro", "t3a.micro", "t3.micro", "m5.large"])
    mutating func types(type: String) throws {
        var input = request(.dedicated)
        input.instanceType = type
        let isSupported = !["t2.micro", "t3a.micro"].contains(type)
        #expect(cloud.refusal(of: RunInstances.self, input) == (isSupported ? nil : "Unsupported"))
        input.placement?.tenancy = .default
        #expect(cloud.refusal(of: RunInstances.self, input) == nil)
    }

    @Test("becomes one, or ceases to be, while it is stopped")
    mutating func changes() throws {
        let id = try cloud.running(request(.default))
        func change(_ tenancy: EC2.HostTenancy) -> String? {
            cloud.refusal(
                of: ModifyInstancePlacement.self, .init(instanceID: id.description, tenancy: tenancy))
        }
        #expect(change(.dedicated) == "IncorrectInstanceState")
        try stop(id)
        #expect(change(.host) == "UnsupportedOperation")
        #expect(change(.dedicated) == nil)
        #expect(try tenancy(of: id) == .dedicated)
        let type = EC2.ModifyInstanceAttributeRequest(
            instanceID: id.description, instanceType: .init(value: "t2.micro"))
        #expect(cloud.refusal(of: ModifyInstanceAttribute.self, type) == "Unsupported")
        #expect(change(.default) == nil)
        #expect(cloud.refusal(of: ModifyInstanceAttribute.self, type) == nil)
        #expect(change(.dedicated) == "Unsupported")
    }

    @Test("is in no spread group and in no group of more than two partitions")
    mutating func groups() throws {
        try cloud.perform(CreatePlacementGroup.self, .init(groupName: "far", strategy: .spread))
        for (name, count) in [("two", 2), ("three", 3)] {
            try cloud.perform(
                CreatePlacementGroup.self, .init(partitionCount: count, groupName: name, strategy: .partition))
        }
        func refused(_ group: String, _ tenancy: EC2.Tenancy) -> String? {
            var input = request(tenancy)
            input.instanceType = "c5.large"
            input.placement?.groupName = group
            return cloud.refusal(of: RunInstances.self, input)
        }
        #expect(refused("far", .dedicated) == "InvalidParameterCombination")
        #expect(refused("far", .default) == nil)
        #expect(refused("three", .dedicated) == "InvalidParameterCombination")
        #expect(refused("two", .dedicated) == nil)
        let id = try cloud.stopped(request(.dedicated))
        let join = EC2.ModifyInstancePlacementRequest(groupName: "far", instanceID: id.description)
        #expect(cloud.refusal(of: ModifyInstancePlacement.self, join) == "InvalidParameterCombination")
        var both = join
        both.tenancy = .default
        #expect(cloud.refusal(of: ModifyInstancePlacement.self, both) == nil)
        #expect(
            cloud.refusal(of: ModifyInstancePlacement.self, .init(instanceID: id.description, tenancy: .dedicated))
                == "InvalidParameterCombination")
        cloud.become(TestCloud.stranger)
        #expect(refused("", .default) == "InsufficientInstanceCapacity", "the two partitions have both racks")
    }

    @Test("leaves spread groups of others the racks that are not its own")
    mutating func spread() throws {
        _ = try cloud.running(request(.dedicated))
        cloud.become(TestCloud.stranger)
        try cloud.perform(CreatePlacementGroup.self, .init(groupName: "far", strategy: .spread))
        var input = request(.default)
        input.placement?.groupName = "far"
        (input.minCount, input.maxCount) = (1, 2)
        #expect(try cloud.launched(input).count == 1)
        input.maxCount = 1
        #expect(cloud.refusal(of: RunInstances.self, input) == "InsufficientInstanceCapacity")
    }

    @Test("runs in reservations that are dedicated alone, which have a rack before it does")
    mutating func reservations() throws {
        let wish = EC2.CreateCapacityReservationRequest(
            instanceType: "t3.micro", instancePlatform: .linuxUNIX, availabilityZone: "us-east-1a",
            tenancy: .dedicated, instanceCount: 2)
        let made = try #require(try cloud.perform(CreateCapacityReservation.self, wish).capacityReservation)
        #expect(made.tenancy == .dedicated)
        let filter = EC2.Filter(name: "tenancy", values: ["dedicated"])
        #expect(
            try cloud.perform(DescribeCapacityReservations.self, .init(filters: [filter])).capacityReservations.count
                == 1)
        _ = try cloud.running(request(.default))
        let inside = try cloud.running(request(.dedicated))
        #expect(try cloud.described(inside)?.capacityReservationID == made.capacityReservationID)
        try addAccount("333333333333")
        _ = try cloud.running(request(.default))
        cloud.become(TestCloud.stranger)
        #expect(refusal(.default) == nil)
        #expect(refusal(.dedicated) == "InsufficientInstanceCapacity")
        #expect(cloud.refusal(of: CreateCapacityReservation.self, wish) == "InsufficientInstanceCapacity")
        var small = wish
        small.instanceType = "t2.micro"
        #expect(cloud.refusal(of: CreateCapacityReservation.self, small) == "Unsupported")
    }

    @Test("may be a spot instance, which waits for a rack")
    mutating func spot() throws {
        for account in [TestCloud.account, TestCloud.stranger] {
            cloud.become(account)
            _ = try cloud.running(request(.dedicated))
        }
        try addAccount("333333333333")
        let specification = EC2.RequestSpotLaunchSpecification(
            imageID: cloud.image().id.description, instanceType: "t3.micro",
            placement: .init(availabilityZone: "us-east-1a", tenancy: .dedicated))
        let made = try cloud.perform(
            RequestSpotInstances.self, .init(launchSpecification: specification)
        ).spotInstanceRequests
        let id = try #require(made.first?.spotInstanceRequestID.flatMap { SpotRequestID($0) })
        #expect(made.first?.launchSpecification?.placement?.tenancy == .dedicated)
        func advance() {
            cloud.transaction.advanceSpotRequest(id) { parameters, transaction throws(EC2Error) in
                try LaunchOrder(parameters: parameters, in: transaction)
            }
        }
        advance()
        #expect(cloud.state.spotRequests[id]?.status.code == "capacity-not-available")
        for instance in cloud.state.instances.all(of: TestCloud.stranger) {
            cloud.transaction.terminate(instance.id, .graceful)
            cloud.settle(instance.id)
        }
        advance()
        let instance = try #require(cloud.state.spotRequests[id]?.instance)
        #expect(try tenancy(of: instance) == .dedicated)
    }
}
