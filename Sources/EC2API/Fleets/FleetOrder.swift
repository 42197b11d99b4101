// What a CreateFleet request asks for: checked, and what cannot be obeyed refused.
// Source: EC2 API Reference, "CreateFleet".

import AWSWire
import CloudTypes
import ControlPlane

struct FleetOrder {
    /// What is wanted in one market.
    struct Part {
        var market: FleetRecord.Market
        var units: Double
        var strategy: FleetStrategy
        var isOfOneType: Bool
        var isInOneZone: Bool
        var leastUnits: Double
        var mostPerHour: Double?
    }

    /// What the capacity is counted in.
    var unit: EC2.TargetCapacityUnitType
    var parts: [Part]
    var tags: [String: String]
    var instanceTags: [EC2.TagSpecification]

    /// - Throws: `UnsupportedOperation`, `InvalidParameterValue`, `InvalidParameterCombination`,
    ///   `InvalidTargetCapacitySpecification`.
    init(_ input: EC2.CreateFleetRequest, in transaction: Transaction) throws(EC2Error) {
        try FleetOrder.refuseUnserved(input)
        let target = input.targetCapacitySpecification
        unit = target.targetCapacityUnitType ?? .units
        let (onDemand, spot) = try FleetOrder.split(target)
        parts = [
            try FleetOrder.onDemandPart(input.onDemandOptions, units: onDemand),
            try FleetOrder.spotPart(input.spotOptions, units: spot),
        ].filter { $0.units > 0 }
        let limit = transaction.settings.quotas.tagsPerResource
        let types: Set = ["fleet", "instance"]
        tags = try TagSpecifications.tags(input.tagSpecifications, for: "fleet", allowed: types, limit: limit)
        _ = try TagSpecifications.tags(input.tagSpecifications, for: "instance", allowed: types, limit: limit)
        instanceTags = input.tagSpecifications.filter { $0.resourceType == "instance" }
    }

    private static func refuseUnserved(_ input: EC2.CreateFleetRequest) throws(EC2Error) {
        guard input.type == .instant else {
            throw .unsupported(
                "Fleets of the type '\(input.type?.rawValue ?? "maintain")' are not supported by this cloud: "
                    + "use the type 'instant'.")
        }
        try UnservedMembers.refuse(
            ["ReservedCapacityOptions": input.reservedCapacityOptions != nil, "Context": input.context != nil],
            because: "there is no capacity reserved for fleets.")
        try UnservedMembers.refuse(
            [
                "SpotOptions.MaintenanceStrategies": input.spotOptions?.maintenanceStrategies != nil,
                "ValidFrom": input.validFrom != nil, "ValidUntil": input.validUntil != nil,
                "TerminateInstancesWithExpiration": input.terminateInstancesWithExpiration == true,
                "ReplaceUnhealthyInstances": input.replaceUnhealthyInstances == true,
            ], because: "a fleet of the type 'instant' is launched once.")
        try UnservedMembers.refuse(
            [
                "OnDemandOptions.CapacityReservationOptions":
                    input.onDemandOptions?.capacityReservationOptions != nil
            ], because: "fleets use no capacity reservations.")
    }

    /// Units on demand and as spot instances: what is not given goes to the default market.
    private static func split(
        _ target: EC2.TargetCapacitySpecificationRequest
    ) throws(EC2Error) -> (onDemand: Double, spot: Double) {
        let total = target.totalTargetCapacity
        guard (0...10_000).contains(total) else {
            throw EC2Error("InvalidTargetCapacitySpecification", "The target capacity must be between 0 and 10000.")
        }
        let isSpot: Bool
        switch target.defaultTargetCapacityType {
        case nil, .onDemand: isSpot = false
        case .spot: isSpot = true
        case .capacityBlock, .reservedCapacity:
            throw .unsupported("The default target capacity type must be 'spot' or 'on-demand' in this cloud.")
        }
        var (onDemand, spot) = (target.onDemandTargetCapacity ?? 0, target.spotTargetCapacity ?? 0)
        guard onDemand >= 0, spot >= 0, onDemand + spot <= total else {
            throw EC2Error(
                "InvalidTargetCapacitySpecification",
                "The on-demand and spot target capacities must not exceed the total target capacity.")
        }
        if isSpot { spot = total - onDemand } else { onDemand = total - spot }
        return (Double(onDemand), Double(spot))
    }

    private static func onDemandPart(
        _ options: EC2.OnDemandOptionsRequest?, units: Double
    ) throws(EC2Error) -> Part {
        let part = Part(
            market: .onDemand, units: units,
            strategy: options?.allocationStrategy == .prioritized ? .prioritized : .lowestPrice(pools: 1),
            isOfOneType: options?.singleInstanceType ?? false, isInOneZone: options?.singleAvailabilityZone ?? false,
            leastUnits: Double(options?.minTargetCapacity ?? 0),
            mostPerHour: try price(options?.maxTotalPrice, named: "OnDemandOptions.MaxTotalPrice"))
        try part.check()
        return part
    }

    private static func spotPart(_ options: EC2.SpotOptionsRequest?, units: Double) throws(EC2Error) -> Part {
        let pools = options?.instancePoolsToUseCount
        let strategy = strategy(options?.allocationStrategy, pools: pools ?? 1)
        guard pools == nil || strategy == .lowestPrice(pools: pools ?? 1) else {
            throw .invalidParameterCombination(
                "InstancePoolsToUseCount is valid with the allocation strategy 'lowest-price' only.")
        }
        guard pools ?? 1 >= 1 else {
            throw .invalidParameterValue("InstancePoolsToUseCount must be at least 1.")
        }
        let part = Part(
            market: .spot, units: units, strategy: strategy, isOfOneType: options?.singleInstanceType ?? false,
            isInOneZone: options?.singleAvailabilityZone ?? false,
            leastUnits: Double(options?.minTargetCapacity ?? 0),
            mostPerHour: try price(options?.maxTotalPrice, named: "SpotOptions.MaxTotalPrice"))
        try part.check()
        return part
    }

    private static func strategy(_ wish: EC2.SpotAllocationStrategy?, pools: Int) -> FleetStrategy {
        switch wish {
        case nil, .lowestPrice, .lowestPrice_: .lowestPrice(pools: pools)
        case .diversified: .diversified
        case .capacityOptimized, .capacityOptimized_: .capacityOptimized(byPriority: false)
        case .capacityOptimizedPrioritized, .capacityOptimizedPrioritized_: .capacityOptimized(byPriority: true)
        case .priceCapacityOptimized, .priceCapacityOptimized_: .priceCapacityOptimized
        }
    }

    private static func price(_ text: String?, named name: String) throws(EC2Error) -> Double? {
        guard let text else { return nil }
        guard let price = Double(text), price.isFinite, price > 0 else {
            throw .invalidParameterValue(name: name, value: text, reason: "A price above 0 is expected.")
        }
        return price
    }
}

extension FleetOrder.Part {
    fileprivate func check() throws(EC2Error) {
        guard leastUnits >= 0, leastUnits <= units || units == 0 else {
            throw .invalidParameterValue("MinTargetCapacity must be between 0 and the target capacity.")
        }
        guard leastUnits == 0 || isOfOneType || isInOneZone else {
            throw .invalidParameterCombination(
                "MinTargetCapacity can be specified only with SingleInstanceType or SingleAvailabilityZone.")
        }
    }
}
