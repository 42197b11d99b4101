import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `CompleteSnapshot`: no block can be put any more; the snapshot is completed soon afterwards.
enum CompleteSnapshot: NodeAction {
    typealias Operation = EBS.Operation.CompleteSnapshot

    static func perform(
        _ input: Operation.Input, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> Operation.Output {
        let snapshot = try SnapshotLookup.writable(input.snapshotID, by: caller.account, in: cloud.records)
        // Said again.
        guard snapshot.state == .pending, snapshot.origin == .blocks(areComplete: false) else {
            return Operation.Output(status: EBS.Status(snapshot.state))
        }
        let put = try await node.whenBegun(snapshot) { () throws(NodeError) in
            try await node.putBlocks(of: snapshot.bytes)
        }
        guard put.count == input.changedBlocksCount else {
            throw EBS.Refusal.validation(
                .invalidParameterValue,
                "ChangedBlocksCount is \(input.changedBlocksCount), but \(put.count) blocks were written.")
        }
        if let checksum = input.checksum, Base64.decode(checksum) != put.checksum {
            throw EBS.Refusal.validation(
                .invalidParameterValue, "The checksum is not that of the blocks that were written.")
        }
        let state = try await cloud.transact(as: caller) { transaction throws(EC2Error) in
            transaction.sealSnapshot(snapshot.id)
            return transaction.state.snapshots[snapshot.id]?.state ?? .error
        }
        return Operation.Output(status: EBS.Status(state))
    }
}
