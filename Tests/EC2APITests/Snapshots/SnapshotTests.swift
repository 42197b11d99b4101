// Snapshots by their records: what is accepted, kept, locked, and what is refused.

import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("Snapshots")
struct SnapshotTests {
    private var cloud: TestCloud

    init() throws { cloud = try TestCloud() }

    private mutating func volume(_ type: EC2.VolumeType = .gp3) throws -> VolumeID {
        let made = try cloud.perform(
            CreateVolume.self,
            .init(availabilityZone: "us-east-1a", size: type == .st1 ? 125 : 1, volumeType: type))
        let id = try #require(VolumeID(made.volumeID ?? ""))
        cloud.transaction.update(id) { (volume: inout VolumeRecord) in
            (volume.state, volume.isRealised) = (.available, true)
        }
        return id
    }

    /// One that the node has stored.
    private mutating func snapshot(tags: [String: String] = [:]) throws -> SnapshotID {
        var order = SnapshotOrder(volume: try volume())
        order.tags = tags
        let id = try cloud.transaction.createSnapshot(order).id
        cloud.transaction.update(id) { (snapshot: inout SnapshotRecord) in
            (snapshot.state, snapshot.isMomentHeld) = (.completed, true)
        }
        return id
    }

    @Test("of one volume take over from each other, and no more than five are pending at once")
    mutating func order() throws {
        let volume = try volume()
        let made = try (0..<5).map { _ in try cloud.transaction.createSnapshot(SnapshotOrder(volume: volume)) }
        #expect(made.map(\.parent) == [nil] + made.dropLast().map(\.id))
        #expect(throws: EC2Error.self) { try cloud.transaction.createSnapshot(SnapshotOrder(volume: volume)) }
        let slow = try self.volume(.st1)
        _ = try cloud.transaction.createSnapshot(SnapshotOrder(volume: slow))
        do throws(EC2Error) {
            _ = try cloud.transaction.createSnapshot(SnapshotOrder(volume: slow))
            Issue.record("two snapshots of an st1 volume are pending")
        } catch {
            #expect(error.code == "ConcurrentSnapshotLimitExceeded")
        }
    }

    @Test("wait for the one before, and for the moment of all of an instance")
    mutating func steps() throws {
        let volume = try volume()
        let first = try cloud.transaction.createSnapshot(SnapshotOrder(volume: volume))
        let second = try cloud.transaction.createSnapshot(SnapshotOrder(volume: volume))
        for id in [first.id, second.id] {
            cloud.transaction.update(id) { (snapshot: inout SnapshotRecord) in snapshot.isMomentHeld = true }
        }
        #expect(step(second.id) == .await)
        guard case .store(let spec) = step(first.id) else { throw Failure() }
        #expect(spec.id == first.id && spec.volume == volume && spec.parent == nil)
        cloud.transaction.update(first.id) { (snapshot: inout SnapshotRecord) in snapshot.state = .completed }
        guard case .store(let next) = step(second.id) else { throw Failure() }
        #expect(next.parent == first.id)
        let others = [try self.volume(), try self.volume()].map { SnapshotOrder(volume: $0) }
        let pair = try cloud.transaction.createSnapshots(others).map(\.id).sorted()
        guard case .hold(let specs, let guests) = step(pair[0]) else { throw Failure() }
        #expect(guests.isEmpty && specs.map(\.id) == pair && step(pair[1]) == .await)
    }

    private struct Failure: Error {}

    private func step(_ id: SnapshotID) -> SnapshotStep? {
        cloud.state.snapshots[id].map { SnapshotLifecycle($0, in: cloud.state).step }
    }

    @Test("keep their bytes while a volume still reads them, though nobody finds them any more")
    mutating func reading() throws {
        let id = try snapshot()
        let made = try cloud.perform(
            CreateVolume.self, .init(availabilityZone: "us-east-1a", snapshotID: id.description))
        try cloud.perform(DeleteSnapshot.self, .init(snapshotID: id.description))
        #expect(step(id) == .await)
        #expect(try cloud.perform(DescribeSnapshots.self, .init(ownerIDs: ["self"])).snapshots.isEmpty)
        let volume = try #require(VolumeID(made.volumeID ?? ""))
        cloud.transaction.update(volume) { (volume: inout VolumeRecord) in volume.isFilled = true }
        #expect(step(id) == .remove)
    }

    @Test("that are locked stay, by the rules of each mode")
    mutating func locks() throws {
        let id = try snapshot().description
        #expect(
            cloud.refusal(of: LockSnapshot.self, .init(snapshotID: id, lockMode: .governance)) == "MissingParameter")
        try cloud.perform(LockSnapshot.self, .init(snapshotID: id, lockMode: .governance, lockDuration: 2))
        #expect(cloud.refusal(of: DeleteSnapshot.self, .init(snapshotID: id)) == "SnapshotLocked")
        try cloud.perform(UnlockSnapshot.self, .init(snapshotID: id))
        let cooling = try cloud.perform(
            LockSnapshot.self, .init(snapshotID: id, lockMode: .compliance, coolOffPeriod: 1, lockDuration: 2))
        #expect(cooling.lockState == .complianceCooloff)
        cloud.advance(seconds: 3_601)
        #expect(cloud.refusal(of: UnlockSnapshot.self, .init(snapshotID: id)) == "SnapshotLocked")
        let shorter = EC2.LockSnapshotRequest(snapshotID: id, lockMode: .compliance, lockDuration: 1)
        #expect(cloud.refusal(of: LockSnapshot.self, shorter) == "SnapshotLocked")
        try cloud.perform(LockSnapshot.self, .init(snapshotID: id, lockMode: .compliance, lockDuration: 3))
        let listed = try cloud.perform(
            DescribeLockedSnapshots.self, .init(filters: [.init(name: "lock-state", values: ["compliance"])]))
        #expect(listed.snapshots.map(\.snapshotID) == [id] && listed.snapshots.first?.lockDuration == 3)
        cloud.advance(seconds: 4 * 86_400)
        try cloud.perform(DeleteSnapshot.self, .init(snapshotID: id))
    }

    @Test("go to the recycle bin where a rule matches, and come back or leave in time")
    mutating func bin() throws {
        let (kept, gone) = (try snapshot(tags: ["keep": "yes"]), try snapshot())
        var rule = RetentionRuleRecord(
            id: "abcdefghijk", account: TestCloud.account, resourceType: .snapshot, retentionDays: 2,
            createdAt: cloud.transaction.now)
        rule.resourceTags = [.init(key: "keep", value: "yes")]
        cloud.transaction.put(rule)
        for id in [kept, gone] { try cloud.perform(DeleteSnapshot.self, .init(snapshotID: id.description)) }
        #expect(cloud.state.snapshots[gone]?.state == .deleting)
        let listed = try cloud.perform(ListSnapshotsInRecycleBin.self, .init())
        #expect(listed.snapshots.map(\.snapshotID) == [kept.description])
        #expect(
            cloud.refusal(of: DescribeSnapshots.self, .init(snapshotIDs: [kept.description]))
                == "InvalidSnapshot.NotFound")
        try cloud.perform(RestoreSnapshotFromRecycleBin.self, .init(snapshotID: kept.description))
        #expect(try cloud.perform(DescribeSnapshots.self, .init(snapshotIDs: [kept.description])).snapshots.count == 1)
        try cloud.perform(DeleteSnapshot.self, .init(snapshotID: kept.description))
        cloud.advance(seconds: 2 * 86_400)
        cloud.transaction.forgetOld()
        #expect(cloud.state.snapshots[kept]?.state == .deleting)
        #expect(
            cloud.refusal(of: RestoreSnapshotFromRecycleBin.self, .init(snapshotID: kept.description))
                == "InvalidSnapshot.NotFound")
    }

    @Test("are in the one tier there is")
    mutating func tiers() throws {
        let id = try snapshot().description
        let status = try cloud.perform(DescribeSnapshotTierStatus.self, .init()).snapshotTierStatuses
        #expect(status.map(\.snapshotID) == [id] && status.map(\.storageTier) == [.standard])
        #expect(cloud.refusal(of: ModifySnapshotTier.self, .init(snapshotID: id)) == "UnsupportedOperation")
        #expect(cloud.refusal(of: RestoreSnapshotTier.self, .init(snapshotID: id)) == "IncorrectState")
    }
}

@Suite("Images in the recycle bin")
struct BinnedImageTests {
    private var cloud: TestCloud

    init() throws { cloud = try TestCloud() }

    @Test("are found by nobody, come back under their id, and leave in time")
    mutating func stay() throws {
        let image = cloud.image()
        let id = image.id.description
        cloud.transaction.put(
            RetentionRuleRecord(
                id: "abcdefghijk", account: TestCloud.account, resourceType: .image, retentionDays: 1,
                createdAt: cloud.transaction.now))
        try cloud.perform(DeregisterImage.self, .init(imageID: id))
        #expect(cloud.refusal(of: DescribeImages.self, .init(imageIDs: [id])) == "InvalidAMIID.NotFound")
        #expect(try cloud.perform(ListImagesInRecycleBin.self, .init()).images.map(\.imageID) == [id])
        try cloud.perform(RestoreImageFromRecycleBin.self, .init(imageID: id))
        #expect(try cloud.perform(DescribeImages.self, .init(imageIDs: [id])).images.first?.state == .available)
        try cloud.perform(DeregisterImage.self, .init(imageID: id))
        cloud.advance(seconds: 86_400)
        cloud.transaction.forgetOld()
        #expect(cloud.state.images[image.id] == nil)
    }
}
