import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue

/// `DescribeSpotPriceHistory`: the price table's figure, which has been the same since the account came.
enum DescribeSpotPriceHistory: RecordAction {
    typealias Operation = EC2.Operation.DescribeSpotPriceHistory

    private struct Price {
        let facts: InstanceTypeFacts
        let zone: CloudSettings.Zone
        let product: EC2.RIProductDescription
        let price: String
        let since: Timestamp
        var key: String { "\(facts.name) \(zone.name) \(product.rawValue)" }
    }

    private static let filters = FilterTable<Price>([
        "availability-zone": { price, _ in [price.zone.name] },
        "availability-zone-id": { price, _ in [price.zone.id] },
        "instance-type": { price, _ in [price.facts.name] },
        "product-description": { price, _ in [price.product.rawValue] },
        "spot-price": { price, _ in [price.price] },
        "timestamp": { price, _ in [price.since.description] },
    ])

    static func perform(
        _ input: EC2.DescribeSpotPriceHistoryRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeSpotPriceHistoryResult {
        try Pagination.check(input, atLeast: 1)
        let zone = try PlacementText.zone(
            name: input.availabilityZone, id: input.availabilityZoneID, in: transaction.settings)
        let since = transaction.state.accounts[transaction.account]?.createdAt ?? transaction.now
        let isBefore = input.endTime.map { $0 < since } ?? false
        let types = try types(input)
        let found = isBefore ? [] : types.flatMap { prices(of: $0, in: zone, since: since, input, transaction) }
        let selected = try filters.select(
            found.sorted { $0.key < $1.key }, by: input.filters, in: transaction.state)
        let page = try Pagination.page(selected, for: input) { $0.key }
        return EC2.DescribeSpotPriceHistoryResult(
            nextToken: page.nextToken ?? "",
            spotPriceHistory: page.items.map { price in
                EC2.SpotPrice(
                    availabilityZone: price.zone.name, availabilityZoneID: price.zone.id,
                    instanceType: price.facts.name, productDescription: price.product, spotPrice: price.price,
                    timestamp: price.since)
            })
    }

    private static func types(
        _ input: EC2.DescribeSpotPriceHistoryRequest
    ) throws(EC2Error) -> [InstanceTypeFacts] {
        guard !input.instanceTypes.isEmpty else {
            return InstanceTypeCatalogue.shared.all.compactMap { InstanceTypeCatalogue.facts(of: $0.name) }
        }
        var types: [InstanceTypeFacts] = []
        for name in Set(input.instanceTypes) {
            guard let facts = InstanceTypeCatalogue.facts(of: name) else {
                throw .invalidParameterValue("Invalid value '\(name)' for InstanceType.")
            }
            types.append(facts)
        }
        return types
    }

    private static func prices(
        of facts: InstanceTypeFacts, in zone: String?, since: Timestamp, _ input: EC2.DescribeSpotPriceHistoryRequest,
        _ transaction: Transaction
    ) -> [Price] {
        let price = SpotText.text(transaction.settings.prices.spot(facts))
        return transaction.settings.zones.filter { zone == nil || $0.name == zone }.flatMap { zone in
            [EC2.RIProductDescription.linuxUNIX, .windows]
                .filter { product in
                    input.productDescriptions.isEmpty
                        || input.productDescriptions.contains { $0.hasPrefix(product.rawValue) }
                }
                .map { Price(facts: facts, zone: zone, product: $0, price: price, since: since) }
        }
    }
}
