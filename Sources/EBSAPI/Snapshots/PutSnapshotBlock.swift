import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import Crypto
import NodeContract

/// `PutSnapshotBlock`: answers once the block is durable.
enum PutSnapshotBlock: NodeAction {
    typealias Operation = EBS.Operation.PutSnapshotBlock

    static func perform(
        _ input: Operation.Input, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> Operation.Output {
        let snapshot = try SnapshotLookup.writable(input.snapshotID, by: caller.account, in: cloud.records)
        guard snapshot.state == .pending, snapshot.origin == .blocks(areComplete: false) else {
            throw EBS.Refusal.validation(
                .invalidSnapshotID, "The snapshot '\(snapshot.id)' is complete: no block can be put any more.")
        }
        try check(input, snapshot)
        try await node.whenBegun(snapshot) { () throws(NodeError) in
            try await node.putBlock(input.blockData, at: input.blockIndex, of: snapshot.bytes)
        }
        try await note(snapshot, progress: input.progress, by: caller, in: cloud)
        return Operation.Output(checksum: input.checksum, checksumAlgorithm: .sha256)
    }

    private static func check(_ input: Operation.Input, _ snapshot: SnapshotRecord) throws(EC2Error) {
        let size = SnapshotBlocks.byteCount
        guard input.dataLength == size, input.blockData.count == size else {
            throw EBS.Refusal.validation(.invalidBlock, "A block has \(size) bytes.")
        }
        guard input.blockIndex < SnapshotBlocks.count(of: snapshot) else {
            throw EBS.Refusal.validation(
                .invalidBlock, "The block index \(input.blockIndex) lies beyond \(snapshot.sizeGiB) GiB.")
        }
        guard let checksum = Base64.decode(input.checksum), checksum.count == 32 else {
            throw EBS.Refusal.validation(.invalidParameterValue, "The checksum is no SHA-256 in base64.")
        }
        guard checksum == Array(SHA256.hash(data: input.blockData)) else {
            throw EBS.Refusal.validation(.invalidBlock, "The checksum is not that of the block's data.")
        }
    }

    /// The record follows now and then: it tells how long nothing came, and how far the caller is.
    private static func note(
        _ snapshot: SnapshotRecord, progress: Int?, by caller: Caller, in cloud: Cloud
    ) async throws(EC2Error) {
        let hasProgressed = progress.map { $0 > snapshot.progress ?? 0 } ?? false
        guard hasProgressed || snapshot.writing?.isStale(at: cloud.now) ?? false else { return }
        try await cloud.transact(as: caller) { transaction throws(EC2Error) in
            transaction.noteBlock(of: snapshot.id, progress: progress)
        }
    }
}
