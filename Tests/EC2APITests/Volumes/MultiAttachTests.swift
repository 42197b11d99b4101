// Volumes that several instances have at once, by their records: who gets them, who loses them, and what is refused.

import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("Volumes of several instances")
struct MultiAttachTests {
    private var cloud: TestCloud
    private let zone: String
    private let running: [InstanceID]
    private let stopped: InstanceID

    init() throws {
        cloud = try TestCloud()
        let first = try cloud.running()
        zone = try #require(cloud.state.instances[first]?.availabilityZone)
        var input = cloud.request()
        input.placement = .init(availabilityZone: zone)
        running = [first, try cloud.running(input)]
        stopped = try cloud.stopped(input)
    }

    private mutating func made(_ type: EC2.VolumeType = .io2, isShared: Bool = true) throws -> String {
        let input = EC2.CreateVolumeRequest(
            availabilityZone: zone, iops: 100, size: 4, volumeType: type, multiAttachEnabled: isShared)
        let id = try #require(VolumeID(try cloud.perform(CreateVolume.self, input).volumeID ?? ""))
        cloud.transaction.update(id) { (volume: inout VolumeRecord) in
            (volume.isRealised, volume.state) = (true, .available)
        }
        return id.description
    }

    private func record(_ id: String) throws -> VolumeRecord {
        try #require(VolumeID(id).flatMap { cloud.state.volumes[$0] })
    }

    private mutating func shown(_ id: String) throws -> EC2.Volume {
        try #require(try cloud.perform(DescribeVolumes.self, .init(volumeIDs: [id])).volumes.first)
    }

    private func place(_ id: String, _ instance: InstanceID, _ device: String = "/dev/sdf") -> EC2.AttachVolumeRequest {
        .init(device: device, instanceID: instance.description, volumeID: id)
    }

    /// What the reconciler writes once guests have it.
    private mutating func settle(_ id: String) throws {
        cloud.transaction.update(try record(id).id) { (volume: inout VolumeRecord) in
            for place in volume.attachments.indices { volume.attachments[place].state = .attached }
        }
    }

    private func step(_ id: String, doubts: Set<InstanceID> = []) throws -> VolumeStep {
        VolumeLifecycle(try record(id), in: cloud.state, doubts: doubts).step
    }

    @Test("are attached to each once, and are in use until the last has let go")
    mutating func life() throws {
        let id = try made()
        for instance in running + [stopped] {
            try cloud.perform(AttachVolume.self, place(id, instance))
            #expect(cloud.refusal(of: AttachVolume.self, place(id, instance, "/dev/sdg")) == "VolumeInUse")
        }
        #expect(try shown(id).multiAttachEnabled == true && shown(id).state == .inUse)
        #expect(try shown(id).attachments.map(\.state) == [.attaching, .attaching, .attached])
        try settle(id)
        for instance in running + [stopped] {
            let filters = [EC2.Filter(name: "attachment.instance-id", values: [instance.description])]
            let found = try cloud.perform(DescribeVolumes.self, .init(filters: filters)).volumes.map(\.volumeID)
            #expect(found.contains(id))
            #expect(try cloud.described(instance)?.blockDeviceMappings.map(\.ebs?.volumeID).contains(id) == true)
        }
        let filters = [EC2.Filter(name: "multi-attach-enabled", values: ["true"])]
        #expect(try cloud.perform(DescribeVolumes.self, .init(filters: filters)).volumes.map(\.volumeID) == [id])
        #expect(cloud.refusal(of: DetachVolume.self, .init(volumeID: id)) == "MissingParameter")
        #expect(cloud.refusal(of: DeleteVolume.self, .init(volumeID: id)) == "VolumeInUse")
        try cloud.perform(DetachVolume.self, .init(instanceID: stopped.description, volumeID: id))
        #expect(try shown(id).attachments.map(\.instanceID) == running.map(\.description))
        try cloud.perform(DetachVolume.self, .init(instanceID: running[0].description, volumeID: id))
        #expect(try shown(id).attachments.map(\.state) == [.detaching, .attached])
        cloud.transaction.becomeTerminated(running[0], reason: nil)
        #expect(try shown(id).state == .inUse && shown(id).attachments.map(\.state) == [.attached])
        cloud.transaction.becomeTerminated(running[1], reason: nil)
        #expect(try shown(id).state == .available && shown(id).attachments.isEmpty)
    }

    @Test("go with the last instance if that one's attachment says so", arguments: [true, false])
    mutating func deletion(_ isLast: Bool) throws {
        let id = try made()
        for instance in running { try cloud.perform(AttachVolume.self, place(id, instance)) }
        let mapping = EC2.InstanceBlockDeviceMappingSpecification(
            deviceName: "/dev/sdf", ebs: .init(deleteOnTermination: true))
        let instance = running[isLast ? 1 : 0]
        try cloud.perform(
            ModifyInstanceAttribute.self, .init(instanceID: instance.description, blockDeviceMappings: [mapping]))
        cloud.transaction.becomeTerminated(running[0], reason: nil)
        #expect(try shown(id).state == .inUse)
        cloud.transaction.becomeTerminated(running[1], reason: nil)
        #expect(try shown(id).state == (isLast ? .deleting : .available))
    }

    @Test("are no roots, go to Nitro instances of their zone alone, and to sixteen of them")
    mutating func refused() throws {
        let id = try made()
        cloud.transaction.update(try #require(VolumeID(id))) { (volume: inout VolumeRecord) in
            volume.availabilityZone = "us-east-1f"
        }
        #expect(cloud.refusal(of: AttachVolume.self, place(id, stopped)) == "InvalidVolume.ZoneMismatch")
        cloud.transaction.update(try #require(VolumeID(id))) { [zone] (volume: inout VolumeRecord) in
            volume.availabilityZone = zone
        }
        let record = try #require(cloud.state.instances[stopped])
        let root = try #require(cloud.state.mappings(of: record).first?.volume.id)
        try cloud.perform(DetachVolume.self, .init(volumeID: root.description))
        #expect(cloud.refusal(of: AttachVolume.self, place(id, stopped, "/dev/xvda")) == "UnsupportedOperation")
        cloud.transaction.update(stopped) { (instance: inout InstanceRecord) in instance.instanceType = "t2.micro" }
        #expect(cloud.refusal(of: AttachVolume.self, place(id, stopped)) == "UnsupportedOperation")
        var input = cloud.request(16)
        input.placement = .init(availabilityZone: zone)
        for instance in try cloud.launched(input) {
            cloud.settle(instance)
            try cloud.perform(AttachVolume.self, place(id, instance))
        }
        #expect(cloud.refusal(of: AttachVolume.self, place(id, running[0])) == "AttachmentLimitExceeded")
        let plain = try made(isShared: false)
        try cloud.perform(AttachVolume.self, place(plain, running[0], "/dev/sdg"))
        #expect(cloud.refusal(of: AttachVolume.self, place(plain, running[1], "/dev/sdg")) == "VolumeInUse")
    }

    @Test("become so, and cease to be, while nobody has them, and as io2 alone")
    mutating func modified() throws {
        func change(_ id: String, _ isShared: Bool?, size: Int? = nil) -> EC2.ModifyVolumeRequest {
            .init(volumeID: id, size: size, multiAttachEnabled: isShared)
        }
        let io1 = try made(.io1)
        #expect(cloud.refusal(of: ModifyVolume.self, change(io1, false)) == "UnsupportedOperation")
        #expect(cloud.refusal(of: ModifyVolume.self, change(io1, nil, size: 5)) == "UnsupportedOperation")
        let plain = try made(.io1, isShared: false)
        #expect(cloud.refusal(of: ModifyVolume.self, change(plain, true)) == "UnsupportedOperation")
        let id = try made(isShared: false)
        try cloud.perform(AttachVolume.self, place(id, stopped))
        #expect(cloud.refusal(of: ModifyVolume.self, change(id, true)) == "IncorrectState")
        try cloud.perform(DetachVolume.self, .init(volumeID: id))
        let modification = try #require(try cloud.perform(ModifyVolume.self, change(id, true)).volumeModification)
        #expect(modification.originalMultiAttachEnabled == false && modification.targetMultiAttachEnabled == true)
        #expect(try shown(id).multiAttachEnabled == true)
        cloud.transaction.update(try #require(VolumeID(id))) { (volume: inout VolumeRecord) in
            volume.modification?.state = .completed
        }
        #expect(
            cloud.refusal(of: ModifyVolume.self, .init(volumeID: id, volumeType: .gp3)) == "UnsupportedOperation")
        try cloud.perform(ModifyVolume.self, change(id, false, size: 5))
        #expect(try shown(id).multiAttachEnabled == false)
    }

    @Test("can be made as copies, and are captured alone and with an instance's other volumes, whoever has each")
    mutating func captured() throws {
        let id = try made()
        let copy = try cloud.perform(
            CopyVolumes.self, .init(sourceVolumeID: id, iops: 100, volumeType: .io1, multiAttachEnabled: true))
        #expect(copy.volumes.map(\.multiAttachEnabled) == [true])
        try cloud.perform(AttachVolume.self, place(id, running[0]))
        try settle(id)
        _ = try cloud.transaction.createSnapshot(SnapshotOrder(volume: try record(id).id))
        let all = cloud.state.volumes.all(where: IndexKey(.instance, running[0])).map { SnapshotOrder(volume: $0.id) }
        #expect(all.count == 2)
        let own = try #require(all.first { $0.volume.description != id }).volume
        let pair = try cloud.transaction.createSnapshots(all).map(\.id).sorted()
        let (first, second) = (GuestRun(instance: running[0], launch: 1), GuestRun(instance: running[1], launch: 1))
        #expect(try holders(pair[0]) == [own: first, try record(id).id: first])
        // Its guest is off for a while: others still have the shared volume.
        try cloud.perform(AttachVolume.self, place(id, running[1]))
        try settle(id)
        cloud.transaction.update(running[0]) { (instance: inout InstanceRecord) in
            instance.pause = .off(since: instance.stateSince)
        }
        #expect(try holders(pair[0]) == [try record(id).id: second])
        // It is on its way up.
        cloud.transaction.update(running[0]) { (instance: inout InstanceRecord) in instance.pause = .resuming }
        #expect(SnapshotLifecycle(try #require(cloud.state.snapshots[pair[0]]), in: cloud.state).step == .await)
    }

    /// In which guests the moment is to be held.
    private func holders(_ id: SnapshotID) throws -> [VolumeID: GuestRun] {
        let step = SnapshotLifecycle(try #require(cloud.state.snapshots[id]), in: cloud.state).step
        guard case .hold(let specs, let guests) = step else {
            Issue.record("\(step)")
            return [:]
        }
        #expect(specs.count == 2)
        return guests
    }

    @Test("come to a guest although another does not let go, and are looked for in each that is in doubt")
    mutating func steps() throws {
        let id = try made()
        try cloud.perform(AttachVolume.self, place(id, running[0]))
        try settle(id)
        try cloud.perform(DetachVolume.self, .init(instanceID: running[0].description, volumeID: id))
        try cloud.perform(AttachVolume.self, place(id, running[1]))
        let (leaving, coming) = (try record(id).attachments[0], try record(id).attachments[1])
        #expect(try step(id) == .plug(coming, GuestRun(instance: running[1], launch: 1)))
        cloud.transaction.update(try record(id).id) { (volume: inout VolumeRecord) in
            volume.attachments[1].state = .attached
        }
        #expect(try step(id) == .unplug(leaving, GuestRun(instance: running[0], launch: 1)))
        try settle(id)
        let there = try record(id).attachments[1]
        #expect(try step(id) == .settled)
        #expect(try step(id, doubts: [running[1]]) == .plug(there, GuestRun(instance: running[1], launch: 1)))
    }
}
