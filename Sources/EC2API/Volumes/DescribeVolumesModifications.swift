import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeVolumesModifications`: the last change of each volume that was ever changed.
enum DescribeVolumesModifications: RecordAction {
    typealias Operation = EC2.Operation.DescribeVolumesModifications

    /// Source: EC2 API Reference, "DescribeVolumesModifications", `MaxResults`.
    private static let largestPage = 500

    private typealias Values = FilterTable<EC2.VolumeModification>.Values

    private static func text(
        _ value: @escaping @Sendable (EC2.VolumeModification) -> (any CustomStringConvertible)?
    ) -> Values {
        { modification, _ in value(modification).map { [$0.description] } ?? [] }
    }

    private static let filters = FilterTable<EC2.VolumeModification>(
        [
            "modification-state": text { $0.modificationState?.rawValue },
            "original-iops": text { $0.originalIOPS },
            "original-size": text { $0.originalSize },
            "original-volume-type": text { $0.originalVolumeType?.rawValue },
            "originalMultiAttachEnabled": text { $0.originalMultiAttachEnabled },
            "start-time": text { $0.startTime },
            "target-iops": text { $0.targetIOPS },
            "target-size": text { $0.targetSize },
            "target-volume-type": text { $0.targetVolumeType?.rawValue },
            "targetMultiAttachEnabled": text { $0.targetMultiAttachEnabled },
            "volume-id": text { $0.volumeID },
        ])

    static func perform(
        _ input: EC2.DescribeVolumesModificationsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeVolumesModificationsResult {
        try Pagination.check(input, atLeast: 1)
        let named: [VolumeRecord] = try Lookup.owned(input.volumeIDs, in: transaction)
        if !input.volumeIDs.isEmpty, let volume = named.first(where: { $0.modification == nil }) {
            throw EC2Error(
                "InvalidVolumeModification.NotFound", "Modification for volume '\(volume.id)' does not exist.")
        }
        let all = named.compactMap { volume in
            volume.modification.map { EC2.VolumeModification($0, of: volume.id) }
        }
        let selected = try filters.select(all, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input, atMost: largestPage) {
            $0.volumeID ?? ""
        }
        return EC2.DescribeVolumesModificationsResult(nextToken: page.nextToken, volumesModifications: page.items)
    }
}

extension EC2.VolumeModification {
    init(_ modification: VolumeModification, of volume: VolumeID) {
        let (original, target) = (modification.original, modification.target)
        self.init()
        volumeID = volume.description
        modificationState = EC2.VolumeModificationState(rawValue: modification.state.rawValue)
        (progress, startTime, endTime) = (modification.progress, modification.startedAt, modification.endedAt)
        (originalSize, originalIOPS, originalThroughput) = (original.sizeGiB, original.iops, original.throughput)
        (targetSize, targetIOPS, targetThroughput) = (target.sizeGiB, target.iops, target.throughput)
        originalVolumeType = EC2.VolumeType(rawValue: original.volumeType)
        targetVolumeType = EC2.VolumeType(rawValue: target.volumeType)
        originalMultiAttachEnabled = modification.originalMultiAttach ?? false
        targetMultiAttachEnabled = modification.targetMultiAttach ?? false
    }
}
