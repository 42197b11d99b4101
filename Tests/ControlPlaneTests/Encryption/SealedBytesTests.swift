import CloudStore
import CloudTypes
import ControlPlane
import Logging
import NodeContract
import RecordCoding
import Simulation
import Testing

@Suite("What the node is told of keys")
struct SealedBytesTests {
    private static let keys = [
        "11111111-2222-3333-4444-555555555555", "22222222-3333-4444-5555-666666666666",
        "33333333-4444-5555-6666-777777777777",
    ]
    private let keys = SealedBytesTests.keys

    private func volume(
        on host: TestHost, of snapshot: SnapshotID? = nil, under key: String?
    ) throws -> VolumeID {
        try host.change { transaction throws(EC2Error) in
            var order = VolumeOrder(zone: "us-east-1a")
            (order.sizeGiB, order.snapshot) = (1, snapshot)
            order.encryption = EncryptionWish(isEncrypted: key.map { _ in true }, key: key.map { .id($0) })
            return try transaction.createVolume(order).id
        }
    }

    private func snapshot(on host: TestHost, of volume: VolumeID) throws -> SnapshotID {
        try host.change { transaction throws(EC2Error) in
            try transaction.createSnapshot(SnapshotOrder(volume: volume)).id
        }
    }

    private func copy(on host: TestHost, of snapshot: SnapshotID, under key: String) throws -> SnapshotID {
        try host.change { transaction throws(EC2Error) in
            try transaction.copySnapshot(
                snapshot, description: "", tags: [:],
                encryption: EncryptionWish(isEncrypted: true, key: .id(key))
            ).id
        }
    }

    @Test("a volume, its snapshots, a copy under another key, and a volume of that under a third, each have their own")
    func journey() throws {
        let host = try TestHost()
        let first = try volume(on: host, under: keys[0])
        let snapshots = try (0..<2).map { _ in try snapshot(on: host, of: first) }
        let copy = try copy(on: host, of: snapshots[1], under: keys[1])
        let second = try volume(on: host, of: copy, under: keys[2])
        #expect(host.records.snapshots.all.allSatisfy { $0.state == .completed })
        #expect(host.records.volumes[second]?.state == .available && host.records.volumes[second]?.isFilled == true)
        let wanted = keys.map { EncryptionKeyID($0) }
        #expect(host.world.volumeKeys == [first: wanted[0], second: wanted[2]])
        #expect(host.world.snapshotKeys == [snapshots[0]: wanted[0], snapshots[1]: wanted[0], copy: wanted[1]])
        host.end()
    }

    @Test("a copy of a volume has the volume's key, and so has the moment that it is made of")
    func copies() throws {
        let host = try TestHost()
        let source = try volume(on: host, under: keys[0])
        let copy = try host.change { transaction throws(EC2Error) in
            try transaction.copyVolume(VolumeCopyOrder(source: source)).id
        }
        #expect(host.records.volumes[copy]?.state == .available && host.records.volumes[copy]?.isFilled == true)
        let key = EncryptionKeyID(keys[0])
        #expect(host.world.volumeKeys == [source: key, copy: key] && host.world.snapshots.isEmpty)
        host.end()
    }

    @Test("what is in the clear stays so, and is sealed where that is asked for")
    func plain() throws {
        let host = try TestHost()
        let first = try volume(on: host, under: nil)
        let made = try snapshot(on: host, of: first)
        let second = try volume(on: host, of: made, under: keys[0])
        #expect(host.records.volumes[second]?.isFilled == true)
        #expect(host.world.volumeKeys == [second: EncryptionKeyID(keys[0])] && host.world.snapshotKeys.isEmpty)
        host.end()
    }

    @Test("a snapshot that is put together block by block has its key, and what is begun as it too")
    func blocks() throws {
        let host = try TestHost()
        var order = BlockSnapshotOrder(sizeGiB: 1)
        order.keyID = keys[0]
        let parent = try host.change { [order] transaction throws(EC2Error) in
            try transaction.startSnapshot(order).id
        }
        try host.change { transaction throws(EC2Error) in transaction.sealSnapshot(parent) }
        let child = try host.change { transaction throws(EC2Error) in
            var order = BlockSnapshotOrder(sizeGiB: 1)
            order.parent = transaction.state.snapshots[parent]
            return try transaction.startSnapshot(order).id
        }
        let key = EncryptionKeyID(keys[0])
        #expect(host.world.snapshotKeys == [parent: key, child: key])
        host.end()
    }

    @Test("the simulated node refuses a key that is not the one that bytes are sealed with")
    func wrong() async throws {
        let node = SimulatedNode()
        let (right, other) = (EncryptionKeyID(keys[0]), EncryptionKeyID(keys[1]))
        let volume = try #require(VolumeID("vol-0123456789abcdef0"))
        let ids = ["snap-0123456789abcdef0", "snap-0123456789abcdef1"].compactMap { SnapshotID($0) }
        try await node.ensureVolume(VolumeSpec(id: volume, sizeGiB: 1, snapshot: nil, key: right))
        let spec = SnapshotSpec(id: ids[0], volume: volume, sizeGiB: 1, key: right)
        try await node.holdMoment(of: [spec], in: [:])
        _ = try await node.storeSnapshot(spec)
        for key in [other, nil] {
            let source = SnapshotBytes(ids[0], key: key)
            let calls: [() async throws -> Void] = [
                { try await node.ensureVolume(VolumeSpec(id: volume, sizeGiB: 1, snapshot: nil, key: key)) },
                {
                    let spec = SnapshotSpec(id: ids[1], volume: volume, sizeGiB: 1, key: key)
                    try await node.holdMoment(of: [spec], in: [:])
                },
                { _ = try await node.copySnapshot(source, to: SnapshotBytes(ids[1], key: right)) },
                { try await node.beginSnapshot(SnapshotBytes(ids[1], key: key), sizeGiB: 1, parent: ids[0]) },
                { _ = try await node.blocks(of: source, from: 0, limit: 1) },
            ]
            for call in calls { await #expect(throws: NodeError.self) { try await call() } }
        }
        #expect(node.world.snapshots == [ids[0]] && node.world.volumeKeys == [volume: right])
    }

    // MARK: records of before

    private struct OldVolume: Codable {
        var id: VolumeID
        var account = TestRecords.account
        var availabilityZone = "us-east-1a"
        var sizeGiB = 1
        var volumeType = "gp3"
        var isEncrypted = false
        var state = VolumeRecord.State.available
        var isRealised = true
        var createdAt = Timestamp(milliseconds: 0)
        var attachments: [VolumeRecord.Attachment] = []
        var multiAttach = false
        var autoEnableIO = false
        var tags: [String: String] = [:]
    }

    private struct OldSnapshot: Codable {
        var id: SnapshotID
        var account = TestRecords.account
        var sizeGiB = 1
        var description = ""
        var startedAt = Timestamp(milliseconds: 0)
        var isEncrypted = false
        var isPublic = false
        var state = SnapshotRecord.State.completed
        var tags: [String: String] = [:]
    }

    private struct OldAccount: Codable {
        var id = TestRecords.account
        var name = "old"
        var createdAt = Timestamp(milliseconds: 0)
        var hasDefaultVPC = true
    }

    @Test("records of before there was encryption are read as in the clear")
    func old() async throws {
        let contents = MemoryStore.Contents()
        let (volume, snapshot) = (
            try #require(VolumeID("vol-0123456789abcdef0")), try #require(SnapshotID("snap-0123456789abcdef0"))
        )
        func write(_ kind: String, _ id: String, _ record: some Codable) throws -> RecordWrite {
            .put(
                RecordKey(kind: kind, id: id), account: TestRecords.account.description, formatVersion: 1,
                data: try CBORRecordEncoder().encode(record))
        }
        let store = MemoryStore(on: contents)
        _ = try await store.commit([
            write("volume", volume.description, OldVolume(id: volume)),
            write("snapshot", snapshot.description, OldSnapshot(id: snapshot)),
            write("account", TestRecords.account.description, OldAccount()),
        ])
        await store.close()
        let cloud = try await Cloud.open(
            MemoryStore(on: contents), settings: TestRecords.settings, log: Logger(label: "test"), time: ManualTime())
        #expect(cloud.records.volumes[volume]?.keyID == nil && cloud.records.volumes[volume]?.isEncrypted == false)
        #expect(cloud.records.snapshots[snapshot]?.bytes == SnapshotBytes(snapshot))
        #expect(cloud.records.accounts[TestRecords.account]?.encryptsByDefault == nil)
        await cloud.close()
    }
}
