import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import Crypto
import NodeContract

/// `GetSnapshotBlock`: the bytes of a block that was listed.
enum GetSnapshotBlock: NodeAction {
    typealias Operation = EBS.Operation.GetSnapshotBlock

    static func perform(
        _ input: Operation.Input, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> Operation.Output {
        let snapshot = try SnapshotLookup.readable(input.snapshotID, by: caller.account, in: cloud.records)
        let tokens = try await BlockTokens.of(caller, in: cloud)
        try tokens.check(input.blockToken, for: input.blockIndex, of: snapshot.id, at: cloud.now)
        let bytes: [UInt8]
        do throws(NodeError) {
            bytes = try await node.block(at: input.blockIndex, of: snapshot.bytes)
        } catch {
            throw SnapshotLookup.refusal(of: error)
        }
        return Operation.Output(
            dataLength: bytes.count, blockData: bytes,
            checksum: Base64.encode(Array(SHA256.hash(data: bytes))), checksumAlgorithm: .sha256)
    }
}
