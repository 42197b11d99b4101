import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeVolumeStatus`: a volume whose bytes exist is well; nothing is known of one that is being made or has failed.
enum DescribeVolumeStatus: RecordAction {
    typealias Operation = EC2.Operation.DescribeVolumeStatus

    static func perform(
        _ input: EC2.DescribeVolumeStatusRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeVolumeStatusResult {
        try Pagination.refusePage(input, besides: input.volumeIDs, "volumeSet")
        try Pagination.check(input, atLeast: 5)
        let named: [VolumeRecord] = try Lookup.owned(input.volumeIDs, in: transaction)
        let settings = transaction.settings
        let selected = try filters.select(
            named.map { EC2.VolumeStatusItem($0, settings) }, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) {
            $0.volumeID ?? ""
        }
        return EC2.DescribeVolumeStatusResult(nextToken: page.nextToken, volumeStatuses: page.items)
    }

    private static let absent: FilterTable<EC2.VolumeStatusItem>.Values = { _, _ in [] }

    private static let filters = FilterTable<EC2.VolumeStatusItem>(
        [
            "action.code": absent, "action.description": absent, "action.event-id": absent,
            "event.description": absent, "event.event-id": absent, "event.event-type": absent,
            "event.not-after": absent, "event.not-before": absent,
            "availability-zone": { item, _ in item.availabilityZone.map { [$0] } ?? [] },
            "volume-status.details-name": { item, _ in
                item.volumeStatus?.details.compactMap { $0.name?.rawValue } ?? []
            },
            "volume-status.details-status": { item, _ in
                item.volumeStatus?.details.compactMap(\.status) ?? []
            },
            "volume-status.status": { item, _ in item.volumeStatus?.status.map { [$0.rawValue] } ?? [] },
        ])
}

extension EC2.VolumeStatusItem {
    init(_ volume: VolumeRecord, _ settings: CloudSettings) {
        let isThere: Bool =
            switch volume.state {
            case .available, .inUse: true
            case .creating, .deleting, .error: false
            }
        self.init()
        availabilityZone = volume.availabilityZone
        availabilityZoneID = settings.zoneID(ofZone: volume.availabilityZone)
        volumeID = volume.id.description
        volumeStatus = EC2.VolumeStatusInfo(
            details: [
                EC2.VolumeStatusDetails(name: .ioEnabled, status: isThere ? "passed" : "insufficient-data"),
                EC2.VolumeStatusDetails(name: .ioPerformance, status: "not-applicable"),
            ],
            status: isThere ? .ok : .insufficientData)
    }
}
