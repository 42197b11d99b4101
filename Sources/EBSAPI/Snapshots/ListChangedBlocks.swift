import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `ListChangedBlocks`: where two snapshots of one lineage differ; without a first one, all that the second has.
enum ListChangedBlocks: NodeAction {
    typealias Operation = EBS.Operation.ListChangedBlocks

    static func perform(
        _ input: Operation.Input, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> Operation.Output {
        let records = cloud.records
        let second = try SnapshotLookup.readable(input.secondSnapshotID, by: caller.account, in: records)
        let first = try input.firstSnapshotID.map { id throws(EC2Error) in
            try SnapshotLookup.readable(id, by: caller.account, in: records)
        }
        if let first, records.lineage(of: first) != records.lineage(of: second) {
            throw EBS.Refusal.validation(
                .unrelatedSnapshots, "The snapshots '\(first.id)' and '\(second.id)' are not of one lineage.")
        }
        let tokens = try await BlockTokens.of(caller, in: cloud)
        let listing = BlockListing(
            input, from: input.startingBlockIndex, of: "changes/\(first?.id.description ?? "")/\(second.id)")
        let found = try await listing.page(tokens) { (start, limit) throws(NodeError) in
            try await node.changes(from: first, to: second, from: start, limit: limit)
        }
        let expiry = BlockTokens.expiry(after: cloud.now)
        return Operation.Output(
            changedBlocks: found.items.map { block in
                EBS.ChangedBlock(
                    blockIndex: block.index,
                    firstBlockToken: (block.isInFirst ? first : nil).map { snapshot in
                        tokens.block(block.index, of: snapshot.id, until: expiry)
                    },
                    secondBlockToken: block.isInSecond
                        ? tokens.block(block.index, of: second.id, until: expiry) : nil)
            },
            expiryTime: expiry, volumeSize: second.sizeGiB, blockSize: SnapshotBlocks.byteCount,
            nextToken: found.nextToken)
    }
}

extension Node {
    fileprivate func changes(
        from first: SnapshotRecord?, to second: SnapshotRecord, from index: Int, limit: Int
    ) async throws(NodeError) -> [ChangedSnapshotBlock] {
        if let first {
            return try await changedBlocks(from: first.bytes, to: second.bytes, from: index, limit: limit)
        }
        return try await blocks(of: second.bytes, from: index, limit: limit).map { block in
            ChangedSnapshotBlock(index: block.index, isInFirst: false, isInSecond: true)
        }
    }
}
