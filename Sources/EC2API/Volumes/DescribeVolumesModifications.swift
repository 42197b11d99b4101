import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeVolumesModifications`: there are none, since volumes stay as they were made.
enum DescribeVolumesModifications: RecordAction {
    typealias Operation = EC2.Operation.DescribeVolumesModifications

    private static let filters = FilterTable<EC2.VolumeModification>(
        Dictionary(
            uniqueKeysWithValues: [
                "modification-state", "original-iops", "original-size", "original-volume-type",
                "originalMultiAttachEnabled", "start-time", "target-iops", "target-size", "target-volume-type",
                "targetMultiAttachEnabled", "volume-id",
            ].map { ($0, { _, _ in [] } as FilterTable<EC2.VolumeModification>.Values) }))

    static func perform(
        _ input: EC2.DescribeVolumesModificationsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeVolumesModificationsResult {
        try Pagination.check(input, atLeast: 1)
        let named: [VolumeRecord] = try Lookup.owned(input.volumeIDs, in: transaction)
        if !input.volumeIDs.isEmpty, let volume = named.first {
            throw EC2Error(
                "InvalidVolumeModification.NotFound", "Modification for volume '\(volume.id)' does not exist.")
        }
        let none = try filters.select([], by: input.filters, in: transaction.state)
        let page = try Pagination.page(none, for: input) { $0.volumeID ?? "" }
        return EC2.DescribeVolumesModificationsResult(nextToken: page.nextToken, volumesModifications: page.items)
    }
}
