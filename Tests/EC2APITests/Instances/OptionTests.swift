import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("The options of an instance")
struct OptionTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func setCredits(
        _ wishes: [(String, String?)]
    ) throws(EC2Error) -> EC2.ModifyInstanceCreditSpecificationResult {
        try cloud.perform(
            ModifyInstanceCreditSpecification.self,
            .init(instanceCreditSpecifications: wishes.map { .init(instanceID: $0.0, cpuCredits: $0.1) }))
    }

    @Test("of CPU credits change for each instance by itself")
    mutating func credits() throws {
        let id = try cloud.running().description
        var large = cloud.request()
        large.instanceType = "m5.large"
        let other = try cloud.running(large).description
        let answer = try setCredits([
            (id, "standard"), (other, "standard"), ("i-00000000", "unlimited"), ("nonsense", "unlimited"),
        ])
        #expect(answer.successfulInstanceCreditSpecifications.map(\.instanceID) == [id])
        #expect(
            answer.unsuccessfulInstanceCreditSpecifications.map { $0.error?.code?.rawValue } == [
                "InstanceCreditSpecification.NotSupported", "InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed",
            ])
        let shown = try cloud.perform(DescribeInstanceCreditSpecifications.self, .init(instanceIDs: [id]))
        #expect(shown.instanceCreditSpecifications.map(\.cpuCredits) == ["standard"])
        #expect(throws: EC2Error.self) { try setCredits([(id, "plenty")]) }
        #expect(throws: EC2Error.self) { try setCredits([(id, nil)]) }
    }

    @Test("of maintenance change one by one and are shown")
    mutating func maintenance() throws {
        let id = try cloud.running()
        let before = try cloud.described(id)?.maintenanceOptions
        #expect(before?.autoRecovery == .default && before?.rebootMigration == .default)
        try cloud.perform(
            ModifyInstanceMaintenanceOptions.self, .init(instanceID: id.description, autoRecovery: .disabled))
        let answer = try cloud.perform(
            ModifyInstanceMaintenanceOptions.self, .init(instanceID: id.description, rebootMigration: .disabled))
        #expect(answer.autoRecovery == .disabled && answer.rebootMigration == .disabled)
        let shown = try cloud.described(id)?.maintenanceOptions
        #expect(shown?.autoRecovery == .disabled && shown?.rebootMigration == .disabled)
        #expect(
            cloud.refusal(of: ModifyInstanceMaintenanceOptions.self, .init(instanceID: "i-00000000"))
                == "InvalidInstanceID.NotFound")
    }

    private mutating func prefer(
        _ preference: EC2.CapacityReservationPreference?, of id: InstanceID
    ) -> String? {
        cloud.refusal(
            of: ModifyInstanceCapacityReservationAttributes.self,
            .init(
                instanceID: id.description,
                capacityReservationSpecification: .init(capacityReservationPreference: preference)))
    }

    @Test("of capacity reservations change while it is stopped")
    mutating func reservations() throws {
        let (running, stopped) = (try cloud.running(), try cloud.stopped())
        #expect(prefer(.noneValue, of: running) == "IncorrectInstanceState")
        #expect(prefer(.capacityReservationsOnly, of: stopped) == nil)
        #expect(prefer(nil, of: stopped) == "MissingParameter")
        #expect(prefer(.noneValue, of: stopped) == nil)
        let shown = try cloud.described(stopped)?.capacityReservationSpecification
        #expect(shown?.capacityReservationPreference == .noneValue)
    }

    @Test("of monitoring that are as wanted already are told as they are")
    mutating func monitoring() throws {
        let ids = [try cloud.running().description]
        let off = try cloud.perform(UnmonitorInstances.self, .init(instanceIDs: ids))
        #expect(off.instanceMonitorings.map(\.monitoring?.state) == [.disabled])
        try cloud.perform(MonitorInstances.self, .init(instanceIDs: ids))
        let on = try cloud.perform(MonitorInstances.self, .init(instanceIDs: ids))
        #expect(on.instanceMonitorings.map(\.monitoring?.state) == [.enabled])
    }

    @Test("of its root follow what the type can begin from")
    mutating func rootDevice() throws {
        var input = cloud.request()
        input.imageID =
            cloud.image { image in
                image.rootDeviceType = .instanceStore
                image.blockDevices = []
            }.id.description
        #expect(cloud.refusal(of: RunInstances.self, input) == "InvalidParameterCombination")
        input.instanceType = "m3.medium"
        #expect(cloud.refusal(of: RunInstances.self, input) == nil)
    }

    @Test("of its groups are empty once it is gone")
    mutating func gone() throws {
        let id = try cloud.running()
        let input = EC2.DescribeInstanceAttributeRequest(instanceID: id.description, attribute: .groupSet)
        #expect(try cloud.perform(DescribeInstanceAttribute.self, input).groups.map(\.groupName) == ["default"])
        _ = try TerminateInstances.decide(.init(instanceIDs: [id.description]), &cloud.transaction)
        cloud.settle(id)
        #expect(try cloud.perform(DescribeInstanceAttribute.self, input).groups.isEmpty)
        #expect(
            cloud.refusal(
                of: DescribeInstanceAttribute.self,
                .init(instanceID: id.description, attribute: .sourceDestCheck)) == "IncorrectInstanceState")
    }

    @Test("of a key are RSA for Windows")
    mutating func windowsKey() throws {
        for (name, type) in [("new", KeyPairRecord.KeyType.ed25519), ("old", .rsa)] {
            _ = try cloud.transaction.createKeyPair(
                named: name, keyType: type, fingerprint: "", publicKey: "ssh-\(name)", tags: [:])
        }
        var input = cloud.request()
        input.imageID = cloud.image { $0.platform = "windows" }.id.description
        input.keyName = "new"
        #expect(cloud.refusal(of: RunInstances.self, input) == "InvalidParameterCombination")
        input.keyName = "old"
        #expect(try cloud.described(cloud.running(input))?.platform == "windows")
    }
}
