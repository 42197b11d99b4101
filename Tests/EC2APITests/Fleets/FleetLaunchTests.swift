import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("An instant fleet")
struct FleetLaunchTests {
    @Test("that is deleted is told of for two days after its instances went")
    func deleted() throws {
        var cloud = try TestCloud()
        let image = cloud.image().id.description
        try cloud.perform(
            CreateLaunchTemplate.self, .init(launchTemplateName: "base", launchTemplateData: .init(imageID: image)))
        let configuration = EC2.FleetLaunchTemplateConfigRequest(
            launchTemplateSpecification: .init(launchTemplateName: "base", version: "1"),
            overrides: [.init(instanceType: "t3.micro")])
        let fleet = try cloud.perform(
            CreateFleet.self,
            .init(
                launchTemplateConfigs: [configuration], targetCapacitySpecification: .init(totalTargetCapacity: 1),
                type: .instant))
        let id = try #require(fleet.fleetID)
        try cloud.perform(DeleteFleets.self, .init(fleetIDs: [id], terminateInstances: true))
        cloud.transaction.forgetOld()
        cloud.settle(try #require(fleet.instances.first?.instanceIDs.first.flatMap { InstanceID($0) }))
        cloud.transaction.forgetOld()
        for (seconds, isTold) in [(3_601.0, true), (169_198, true), (1, false)] {
            cloud.advance(seconds: seconds)
            cloud.transaction.forgetOld()
            #expect((cloud.refusal(of: DescribeFleets.self, .init(fleetIDs: [id])) == nil) == isTold)
        }
    }

    @Test("goes on with the next type that has the attributes where one finds no room, and tells of it once")
    func attributes() throws {
        var cloud = try TestCloud { $0.capabilities.memoryMiB = 4_096 }
        let image = cloud.image().id.description
        try cloud.perform(
            CreateLaunchTemplate.self, .init(launchTemplateName: "base", launchTemplateData: .init(imageID: image)))
        // The larger ones are burstable and cheaper.
        let wanted = EC2.InstanceRequirementsRequest(
            vCPUCount: .init(min: 2), memoryMiB: .init(min: 4_096), burstablePerformance: .included,
            allowedInstanceTypes: ["t3.large", "t2.large", "c5.large"])
        let configuration = EC2.FleetLaunchTemplateConfigRequest(
            launchTemplateSpecification: .init(launchTemplateName: "base", version: "1"),
            overrides: [.init(instanceRequirements: wanted)])
        let fleet = try cloud.perform(
            CreateFleet.self,
            .init(
                launchTemplateConfigs: [configuration], targetCapacitySpecification: .init(totalTargetCapacity: 1),
                type: .instant))
        #expect(fleet.instances.map(\.instanceType) == ["c5.large"])
        #expect(fleet.errors.map(\.errorCode) == ["InsufficientInstanceCapacity"])
    }
}
