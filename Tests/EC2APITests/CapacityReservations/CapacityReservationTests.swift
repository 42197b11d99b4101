import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("Capacity reservations")
struct CapacityReservationTests {
    private var cloud: TestCloud
    /// Room for four t3.micro in memory.
    init() throws { cloud = try TestCloud { $0.capabilities.memoryMiB = 4 * 1024 } }

    private func wish(_ count: Int, type: String = "t3.micro") -> EC2.CreateCapacityReservationRequest {
        .init(
            instanceType: type, instancePlatform: .linuxUNIX, availabilityZone: "us-east-1a", instanceCount: count)
    }

    private mutating func reserve(
        _ count: Int, _ change: (inout EC2.CreateCapacityReservationRequest) -> Void = { _ in }
    ) throws -> String {
        var input = wish(count)
        change(&input)
        let made = try cloud.perform(CreateCapacityReservation.self, input).capacityReservation
        return try #require(made?.capacityReservationID)
    }

    private mutating func request(
        _ count: Int = 1, _ specification: EC2.CapacityReservationSpecification? = nil
    ) -> EC2.RunInstancesRequest {
        var input = cloud.request(count)
        input.placement = .init(availabilityZone: "us-east-1a")
        input.capacityReservationSpecification = specification
        return input
    }

    private func aimed(at id: String) -> EC2.CapacityReservationSpecification {
        .init(capacityReservationTarget: .init(capacityReservationID: id))
    }

    private mutating func shown(_ id: String) throws -> EC2.CapacityReservation {
        let input = EC2.DescribeCapacityReservationsRequest(capacityReservationIDs: [id])
        return try #require(try cloud.perform(DescribeCapacityReservations.self, input).capacityReservations.first)
    }

    private mutating func free(_ id: String) throws -> Int? { try shown(id).availableInstanceCount }

    @Test("keep room that others do not get, and give it to instances that match")
    mutating func open() throws {
        let id = try reserve(3)
        var other = request()
        other.capacityReservationSpecification = .init(
            capacityReservationPreference: EC2.CapacityReservationPreference.noneValue)
        #expect(try cloud.launched(other).count == 1)
        #expect(cloud.refusal(of: RunInstances.self, other) == "InsufficientInstanceCapacity")
        let inside = try cloud.launched(request(3))
        #expect(try free(id) == 0)
        #expect(try inside.allSatisfy { try cloud.described($0)?.capacityReservationID == id })
        #expect(cloud.refusal(of: RunInstances.self, request()) == "InsufficientInstanceCapacity")
        let usage = try cloud.perform(GetCapacityReservationUsage.self, .init(capacityReservationID: id))
        #expect(usage.instanceUsages.map(\.usedInstanceCount) == [3] && usage.availableInstanceCount == 0)
    }

    @Test("are left by what stops, and entered again by what starts")
    mutating func stopAndStart() throws {
        let id = try reserve(1)
        let instance = try cloud.running(request())
        #expect(try free(id) == 0)
        try cloud.perform(StopInstances.self, .init(instanceIDs: [instance.description]))
        cloud.settle(instance)
        #expect(try free(id) == 1)
        try cloud.perform(StartInstances.self, .init(instanceIDs: [instance.description]))
        #expect(try free(id) == 0)
        cloud.transaction.terminate(instance, .graceful)
        cloud.settle(instance)
        #expect(try free(id) == 1)
    }

    @Test("are nothing to spot instances, which run before them, begin in them or start again")
    mutating func spot() throws {
        var wanted = request()
        wanted.instanceMarketOptions = .init(
            marketType: .spot, spotOptions: .init(spotInstanceType: .persistent, instanceInterruptionBehavior: .stop))
        let instance = try cloud.running(wanted)
        let id = try reserve(1)
        #expect(try free(id) == 1)
        _ = try cloud.running(wanted)
        #expect(try free(id) == 1)
        try cloud.perform(StopInstances.self, .init(instanceIDs: [instance.description]))
        cloud.settle(instance)
        try cloud.perform(StartInstances.self, .init(instanceIDs: [instance.description]))
        #expect(try free(id) == 1)
    }

    @Test("are entered by their targets alone where they are targeted, and by these nowhere else")
    mutating func targeted() throws {
        let id = try reserve(1) { $0.instanceMatchCriteria = .targeted }
        _ = try cloud.launched(request())
        #expect(try free(id) == 1)
        let aimed = aimed(at: id)
        let instance = try cloud.launched(request(1, aimed))[0]
        let shown = try cloud.described(instance)
        #expect(shown?.capacityReservationID == id)
        #expect(shown?.capacityReservationSpecification?.capacityReservationTarget?.capacityReservationID == id)
        #expect(shown?.capacityReservationSpecification?.capacityReservationPreference == nil)
        #expect(cloud.refusal(of: RunInstances.self, request(1, aimed)) == "ReservationCapacityExceeded")
        var wrong = request(1, aimed)
        wrong.instanceType = "t3.nano"
        #expect(cloud.refusal(of: RunInstances.self, wrong) == "InvalidParameterValue")
        let only = EC2.CapacityReservationSpecification(capacityReservationPreference: .capacityReservationsOnly)
        #expect(cloud.refusal(of: RunInstances.self, request(1, only)) == "ReservationCapacityExceeded")
        #expect(
            cloud.refusal(of: RunInstances.self, request(1, self.aimed(at: "cr-00000000000000000")))
                == "InvalidCapacityReservationId.NotFound")
    }

    @Test("take in what runs already where they are open")
    mutating func absorbs() throws {
        _ = try cloud.launched(request(3))
        let id = try reserve(4)
        #expect(try free(id) == 1)
        #expect(cloud.refusal(of: CreateCapacityReservation.self, wish(1)) == "InsufficientInstanceCapacity")
    }

    @Test("take in nothing that was stopped and is on its way to its end: there is no guest whose room they could have")
    mutating func ending() throws {
        let instance = try cloud.running(request())
        try cloud.perform(StopInstances.self, .init(instanceIDs: [instance.description]))
        cloud.settle(instance)
        var outside = request(4)
        outside.capacityReservationSpecification = .init(
            capacityReservationPreference: EC2.CapacityReservationPreference.noneValue)
        #expect(try cloud.launched(outside).count == 4)
        cloud.transaction.terminate(instance, .graceful)
        #expect(cloud.refusal(of: CreateCapacityReservation.self, wish(1)) == "InsufficientInstanceCapacity")
    }

    @Test("give what waits the room that an instance had outside before it took a slot")
    mutating func joined() throws {
        let id = try reserve(1)
        var apart = wish(1)
        apart.instanceMatchCriteria = .targeted
        let inside = try cloud.running(request())
        _ = try cloud.launched(request(3))
        try cloud.perform(StopInstances.self, .init(instanceIDs: [inside.description]))
        cloud.settle(inside)
        #expect(try free(id) == 1)
        #expect(cloud.refusal(of: CreateCapacityReservation.self, apart) == "InsufficientInstanceCapacity")
        try cloud.perform(ModifyCapacityReservation.self, .init(capacityReservationID: id, instanceCount: 1))
        #expect(try free(id) == 0)
        #expect(cloud.refusal(of: CreateCapacityReservation.self, apart) == nil)
    }

    @Test("grow where there is room, shrink to what is used, and change their matching only while idle")
    mutating func modified() throws {
        let id = try reserve(2)
        func modify(_ change: (inout EC2.ModifyCapacityReservationRequest) -> Void) -> String? {
            var input = EC2.ModifyCapacityReservationRequest(capacityReservationID: id)
            change(&input)
            return cloud.refusal(of: ModifyCapacityReservation.self, input)
        }
        #expect(modify { $0.instanceCount = 5 } == "InsufficientInstanceCapacity")
        #expect(modify { $0.instanceCount = 4 } == nil)
        _ = try cloud.launched(request(2))
        #expect(modify { $0.instanceCount = 1 } == "InvalidParameterValue")
        #expect(modify { $0.instanceMatchCriteria = .targeted } == "IncorrectState")
        #expect(modify { $0.instanceCount = 2 } == nil)
        #expect(try shown(id).totalInstanceCount == 2)
        #expect(modify { $0.endDateType = .limited } == "MissingParameter")
        #expect(modify { $0.endDate = Timestamp(milliseconds: 1_795_000_500_000) } == "InvalidParameterCombination")
    }

    @Test("grow on a full host by what runs already outside of them")
    mutating func grown() throws {
        let id = try reserve(1)
        _ = try cloud.launched(request(4))
        #expect(
            cloud.refusal(
                of: ModifyCapacityReservation.self, .init(capacityReservationID: id, instanceCount: 5))
                == "InsufficientInstanceCapacity")
        try cloud.perform(ModifyCapacityReservation.self, .init(capacityReservationID: id, instanceCount: 3))
        #expect(try shown(id).totalInstanceCount == 3 && free(id) == 0)
    }

    @Test(
        "end when their time is over or they are cancelled; what runs in them runs on, and an hour later they are gone")
    mutating func ends() throws {
        let end = Timestamp(milliseconds: 1_795_000_000_000).adding(seconds: 600)
        let id = try reserve(1) {
            $0.endDateType = .limited
            $0.endDate = end
        }
        let instance = try cloud.running(request())
        #expect(try shown(id).endDate == end)
        let cancelled = try reserve(1)
        try cloud.perform(CancelCapacityReservation.self, .init(capacityReservationID: cancelled))
        #expect(try shown(cancelled).state == .cancelled)
        #expect(
            cloud.refusal(of: CancelCapacityReservation.self, .init(capacityReservationID: cancelled))
                == "IncorrectState")
        cloud.advance(seconds: 601)
        cloud.transaction.forgetOld()
        #expect(try shown(id).state == .expired)
        #expect(try cloud.described(instance)?.capacityReservationID == nil)
        #expect(try cloud.described(instance)?.state?.name == .running)
        cloud.advance(seconds: 3_601)
        cloud.transaction.forgetOld()
        #expect(cloud.state.capacityReservations.count == 0)
    }

    @Test("are refused where they cannot be kept")
    mutating func refused() {
        func refusal(_ change: (inout EC2.CreateCapacityReservationRequest) -> Void) -> String? {
            var input = wish(1)
            change(&input)
            return cloud.refusal(of: CreateCapacityReservation.self, input)
        }
        #expect(refusal { $0.instanceCount = 0 } == "InvalidParameterValue")
        #expect(refusal { $0.instanceType = "t3.huge" } == "InvalidParameterValue")
        #expect(refusal { $0.availabilityZone = nil } == "MissingParameter")
        #expect(refusal { $0.availabilityZone = "us-east-1z" } == "InvalidParameterValue")
        #expect(refusal { $0.instanceCount = 5 } == "InsufficientInstanceCapacity")
        #expect(
            refusal {
                $0.endDateType = .limited
                $0.endDate = Timestamp(milliseconds: 0)
            } == "InvalidParameterValue")
    }

    @Test("are not seen, used or changed by another account")
    mutating func stranger() throws {
        let id = try reserve(1)
        cloud.become(TestCloud.stranger)
        #expect(
            cloud.refusal(of: CancelCapacityReservation.self, .init(capacityReservationID: id))
                == "InvalidCapacityReservationId.NotFound")
        _ = try cloud.launched(request())
        cloud.become(TestCloud.account)
        #expect(try free(id) == 1)
    }
}
