import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Launch template data of an instance")
struct LaunchTemplateDataTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func data(_ input: EC2.RunInstancesRequest) throws -> EC2.ResponseLaunchTemplateData {
        let id = try cloud.running(input)
        let answer = try cloud.perform(GetLaunchTemplateData.self, .init(instanceID: id.description))
        return try #require(answer.launchTemplateData)
    }

    @Test("names its placement group and partition")
    mutating func group() throws {
        try cloud.perform(CreatePlacementGroup.self, .init(groupName: "parts", strategy: .partition))
        var input = cloud.request()
        (input.instanceType, input.placement) = ("c5.large", .init(groupName: "parts", partitionNumber: 2))
        let placement = try data(input).placement
        #expect(placement?.groupName == "parts" && placement?.partitionNumber == 2)
    }

    @Test("names the reservation that it aims at")
    mutating func reservation() throws {
        let made = try cloud.perform(
            CreateCapacityReservation.self,
            .init(
                instanceType: "t3.micro", instancePlatform: .linuxUNIX, availabilityZone: "us-east-1a", instanceCount: 1
            ))
        let target = try #require(made.capacityReservation?.capacityReservationID)
        var input = cloud.request()
        input.placement = .init(availabilityZone: "us-east-1a")
        input.capacityReservationSpecification = .init(
            capacityReservationTarget: .init(capacityReservationID: target))
        let specification = try data(input).capacityReservationSpecification
        #expect(specification?.capacityReservationTarget?.capacityReservationID == target)
        #expect(specification?.capacityReservationPreference == nil)
    }

    @Test("tells how a spot instance was asked for")
    mutating func market() throws {
        var input = cloud.request()
        #expect(try data(input).instanceMarketOptions == nil)
        input.instanceMarketOptions = .init(
            marketType: .spot,
            spotOptions: .init(maxPrice: "1.5", spotInstanceType: .persistent, instanceInterruptionBehavior: .stop))
        let market = try data(input).instanceMarketOptions
        #expect(market?.marketType == .spot && market?.spotOptions?.maxPrice == "1.500000")
        #expect(market?.spotOptions?.spotInstanceType == .persistent)
        #expect(market?.spotOptions?.instanceInterruptionBehavior == .stop)
    }
}
