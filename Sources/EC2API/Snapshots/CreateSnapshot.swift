import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `CreateSnapshot`: the volume as it is when the call is answered; its bytes are stored afterwards.
enum CreateSnapshot: LiveAction {
    typealias Operation = EC2.Operation.CreateSnapshot

    static func rehearse(
        _ input: EC2.CreateSnapshotRequest, _ transaction: inout Transaction
    ) throws(EC2Error) {
        _ = try accept(input, &transaction)
    }

    static func perform(
        _ input: EC2.CreateSnapshotRequest, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> EC2.Snapshot {
        let made = try await cloud.takeSnapshots(as: caller) { transaction throws(EC2Error) in
            [try accept(input, &transaction)]
        }
        guard let snapshot = made.first else {
            throw .internalError(logged: "a snapshot of \(input.volumeID) vanished while it was taken")
        }
        return EC2.Snapshot(snapshot, in: cloud.records, settings: cloud.settings)
    }

    private static func accept(
        _ input: EC2.CreateSnapshotRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> SnapshotRecord {
        try SnapshotPlace.check(outpost: input.outpostARN, location: input.location)
        var order = SnapshotOrder(volume: try Lookup.id(input.volumeID))
        order.description = try SnapshotText.checked(input.description)
        order.tags = try TagSpecifications.tags(input.tagSpecifications, for: "snapshot", in: transaction)
        return try transaction.createSnapshot(order)
    }
}

/// Where a snapshot may be: in the region.
enum SnapshotPlace {
    /// - Throws: `UnsupportedOperation`.
    static func check(outpost: String?, location: EC2.SnapshotLocationEnum?) throws(EC2Error) {
        try UnservedMembers.refuse(["OutpostArn": outpost != nil], because: UnservedMembers.noOutposts)
        try UnservedMembers.refuse(["Location": location == .local], because: "it has no Local Zones.")
    }
}

enum SnapshotText {
    /// At most 255 characters.
    ///
    /// - Throws: `InvalidParameterValue`.
    static func checked(_ description: String?) throws(EC2Error) -> String {
        let text = description ?? ""
        guard text.unicodeScalars.count <= 255 else {
            throw .invalidParameterValue(
                name: "description", value: text, reason: "Character sets beyond 255 characters are not supported.")
        }
        return text
    }
}
