// Types that cost far more than the cheapest fitting one are left out.
// Source: EC2 API Reference, "InstanceRequirementsRequest" (price protection).

/// Thresholds in per cent; one that is not said leaves no type out.
package struct PriceProtection: Sendable, Equatable {
    /// Of on-demand prices, above that of the identified type.
    package var onDemandOverLowest: Double?
    /// Of spot prices, above that of the identified type.
    package var spotOverLowest: Double?
    /// Of spot prices, as a share of the identified type's on-demand price.
    package var spotOfOnDemand: Double?
    package init() {}

    package func select(_ matching: [InstanceTypeFacts], pricedBy prices: PriceTable) -> [InstanceTypeFacts] {
        guard self != PriceProtection(), let lowest = identified(among: matching, pricedBy: prices) else {
            return matching
        }
        let (onDemand, spot) = (prices.onDemand(lowest), prices.spot(lowest))
        return matching.filter { facts in
            isAtMost(onDemandOverLowest, over: onDemand, prices.onDemand(facts))
                && isAtMost(spotOverLowest, over: spot, prices.spot(facts))
                && (spotOfOnDemand.map { prices.spot(facts) <= onDemand * $0 / 100 } ?? true)
        }
    }

    /// The cheapest of the current generation's C, M and R types, else of the current generation, else of all.
    private func identified(
        among matching: [InstanceTypeFacts], pricedBy prices: PriceTable
    ) -> InstanceTypeFacts? {
        let current = matching.filter(\.isCurrentGeneration)
        let common = current.filter { ["c", "m", "r"].contains($0.family.prefix { $0.isLetter }) }
        let candidates = [common, current, matching].first { !$0.isEmpty } ?? []
        return candidates.min { (prices.onDemand($0), $0.name) < (prices.onDemand($1), $1.name) }
    }

    private func isAtMost(_ percent: Double?, over lowest: Double, _ price: Double) -> Bool {
        percent.map { price <= lowest * (100 + $0) / 100 } ?? true
    }
}
