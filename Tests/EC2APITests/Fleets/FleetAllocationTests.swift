import InstanceTypeCatalogue
import Testing

@testable import EC2API

@Suite("The pools of a fleet")
struct FleetAllocationTests {
    private func pool(
        _ type: String, weight: Double = 1, priority: Double? = nil, price: Double, room: Int = 10
    ) throws -> FleetPool {
        FleetPool(
            source: [:], launch: [:], templateTags: [:], facts: try #require(InstanceTypeCatalogue.facts(of: type)),
            weight: weight, priority: priority, price: price, room: room)
    }

    private func names(_ pools: [FleetPool], _ strategy: FleetStrategy) -> [String] {
        FleetAllocation.order(pools, by: strategy).map(\.facts.name)
    }

    @Test("come by price for a unit, by priority, or by room")
    func order() throws {
        let pools = [
            try pool("m5.large", weight: 4, priority: 2, price: 3, room: 1),
            try pool("t3.micro", priority: 3, price: 1, room: 5),
            try pool("t3.small", price: 2, room: 0),
        ]
        #expect(names(pools, .lowestPrice(pools: 1)) == ["m5.large", "t3.micro", "t3.small"])
        #expect(names(pools, .prioritized) == ["m5.large", "t3.micro", "t3.small"])
        #expect(names(pools, .capacityOptimized(byPriority: false)) == ["t3.micro", "m5.large", "t3.small"])
        #expect(names(pools.reversed(), .capacityOptimized(byPriority: true)) == ["m5.large", "t3.micro", "t3.small"])
        #expect(names(pools.reversed(), .priceCapacityOptimized) == ["m5.large", "t3.micro", "t3.small"])
        #expect(names(pools, .diversified) == pools.map(\.facts.name))
    }

    @Test("share what is wanted as the strategy says")
    func shares() throws {
        let pools = [
            try pool("m5.large", price: 1), try pool("t3.micro", price: 1), try pool("t3.small", weight: 2, price: 1),
        ]
        func shares(_ strategy: FleetStrategy) -> [Double] {
            FleetAllocation.shares(of: 6, over: pools, by: strategy)
        }
        #expect(shares(.lowestPrice(pools: 1)) == [6, 0, 0])
        #expect(shares(.lowestPrice(pools: 2)) == [3, 3, 0])
        #expect(shares(.diversified) == [2, 2, 2])
        #expect(FleetAllocation.shares(of: 1, over: [], by: .diversified) == [])
    }
}
