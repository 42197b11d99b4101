import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeVolumes`
enum DescribeVolumes: RecordAction {
    typealias Operation = EC2.Operation.DescribeVolumes

    static func perform(
        _ input: EC2.DescribeVolumesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeVolumesResult {
        try Pagination.refusePage(input, besides: input.volumeIDs, "volumeSet")
        try Pagination.check(input, atLeast: 5)
        let named: [VolumeRecord] = try Lookup.owned(input.volumeIDs, in: transaction)
        let (state, settings) = (transaction.state, transaction.settings)
        let selected = try VolumeFilters.table(settings).select(named, by: input.filters, in: state)
        let page = try Pagination.page(selected, for: input) {
            $0.id.description
        }
        return EC2.DescribeVolumesResult(
            nextToken: page.nextToken, volumes: page.items.map { EC2.Volume($0, settings) })
    }
}
