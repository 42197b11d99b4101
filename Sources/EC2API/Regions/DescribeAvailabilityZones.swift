import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeAvailabilityZones`: the zones of the region, all of which are open to everybody.
enum DescribeAvailabilityZones: RecordAction {
    typealias Operation = EC2.Operation.DescribeAvailabilityZones

    private static let filters = FilterTable<EC2.AvailabilityZone>([
        "group-long-name": { zone, _ in zone.groupLongName.map { [$0] } ?? [] },
        "group-name": { zone, _ in zone.groupName.map { [$0] } ?? [] },
        "message": { zone, _ in zone.messages.compactMap(\.message) },
        "opt-in-status": { zone, _ in zone.optInStatus.map { [$0.rawValue] } ?? [] },
        "parent-zone-id": { zone, _ in zone.parentZoneID.map { [$0] } ?? [] },
        "parent-zone-name": { zone, _ in zone.parentZoneName.map { [$0] } ?? [] },
        "region-name": { zone, _ in zone.regionName.map { [$0] } ?? [] },
        "state": { zone, _ in zone.state.map { [$0.rawValue] } ?? [] },
        "zone-id": { zone, _ in zone.zoneID.map { [$0] } ?? [] },
        "zone-name": { zone, _ in zone.zoneName.map { [$0] } ?? [] },
        "zone-type": { zone, _ in zone.zoneType.map { [$0] } ?? [] },
    ])

    static func perform(
        _ input: EC2.DescribeAvailabilityZonesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeAvailabilityZonesResult {
        let zones = transaction.settings.zones
        try check(input.zoneNames, among: zones.map(\.name))
        try check(input.zoneIDs, among: zones.map(\.id))
        let named = zones.filter { zone in
            (input.zoneNames.isEmpty && input.zoneIDs.isEmpty) || input.zoneNames.contains(zone.name)
                || input.zoneIDs.contains(zone.id)
        }
        let shown = named.map { shape($0, in: transaction.settings.region) }
        return EC2.DescribeAvailabilityZonesResult(
            availabilityZones: try filters.select(shown, by: input.filters, in: transaction.state))
    }

    private static func check(_ texts: [String], among known: [String]) throws(EC2Error) {
        let unknown = texts.filter { !known.contains($0) }
        guard unknown.isEmpty else {
            throw .invalidParameterValue("Invalid availability zone: [\(unknown.joined(separator: ", "))]")
        }
    }

    private static func shape(_ zone: CloudSettings.Zone, in region: String) -> EC2.AvailabilityZone {
        let entry = RegionNames.entry(region)
        return EC2.AvailabilityZone(
            optInStatus: .optInNotRequired, regionName: region, zoneName: zone.name, zoneID: zone.id,
            groupName: "\(region)-zg-1", networkBorderGroup: region, zoneType: "availability-zone",
            groupLongName: "\(entry?.longName ?? region) 1",
            geography: entry.map { [EC2.AvailabilityZoneGeography(name: $0.geography)] } ?? [], state: .available)
    }
}
