// In which pools a fleet launches, and how much in each: decided from prices, priorities and room, nothing else.
// Source: EC2 User Guide, "Allocation strategies for EC2 Fleet", "Instance weighting".

import CloudTypes
import ControlPlane
import InstanceTypeCatalogue

/// One way to launch: a template with one override of it, and of one instance type.
struct FleetPool: Sendable, Equatable {
    /// `LaunchTemplateSpecification` and `Overrides` by their names on the wire.
    var source: [String: String]
    /// The parameters of RunInstances.
    var launch: [String: String]
    /// What instances tell of the template.
    var templateTags: [String: String]
    var facts: InstanceTypeFacts
    /// Units of capacity that an instance counts for.
    var weight: Double
    /// The lowest comes first; those without one come last.
    var priority: Double?
    /// For an hour of an instance.
    var price: Double
    /// Instances that find room.
    var room: Int

    var pricePerUnit: Double { price / weight }

    /// Where its instances go, as far as the caller says.
    var place: String {
        let zone = launch["Placement.AvailabilityZone"] ?? launch["Placement.AvailabilityZoneId"]
        return launch["SubnetId"] ?? launch["NetworkInterface.1.SubnetId"] ?? zone ?? ""
    }

    func priced(for market: FleetRecord.Market, by prices: PriceTable) -> FleetPool {
        var pool = self
        pool.price = market == .spot ? prices.spot(facts) : prices.onDemand(facts)
        return pool
    }
}

enum FleetStrategy: Sendable, Equatable {
    case lowestPrice(pools: Int)
    case prioritized
    case diversified
    case capacityOptimized(byPriority: Bool)
    case priceCapacityOptimized
}

enum FleetAllocation {
    /// The pools in the order in which they are asked.
    static func order(_ pools: [FleetPool], by strategy: FleetStrategy) -> [FleetPool] {
        switch strategy {
        case .lowestPrice: sorted(pools) { $0.pricePerUnit }
        case .prioritized: sorted(pools) { $0.priority ?? .infinity }
        case .diversified: pools
        case .capacityOptimized(let byPriority):
            // A pool that has room for one is as good as another that has room for more where priorities count.
            sorted(pools) { byPriority ? ($0.room > 0 ? $0.priority ?? .infinity : .infinity) : -Double($0.room) }
        case .priceCapacityOptimized: sorted(pools) { $0.room > 0 ? $0.pricePerUnit : .infinity }
        }
    }

    /// Units that each pool is first asked for; what one cannot give is asked of the others in turn.
    static func shares(of units: Double, over pools: [FleetPool], by strategy: FleetStrategy) -> [Double] {
        let spread =
            switch strategy {
            case .lowestPrice(let count): min(count, pools.count)
            case .diversified: pools.count
            case .prioritized, .capacityOptimized, .priceCapacityOptimized: min(1, pools.count)
            }
        guard spread > 0 else { return pools.map { _ in 0 } }
        var left = units
        return pools.enumerated().map { place, pool in
            guard place < spread, left > 0 else { return 0 }
            let share = min(left, (left / Double(spread - place) / pool.weight).rounded(.up) * pool.weight)
            left -= share
            return share
        }
    }

    /// Equal ones stay in the order in which the caller named them.
    private static func sorted(_ pools: [FleetPool], by value: (FleetPool) -> Double) -> [FleetPool] {
        pools.enumerated().sorted { (value($0.element), $0.offset) < (value($1.element), $1.offset) }.map(\.element)
    }
}
