import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `ListSnapshotBlocks`: the blocks that are not zeros, with tokens to fetch them.
enum ListSnapshotBlocks: NodeAction {
    typealias Operation = EBS.Operation.ListSnapshotBlocks

    static func perform(
        _ input: Operation.Input, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> Operation.Output {
        let snapshot = try SnapshotLookup.readable(input.snapshotID, by: caller.account, in: cloud.records)
        let tokens = try await BlockTokens.of(caller, in: cloud)
        let listing = BlockListing(input, from: input.startingBlockIndex, of: "blocks/\(snapshot.id)")
        let found = try await listing.page(tokens) { (start, limit) throws(NodeError) in
            try await node.blocks(of: snapshot.bytes, from: start, limit: limit)
        }
        let expiry = BlockTokens.expiry(after: cloud.now)
        return Operation.Output(
            blocks: found.items.map { block in
                EBS.Block(
                    blockIndex: block.index, blockToken: tokens.block(block.index, of: snapshot.id, until: expiry))
            },
            expiryTime: expiry, volumeSize: snapshot.sizeGiB, blockSize: SnapshotBlocks.byteCount,
            nextToken: found.nextToken)
    }
}
