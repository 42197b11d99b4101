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
        let types = isBefore ? [] : try types(input)
        let isWanted = try filters.test(input.filters, in: transaction.state)
        let settings = transaction.settings
        // Prices are made one type after another, so that a page costs what it shows.
        let page = try Pagination.page(for: input, key: \.key) { last in
            types.lazy.drop { facts in last.map { facts.name < $0.prefix { $0 != " " } } ?? false }
                .flatMap { prices(of: $0, in: zone, since: since, input, settings) }
                .filter { price in (last.map { price.key > $0 } ?? true) && isWanted(price) }
        }
        return EC2.DescribeSpotPriceHistoryResult(
            nextToken: page.nextToken ?? "",
            spotPriceHistory: page.items.map { price in
                EC2.SpotPrice(
                    availabilityZone: price.zone.name, availabilityZoneID: price.zone.id,
                    instanceType: price.facts.name, productDescription: price.product, spotPrice: price.price,
                    timestamp: price.since)
            })
    }

    /// In the order of their names.
    private static let allTypes = InstanceTypeCatalogue.shared.all.map(\.name).sorted()
        .compactMap { InstanceTypeCatalogue.facts(of: $0) }

    /// In the order of their names.
    private static func types(
        _ input: EC2.DescribeSpotPriceHistoryRequest
    ) throws(EC2Error) -> [InstanceTypeFacts] {
        guard !input.instanceTypes.isEmpty else { return allTypes }
        var types: [InstanceTypeFacts] = []
        for name in Set(input.instanceTypes).sorted() {
            guard let facts = InstanceTypeCatalogue.facts(of: name) else {
                throw .invalidParameterValue("Invalid value '\(name)' for InstanceType.")
            }
            types.append(facts)
        }
        return types
    }

    private static func prices(
        of facts: InstanceTypeFacts, in zone: String?, since: Timestamp, _ input: EC2.DescribeSpotPriceHistoryRequest,
        _ settings: CloudSettings
    ) -> [Price] {
        // In the order of their keys.
        let price = SpotText.text(settings.prices.spot(facts))
        return settings.zones.filter { zone == nil || $0.name == zone }.sorted { $0.name < $1.name }.flatMap { zone in
            [EC2.RIProductDescription.linuxUNIX, .windows]
                .filter { product in
                    input.productDescriptions.isEmpty
                        || input.productDescriptions.contains { $0.hasPrefix(product.rawValue) }
                }
                .map { Price(facts: facts, zone: zone, product: $0, price: price, since: since) }
        }
    }
}
