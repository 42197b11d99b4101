// Values of requests about instances, checked: user data, metadata options, credit specifications, zones.

import AWSWire
import CloudTypes
import ControlPlane

enum UserDataText {
    static let longest = 16_384

    /// The bytes; nil where there are none.
    ///
    /// - Throws: `InvalidParameterValue` above 16 KiB.
    static func checked(_ bytes: [UInt8]?) throws(EC2Error) -> [UInt8]? {
        guard let bytes, !bytes.isEmpty else { return nil }
        guard bytes.count <= longest else {
            throw .invalidParameterValue("User data is limited to \(longest) bytes")
        }
        return bytes
    }
}

enum MetadataOptionsText {
    /// - Throws: `InvalidParameterValue` outside 1...64.
    static func check(hopLimit: Int) throws(EC2Error) {
        guard (1...64).contains(hopLimit) else {
            throw .invalidParameterValue(
                name: "HttpPutResponseHopLimit", value: "\(hopLimit)", reason: "The value must be between 1 and 64.")
        }
    }
}

enum CreditText {
    /// - Throws: `InvalidParameterValue` for what is neither `standard` nor `unlimited`.
    static func checked(_ text: String?) throws(EC2Error) -> String? {
        guard let text else { return nil }
        guard ["standard", "unlimited"].contains(text) else {
            throw .invalidParameterValue(
                name: "CpuCredits", value: text, reason: "Valid values are standard and unlimited.")
        }
        return text
    }
}

enum ReservationText {
    /// - Throws: `InvalidParameterCombination` for a preference beside a target, `UnsupportedOperation` for a resource group.
    static func checked(
        _ wish: EC2.CapacityReservationSpecification?
    ) throws(EC2Error) -> (preference: String?, target: CapacityReservationID?) {
        guard let wish else { return (nil, nil) }
        let target = wish.capacityReservationTarget
        try UnservedMembers.refuse(
            ["CapacityReservationResourceGroupArn": target?.capacityReservationResourceGroupARN != nil],
            because: "it has no resource groups.")
        guard let id = target?.capacityReservationID else {
            return (wish.capacityReservationPreference?.rawValue, nil)
        }
        guard wish.capacityReservationPreference == nil else {
            throw .invalidParameterCombination(
                "Specify either CapacityReservationPreference or CapacityReservationTarget, but not both.")
        }
        return (nil, try Lookup.id(id))
    }
}

enum PlacementText {
    /// The placement group that is meant; nil where none is.
    ///
    /// - Throws: `InvalidPlacementGroupId.Malformed`, `InvalidParameterCombination` for a partition of no group.
    static func group(_ placement: EC2.Placement?) throws(EC2Error) -> LaunchOrder.GroupWish? {
        var wish = LaunchOrder.GroupWish()
        wish.name = placement?.groupName.flatMap { $0.isEmpty ? nil : $0 }
        if let id = placement?.groupID, !id.isEmpty { wish.id = try Lookup.id(id) }
        wish.partition = placement?.partitionNumber
        if wish.name != nil || wish.id != nil { return wish }
        guard wish.partition == nil else {
            throw .invalidParameterCombination("A partition number needs a placement group.")
        }
        return nil
    }

    /// The zone asked for by name or id; nil where the caller leaves it open.
    ///
    /// - Throws: `InvalidParameterValue` for a zone that is not there, `InvalidParameterCombination` for two.
    static func zone(_ placement: EC2.Placement?, in settings: CloudSettings) throws(EC2Error) -> String? {
        try zone(name: placement?.availabilityZone, id: placement?.availabilityZoneID, in: settings)
    }

    static func zone(name: String?, id: String?, in settings: CloudSettings) throws(EC2Error) -> String? {
        let (name, id) = (name.flatMap { $0.isEmpty ? nil : $0 }, id.flatMap { $0.isEmpty ? nil : $0 })
        if name != nil, id != nil {
            throw .invalidParameterCombination(
                "Specify either 'AvailabilityZone' or 'AvailabilityZoneId', but not both.")
        }
        guard let text = name ?? id else { return nil }
        guard let zone = settings.zones.first(where: { (name == nil ? $0.id : $0.name) == text }) else {
            throw .invalidParameterValue("Invalid availability zone: [\(text)]")
        }
        return zone.name
    }
}
