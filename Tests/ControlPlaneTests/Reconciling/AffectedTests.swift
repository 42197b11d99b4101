import CloudStore
import CloudTypes
import NodeContract
import Testing

@testable import ControlPlane

@Suite("What a change of records sets in motion")
struct AffectedTests {
    private var transaction: Transaction
    private let interface: NetworkInterfaceID
    private let instance: InstanceID

    init() throws {
        transaction = try TestRecords.transaction()
        interface = try transaction.addGuest(in: transaction.defaultSubnet)
        instance = try #require(transaction.state.networkInterfaces[interface]?.attachment?.instance)
    }

    private func affected(_ change: (inout Transaction) throws -> Void) rethrows -> Affected {
        var after = Transaction(
            state: transaction.state, caller: transaction.caller, now: transaction.now,
            settings: transaction.settings, random: SpreadNumbers())
        try change(&after)
        return Affected(
            by: CloudChange(keys: after.changedKeys, before: transaction.state, after: after.state))
    }

    @Test("a tag sets nothing in motion, unless the guest may read its tags")
    mutating func tags() {
        let tag: (inout Transaction) -> Void = { [instance, interface] transaction in
            transaction.update(instance, InstanceRecord.self) { $0.tags["a"] = "b" }
            transaction.update(interface, NetworkInterfaceRecord.self) { $0.tags["a"] = "b" }
        }
        let hidden = affected(tag)
        #expect(hidden.instances.isEmpty && hidden.vpcs.isEmpty && hidden.metadata.isEmpty)
        transaction.update(instance, InstanceRecord.self) { $0.metadataOptions.showsTags = true }
        let shown = affected(tag)
        #expect(shown.instances.isEmpty && shown.vpcs.isEmpty && shown.metadata == [instance])
    }

    @Test("a state looks at the instance, and at the network only where its guest comes or goes")
    func states() {
        let vpc = transaction.defaultVPC.id
        let stopping = affected { $0.stop(instance, .graceful) }
        #expect(stopping.instances == [instance] && stopping.vpcs.isEmpty)
        let stopped = affected { $0.becomeStopped(instance, reason: nil) }
        #expect(stopped.instances == [instance] && stopped.vpcs == [vpc])
    }

    @Test("a rule looks at the network of its group alone")
    func rules() {
        let group = transaction.defaultVPC.defaultGroup
        let result = affected { $0.update(group, SecurityGroupRecord.self) { $0.rules = [] } }
        #expect(result.vpcs == [transaction.defaultVPC.id] && result.metadata.isEmpty && result.instances.isEmpty)
        let described = affected { $0.update(group, SecurityGroupRecord.self) { $0.tags["a"] = "b" } }
        #expect(described.vpcs.isEmpty)
    }

    @Test(
        "room looks at the spot requests that wait for it, be it of a guest that ends or of one that moves into a free slot"
    )
    mutating func room() {
        let request = transaction.requestSpotInstance(SpotWish(), tags: [:])
        let reservation: CapacityReservationID = transaction.newID()
        #expect(affected { $0.becomeStopped(instance, reason: nil) }.spotRequests == [request.id])
        let moved = affected { $0.update(instance, InstanceRecord.self) { $0.capacityReservation = reservation } }
        #expect(moved.spotRequests == [request.id])
        #expect(
            affected { $0.update(instance, InstanceRecord.self) { $0.launchTime = $0.createdAt } }.spotRequests == [])
    }

    @Test("an interface that goes looks at the network that it leaves")
    func leaving() {
        let result = affected { $0.deleteInterface(interface) }
        #expect(result.vpcs == [transaction.defaultVPC.id] && result.metadata == [instance])
    }

    @Test("a free volume is looked at, the disk of a launch is its instance's affair")
    mutating func volumes() {
        let zone = transaction.defaultSubnet.availabilityZone
        var volume = VolumeRecord(
            id: transaction.newID(), account: transaction.account, availabilityZone: zone, sizeGiB: 1,
            volumeType: "gp2", snapshot: nil, createdAt: transaction.now)
        #expect(affected { $0.put(volume) }.volumes == [volume.id])
        volume.attachments = [
            VolumeRecord.Attachment(
                instance: instance, deviceName: "/dev/xvda", state: .attaching, attachedAt: transaction.now,
                deleteOnTermination: true)
        ]
        let launched = affected { $0.put(volume) }
        #expect(launched.volumes.isEmpty && launched.metadata == [instance])
    }
}
