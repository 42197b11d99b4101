// The zone that a caller means, by its name or its id.

import CloudTypes
import ControlPlane

enum ZoneChoice {
    /// The name of the zone; nil where the caller leaves it open.
    ///
    /// - Throws: `InvalidParameterValue` for a zone that is not there, `InvalidParameterCombination` for two.
    static func zone(name: String?, id: String?, in settings: CloudSettings) throws(EC2Error) -> String? {
        if name != nil, id != nil {
            throw .invalidParameterCombination(
                "Specify either 'AvailabilityZone' or 'AvailabilityZoneId', but not both.")
        }
        if let name {
            guard settings.zones.contains(where: { $0.name == name }) else {
                throw unknown(name, "availabilityZone", settings.zones.map(\.name))
            }
            return name
        }
        guard let id else { return nil }
        guard let zone = settings.zones.first(where: { $0.id == id }) else {
            throw unknown(id, "availabilityZoneId", settings.zones.map(\.id))
        }
        return zone.name
    }

    private static func unknown(_ value: String, _ name: String, _ present: [String]) -> EC2Error {
        let list = present.joined(separator: ", ")
        return .invalidParameterValue(
            name: name, value: value,
            reason: "Subnets can currently only be created in the following availability zones: \(list).")
    }
}
