import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CopySnapshot`: a snapshot of the caller's own with the same bytes, which need the source no more.
enum CopySnapshot: RecordAction {
    typealias Operation = EC2.Operation.CopySnapshot

    static func perform(
        _ input: EC2.CopySnapshotRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CopySnapshotResult {
        try refuseUnserved(input)
        let region = transaction.settings.region
        for (name, value) in [
            ("SourceRegion", input.sourceRegion), ("DestinationRegion", input.destinationRegion ?? region),
        ]
        where value != region {
            throw .invalidParameterValue(
                name: name, value: value, reason: "This cloud has one region, \(region).")
        }
        if let minutes = input.completionDurationMinutes, minutes % 15 != 0 {
            throw .invalidParameterValue(
                name: "CompletionDurationMinutes", value: "\(minutes)",
                reason: "It must be a multiple of 15, from 15 to 2880.")
        }
        let tags = try TagSpecifications.tags(input.tagSpecifications, for: "snapshot", in: transaction)
        var copy = try transaction.copySnapshot(
            Lookup.id(input.sourceSnapshotID), description: try SnapshotText.checked(input.description), tags: tags,
            encryption: try EncryptionWish(input.encrypted, key: input.kmsKeyID, in: transaction))
        if let minutes = input.completionDurationMinutes {
            copy.completionMinutes = minutes
            transaction.put(copy)
        }
        return EC2.CopySnapshotResult(tags: EC2.Tag.list(tags), snapshotID: copy.id.description)
    }

    private static func refuseUnserved(_ input: EC2.CopySnapshotRequest) throws(EC2Error) {
        try UnservedMembers.refuse(
            ["DestinationOutpostArn": input.destinationOutpostARN != nil], because: UnservedMembers.noOutposts)
        try UnservedMembers.refuse(
            ["DestinationAvailabilityZone": input.destinationAvailabilityZone != nil],
            because: "it has no Local Zones.")
    }
}
