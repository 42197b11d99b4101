import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `DescribeVolumeStatus`: a volume whose bytes exist is well while no write of its guest waits for room on the host's
/// disk; nothing is known of one that is being made or has failed.
enum DescribeVolumeStatus: LiveAction {
    typealias Operation = EC2.Operation.DescribeVolumeStatus

    static func rehearse(
        _ input: EC2.DescribeVolumeStatusRequest, _ transaction: inout Transaction
    ) throws(EC2Error) {
        _ = try answer(input, in: transaction, DiskObservation())
    }

    static func perform(
        _ input: EC2.DescribeVolumeStatusRequest, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> EC2.DescribeVolumeStatusResult {
        let records = cloud.snapshot(as: caller)
        let filling = try named(by: input, in: records).filter { $0.isRealised && $0.needsSnapshot }
        let places = filling.map { ($0.id, $0.guest(in: records.state)) }
        return try answer(
            input, in: records, await node.observeDisks(filling: Dictionary(places) { $1 }))
    }

    private static func named(
        by input: EC2.DescribeVolumeStatusRequest, in records: Transaction
    ) throws(EC2Error) -> [VolumeRecord] {
        try Pagination.refusePage(input, besides: input.volumeIDs, "volumeSet")
        try Pagination.check(input, atLeast: 5)
        return try Lookup.owned(input.volumeIDs, in: records)
    }

    static func answer(
        _ input: EC2.DescribeVolumeStatusRequest, in records: Transaction, _ disks: DiskObservation
    ) throws(EC2Error) -> EC2.DescribeVolumeStatusResult {
        let items = try named(by: input, in: records).map { EC2.VolumeStatusItem($0, disks, records.settings) }
        let selected = try filters.select(items, by: input.filters, in: records.state)
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
    init(_ volume: VolumeRecord, _ disks: DiskObservation, _ settings: CloudSettings) {
        let isThere: Bool =
            switch volume.state {
            case .available, .inUse: true
            case .creating, .deleting, .error: false
            }
        self.init()
        availabilityZone = volume.availabilityZone
        availabilityZoneID = settings.zoneID(ofZone: volume.availabilityZone)
        volumeID = volume.id.description
        let isStalled = volume.attachments.contains { disks.starvedGuests.contains($0.instance) }
        let isWatched = ["gp3", "io1", "io2"].contains(volume.volumeType)
        let isFailed = volume.isLost == true || isStalled && !isWatched
        let isEnabled = !isThere ? "insufficient-data" : isFailed ? "failed" : "passed"
        volumeStatus = EC2.VolumeStatusInfo(
            details: [
                EC2.VolumeStatusDetails(name: .ioEnabled, status: isEnabled),
                EC2.VolumeStatusDetails(
                    name: .ioPerformance, status: isStalled && isWatched ? "stalled" : "not-applicable"),
            ],
            status: !isThere ? .insufficientData : isStalled || isFailed ? .impaired : .ok)
        guard volume.snapshot != nil || volume.source != nil, volume.isLost != true else { return }
        initializationStatusDetails = EC2.InitializationStatusDetails(volume, disks.fillings[volume.id])
        volumeStatus?.details.append(
            EC2.VolumeStatusDetails(
                name: .initializationState, status: volume.needsSnapshot ? "initializing" : "completed"))
    }
}

extension EC2.InitializationStatusDetails {
    /// - Parameter filling: nil: nothing is known of a volume that is not filled yet.
    fileprivate init(_ volume: VolumeRecord, _ filling: DiskObservation.Filling?) {
        self.init()
        let rate = volume.initializationRate
        initializationType = volume.source != nil ? .volumeCopy : rate != nil ? .provisionedRate : .default
        let missing = volume.needsSnapshot ? filling.map { $0.blocks - $0.filled } : 0
        progress =
            if !volume.needsSnapshot { 100 } else if let filling, filling.blocks > 0 {
                // All of it is there only once it stands alone.
                min(99, filling.filled * 100 / filling.blocks)
            } else { 0 }
        if let rate, let missing { estimatedTimeToCompleteInSeconds = (missing / 2 + rate - 1) / rate }
    }
}
