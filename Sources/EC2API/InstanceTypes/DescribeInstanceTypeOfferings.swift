import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue

/// `DescribeInstanceTypeOfferings`: every type in the region and in each of its zones; there are no Outposts.
enum DescribeInstanceTypeOfferings: RecordAction {
    typealias Operation = EC2.Operation.DescribeInstanceTypeOfferings

    private struct Offering: Sendable {
        let type: String
        let location: String
    }

    private static let filters = FilterTable<Offering>([
        "instance-type": { offering, _ in [offering.type] },
        "location": { offering, _ in [offering.location] },
    ])

    static func perform(
        _ input: EC2.DescribeInstanceTypeOfferingsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeInstanceTypeOfferingsResult {
        let kind = input.locationType ?? .region
        let places = locations(of: kind, transaction.settings)
        let offerings = InstanceTypeCatalogue.shared.all.flatMap { type in
            let name = type.name
            return places.map { Offering(type: name, location: $0) }
        }
        let kept = try filters.select(offerings, by: input.filters, in: transaction.state)
        let page = try Pagination.page(kept, for: input) { "\($0.type) \($0.location)" }
        return EC2.DescribeInstanceTypeOfferingsResult(
            instanceTypeOfferings: page.items.map {
                EC2.InstanceTypeOffering(
                    instanceType: $0.type, locationType: kind, location: $0.location)
            },
            nextToken: page.nextToken)
    }

    private static func locations(of kind: EC2.LocationType, _ settings: CloudSettings) -> [String] {
        switch kind {
        case .region: [settings.region]
        case .availabilityZone: settings.zones.map(\.name).sorted()
        case .availabilityZoneID: settings.zones.map(\.id).sorted()
        case .outpost: []
        }
    }
}
