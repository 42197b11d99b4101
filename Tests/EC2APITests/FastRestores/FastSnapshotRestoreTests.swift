// Fast snapshot restore by its records: what is accepted, which steps follow, and which volumes are made by it.

import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("Fast snapshot restore")
struct FastSnapshotRestoreTests {
    private var cloud: TestCloud
    private let zone = "us-east-1a"

    init() throws { cloud = try TestCloud() }

    private mutating func snapshot(sizeGiB: Int = 100, state: SnapshotRecord.State = .completed) -> SnapshotRecord {
        var snapshot = SnapshotRecord(
            id: cloud.transaction.newID(), account: cloud.transaction.account, sizeGiB: sizeGiB, description: "",
            startedAt: cloud.transaction.now)
        (snapshot.origin, snapshot.state) = (.blocks(areComplete: true), state)
        cloud.transaction.put(snapshot)
        return snapshot
    }

    @discardableResult
    private mutating func enable(
        _ snapshots: [SnapshotRecord], in zones: [String] = ["us-east-1a"]
    ) throws -> EC2.EnableFastSnapshotRestoresResult {
        try cloud.perform(
            EnableFastSnapshotRestores.self,
            .init(availabilityZones: zones, sourceSnapshotIDs: snapshots.map(\.id.description)))
    }

    private mutating func disable(_ snapshot: SnapshotRecord) throws -> EC2.DisableFastSnapshotRestoresResult {
        try cloud.perform(
            DisableFastSnapshotRestores.self,
            .init(availabilityZones: [zone], sourceSnapshotIDs: [snapshot.id.description]))
    }

    private func record(_ snapshot: SnapshotRecord, in zone: String = "us-east-1a") throws -> FastRestoreRecord {
        let id = FastRestoreRecord.id(snapshot.id, in: zone, for: cloud.transaction.account)
        return try #require(cloud.state.fastRestores[id])
    }

    private func step(_ snapshot: SnapshotRecord, in zone: String = "us-east-1a") throws -> FastRestoreStep {
        FastRestoreLifecycle(try record(snapshot, in: zone), in: cloud.state).step
    }

    private mutating func enter(
        _ state: FastRestoreRecord.State, _ snapshot: SnapshotRecord, in zone: String = "us-east-1a"
    ) throws {
        var record = try record(snapshot, in: zone)
        record.enter(state, at: cloud.transaction.now)
        cloud.transaction.put(record)
    }

    private mutating func isVolumeFast(of snapshot: SnapshotRecord, rate: Int? = nil) throws -> Bool {
        let made = try cloud.perform(
            CreateVolume.self,
            .init(
                availabilityZone: zone, snapshotID: snapshot.id.description, volumeType: .gp3,
                volumeInitializationRate: rate))
        #expect(made.fastRestored == nil)
        return cloud.state.volumes[try #require(VolumeID(made.volumeID ?? ""))]?.isFastRestored == true
    }

    @Test("goes from enabling over optimizing to enabled, and over disabling to disabled")
    mutating func states() throws {
        let snapshot = snapshot(state: .pending)
        let shown = try #require(try enable([snapshot]).successful.first)
        #expect(shown.state == .enabling && shown.stateTransitionReason == "Client.UserInitiated")
        #expect(shown.availabilityZone == zone && shown.availabilityZoneID == "use1-az1" && shown.enablingTime != nil)
        #expect(try step(snapshot) == .await)
        cloud.transaction.update(snapshot.id) { (snapshot: inout SnapshotRecord) in snapshot.state = .completed }
        #expect(try step(snapshot) == .enter(.optimizing))
        try enter(.optimizing, snapshot)
        #expect(try step(snapshot) == .prepare(snapshot.bytes))
        try enter(.enabled, snapshot)
        #expect(try step(snapshot) == .settled)
        #expect(try disable(snapshot).successful.first?.state == .disabling)
        #expect(try step(snapshot) == .release(snapshot.id))
        try enter(.disabled, snapshot)
        let described = try cloud.perform(DescribeFastSnapshotRestores.self, .init()).fastSnapshotRestores
        #expect(described.map(\.state) == [.disabled] && described[0].disabledTime != nil)
        #expect(described[0].stateTransitionReason == "Client.UserInitiated - Lifecycle state transition")
        cloud.advance(seconds: 3_601)
        cloud.transaction.forgetOld()
        #expect(cloud.state.fastRestores.count == 0)
    }

    @Test("lets go of bytes only when no other zone needs them")
    mutating func zones() throws {
        let snapshot = snapshot()
        try enable([snapshot], in: [zone, "us-east-1b"])
        for zone in [zone, "us-east-1b"] { try enter(.enabled, snapshot, in: zone) }
        _ = try disable(snapshot)
        #expect(try step(snapshot) == .enter(.disabled))
        try enter(.disabled, snapshot)
        try enter(.disabling, snapshot, in: "us-east-1b")
        #expect(try step(snapshot, in: "us-east-1b") == .release(snapshot.id))
    }

    @Test("ends when the snapshot is deleted or shared no more, and the bytes stay until it has")
    mutating func ends() throws {
        let owned = snapshot()
        try enable([owned])
        try enter(.enabled, owned)
        try cloud.transaction.deleteSnapshot(owned.id)
        #expect(try step(owned) == .enter(.disabling))
        let deleted = try #require(cloud.state.snapshots[owned.id])
        #expect(SnapshotLifecycle(deleted, in: cloud.state).step == .await)
        try enter(.disabled, owned)
        #expect(SnapshotLifecycle(deleted, in: cloud.state).step == .remove)

        var shared = snapshot()
        shared.sharedWith = [TestCloud.stranger]
        cloud.transaction.put(shared)
        cloud.become(TestCloud.stranger)
        try enable([shared])
        #expect(try step(shared) == .enter(.optimizing))
        shared.sharedWith = nil
        cloud.transaction.put(shared)
        #expect(try step(shared) == .enter(.disabling))
    }

    @Test("ends when the snapshot goes to the recycle bin, and is not there when it comes back at once")
    mutating func binned() throws {
        cloud.transaction.put(
            RetentionRuleRecord(
                id: "rule", account: cloud.transaction.account, resourceType: .snapshot, retentionDays: 1,
                createdAt: cloud.transaction.now))
        let kept = snapshot()
        try enable([kept])
        try enter(.enabled, kept)
        try cloud.transaction.deleteSnapshot(kept.id)
        #expect(try cloud.transaction.restoreSnapshot(kept.id).state == .completed)
        #expect(try record(kept).state == .disabling && step(kept) == .release(kept.id))
    }

    @Test("makes as many volumes whole as there are credits, which come by the hour")
    mutating func credits() throws {
        let snapshot = snapshot(sizeGiB: 512)
        try enable([snapshot])
        #expect(try !isVolumeFast(of: snapshot), "it is not enabled yet")
        try enter(.enabled, snapshot)
        #expect(try !isVolumeFast(of: snapshot), "the bucket is empty at first")
        cloud.advance(seconds: 1_800)
        #expect(try isVolumeFast(of: snapshot))
        #expect(try !isVolumeFast(of: snapshot))
        cloud.advance(seconds: 36_000)
        #expect(try !isVolumeFast(of: snapshot, rate: 200), "a rate of one's own is kept instead")
        #expect(try isVolumeFast(of: snapshot) && isVolumeFast(of: snapshot))
        #expect(try !isVolumeFast(of: snapshot), "no more than two are ever there")
        let filter = [EC2.Filter(name: "fast-restored", values: ["true"])]
        let found = try cloud.perform(DescribeVolumes.self, .init(filters: filter)).volumes
        #expect(found.count == 3 && found.allSatisfy { $0.fastRestored == true })
    }

    @Test(
        "has a bucket by the snapshot's size",
        arguments: [(1, 10.0, 10.0), (128, 8, 8), (1_024, 1, 1), (4_096, 1, 0.25)])
    func buckets(sizeGiB: Int, capacity: Double, perHour: Double) {
        #expect(FastRestoreCredits.capacity(sizeGiB: sizeGiB) == capacity)
        #expect(FastRestoreCredits.perHour(sizeGiB: sizeGiB) == perHour)
    }

    private mutating func errorCode(_ snapshot: SnapshotRecord) throws -> String? {
        let result = try enable([snapshot])
        #expect(result.successful.isEmpty)
        return result.unsuccessful.first?.fastSnapshotRestoreStateErrors.first?.error?.code
    }

    @Test("tells of each pair what is wrong with it")
    mutating func pairErrors() throws {
        let large = snapshot(sizeGiB: 16_385)
        #expect(try errorCode(large) == "InvalidParameterValue")
        #expect(try errorCode(snapshot(state: .error)) == "IncorrectState")
        #expect(try errorCode(snapshot(state: .deleting)) == "InvalidSnapshot.NotFound")
        let plain = snapshot()
        let refused = try #require(try disable(plain).unsuccessful.first?.fastSnapshotRestoreStateErrors.first)
        #expect(refused.availabilityZone == zone && refused.error?.code == "IncorrectState")
        let five = (0..<5).map { _ in snapshot() }
        #expect(try enable(five, in: [zone, "us-east-1b"]).successful.count == 10)
        #expect(try errorCode(plain) == "ResourceLimitExceeded")
        #expect(try enable([five[0]], in: ["us-east-1c"]).unsuccessful.isEmpty, "it counts once")
        cloud.become(TestCloud.stranger)
        #expect(try errorCode(plain) == "InvalidSnapshot.NotFound")
    }

    private static let refusals: [(String, EC2.EnableFastSnapshotRestoresRequest)] = [
        ("MissingParameter", .init(sourceSnapshotIDs: ["snap-00000000"])),
        (
            "InvalidParameterCombination",
            .init(
                availabilityZones: ["us-east-1a"], availabilityZoneIDs: ["use1-az1"],
                sourceSnapshotIDs: ["snap-00000000"])
        ),
        ("InvalidParameterValue", .init(availabilityZones: ["us-east-1z"], sourceSnapshotIDs: ["snap-00000000"])),
        ("InvalidSnapshotID.Malformed", .init(availabilityZones: ["us-east-1a"], sourceSnapshotIDs: ["x"])),
        (
            "InvalidRequest",
            .init(
                availabilityZones: ["us-east-1a"],
                sourceSnapshotIDs: (0..<11).map { "snap-0000000\(String($0, radix: 16))" })
        ),
    ]

    @Test("is refused for what cannot be asked", arguments: refusals)
    mutating func refused(code: String, input: EC2.EnableFastSnapshotRestoresRequest) {
        #expect(cloud.refusal(of: EnableFastSnapshotRestores.self, input) == code)
        #expect(cloud.state.fastRestores.count == 0)
    }
}
