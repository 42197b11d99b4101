import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EBSAPI

@Suite("What snapshots have to do with each other")
struct LineageTests {
    private let account = AccountID("123456789012")!

    private func transaction() -> Transaction {
        let capabilities = NodeCapabilities(
            architectures: [.x86_64], acceleration: "simulated", processorCount: 1, memoryMiB: 1)
        return Transaction(
            state: CloudState(), caller: Caller(account: account, accessKeyID: ""),
            now: Timestamp(milliseconds: 1_795_000_000_000),
            settings: CloudSettings(region: "us-east-1", capabilities: capabilities),
            random: SystemRandomNumberGenerator())
    }

    private func completed(
        _ transaction: inout Transaction, origin: SnapshotRecord.Origin?, volume: String? = nil
    ) -> SnapshotRecord {
        var snapshot = SnapshotRecord(
            id: transaction.newID(), account: account, sizeGiB: 1, description: "", startedAt: transaction.now)
        (snapshot.origin, snapshot.volume) = (origin, volume.flatMap { VolumeID($0) })
        transaction.put(snapshot)
        return snapshot
    }

    @Test("those of one volume are related, those of two are not")
    func volumes() {
        var transaction = transaction()
        let one = completed(&transaction, origin: .volume, volume: "vol-0123456789abcdef0")
        let two = completed(&transaction, origin: .volume, volume: "vol-0123456789abcdef0")
        let other = completed(&transaction, origin: .volume, volume: "vol-0123456789abcdef1")
        let state = transaction.state
        #expect(state.lineage(of: one) == state.lineage(of: two))
        #expect(state.lineage(of: one) != state.lineage(of: other))
    }

    @Test("one that was begun as another is related to it, also when that one is gone")
    func parents() throws {
        var transaction = transaction()
        let origin = completed(&transaction, origin: .volume, volume: "vol-0123456789abcdef0")
        let copy = completed(&transaction, origin: .copy(of: origin.id))
        let request = EBS.StartSnapshotRequest(volumeSize: 1, parentSnapshotID: copy.id.description)
        let started = try StartSnapshot.perform(request, &transaction)
        #expect(started.parentSnapshotID == copy.id.description && started.status == .pending)
        let child = try #require(started.snapshotID.flatMap { SnapshotID($0) })
        transaction.delete(copy.id, SnapshotRecord.self)
        let record = try #require(transaction.state.snapshots[child])
        #expect(transaction.state.lineage(of: record) == transaction.state.lineage(of: origin))
        let alone = try StartSnapshot.perform(EBS.StartSnapshotRequest(volumeSize: 1), &transaction)
        let other = try #require(
            alone.snapshotID.flatMap { SnapshotID($0) }.flatMap { transaction.state.snapshots[$0] })
        #expect(transaction.state.lineage(of: other) == other.id.description)
    }

    @Test("an account has only so many on their way at a time")
    func pending() throws {
        var transaction = transaction()
        for _ in 0..<100 { _ = try StartSnapshot.perform(EBS.StartSnapshotRequest(volumeSize: 1), &transaction) }
        do throws(EC2Error) {
            _ = try StartSnapshot.perform(EBS.StartSnapshotRequest(volumeSize: 1), &transaction)
            Issue.record("one too many")
        } catch {
            #expect(error.code == "ConcurrentLimitExceededException" && error.httpStatus == 400)
        }
    }
}
