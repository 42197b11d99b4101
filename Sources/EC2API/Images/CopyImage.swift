import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CopyImage`: an image of the caller's own over copies of the snapshots, which need the source no more.
enum CopyImage: RecordAction {
    typealias Operation = EC2.Operation.CopyImage

    static func perform(
        _ input: EC2.CopyImageRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CopyImageResult {
        try refuseUnserved(input)
        let region = transaction.settings.region
        guard input.sourceRegion == region else {
            throw .invalidParameterValue(
                name: "SourceRegion", value: input.sourceRegion, reason: "This cloud has one region, \(region).")
        }
        if let minutes = input.snapshotCopyCompletionDurationMinutes,
            !(15...2_880).contains(minutes) || minutes % 15 != 0
        {
            throw .invalidParameterValue(
                name: "SnapshotCopyCompletionDurationMinutes", value: "\(minutes)",
                reason: "It must be a multiple of 15, from 15 to 2880.")
        }
        var order = ImageCopyOrder(source: try Lookup.id(input.sourceImageID), name: input.name)
        order.description = input.description
        // A copy stays encrypted that is said not to be: clients say so where nobody asked for anything.
        order.encryption = try EncryptionWish(
            input.encrypted == true ? true : nil, key: input.kmsKeyID, in: transaction)
        order.copiesTags = input.copyImageTags == true
        order.completionMinutes = input.snapshotCopyCompletionDurationMinutes
        (order.tags, order.snapshotTags) = try ImageTags.tags(input.tagSpecifications, in: transaction)
        return EC2.CopyImageResult(imageID: try transaction.copyImage(order).id.description)
    }

    private static func refuseUnserved(_ input: EC2.CopyImageRequest) throws(EC2Error) {
        try UnservedMembers.refuse(
            ["DestinationOutpostArn": input.destinationOutpostARN != nil], because: UnservedMembers.noOutposts)
        try UnservedMembers.refuse(
            [
                "DestinationAvailabilityZone": input.destinationAvailabilityZone != nil,
                "DestinationAvailabilityZoneId": input.destinationAvailabilityZoneID != nil,
            ], because: "it has no Local Zones.")
    }
}
