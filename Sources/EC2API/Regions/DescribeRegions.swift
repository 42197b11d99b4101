import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeRegions`: the region that this cloud serves; AWS's others, when asked for, as not opted in.
enum DescribeRegions: RecordAction {
    typealias Operation = EC2.Operation.DescribeRegions

    private static let filters = FilterTable<EC2.Region>([
        "endpoint": { region, _ in region.endpoint.map { [$0] } ?? [] },
        "opt-in-status": { region, _ in region.optInStatus.map { [$0] } ?? [] },
        "region-name": { region, _ in region.regionName.map { [$0] } ?? [] },
    ])

    static func perform(
        _ input: EC2.DescribeRegionsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeRegionsResult {
        let own = transaction.settings.region
        let names =
            try input.regionNames.isEmpty ? shown(own, all: input.allRegions == true) : known(input.regionNames, own)
        let regions = names.sorted().map { region($0, own: own) }
        return EC2.DescribeRegionsResult(
            regions: try filters.select(regions, by: input.filters, in: transaction.state))
    }

    private static func shown(_ own: String, all: Bool) -> Set<String> {
        all ? Set(RegionNames.all.map(\.name) + [own]) : [own]
    }

    private static func known(_ names: [String], _ own: String) throws(EC2Error) -> Set<String> {
        for name in names where name != own && RegionNames.entry(name) == nil {
            throw .invalidParameterValue("Invalid region provided: \(name)")
        }
        return Set(names)
    }

    private static func region(_ name: String, own: String) -> EC2.Region {
        let entry = RegionNames.entry(name)
        let status =
            name != own ? "not-opted-in" : entry?.needsOptIn == true ? "opted-in" : "opt-in-not-required"
        return EC2.Region(
            optInStatus: status, geography: entry.map { [EC2.RegionGeography(name: $0.geography)] } ?? [],
            regionName: name, endpoint: "ec2.\(name).amazonaws.com")
    }
}
