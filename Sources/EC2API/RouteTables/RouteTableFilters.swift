// What route tables can be filtered by.

import AWSWire
import CloudTypes
import ControlPlane

enum RouteTableFilters {
    private typealias Values = FilterTable<RouteTableRecord>.Values

    static let table = FilterTable<RouteTableRecord>(
        ownColumns.merging(routeColumns) { own, _ in own }
            .merging(absent.map { ($0, { _, _ in [] } as Values) }) { own, _ in own },
        tags: \.tags)

    private static let ownColumns: [String: Values] = [
        "association.route-table-association-id": { table, _ in table.associations.map(\.id.description) },
        "association.route-table-id": { table, _ in table.associations.isEmpty ? [] : [table.id.description] },
        "association.subnet-id": { table, _ in table.associations.compactMap { $0.subnet?.description } },
        "association.main": { table, _ in table.associations.map { "\($0.subnet == nil)" } },
        "owner-id": { table, _ in [table.account.description] },
        "route-table-id": { table, _ in [table.id.description] },
        "vpc-id": { table, _ in [table.vpc.description] },
    ]

    private static let routeColumns: [String: Values] = [
        "route.destination-cidr-block": { table, state in
            ShownRoute.all(of: table, in: state).map(\.destination.description)
        },
        "route.gateway-id": { table, state in ShownRoute.all(of: table, in: state).compactMap(\.gateway) },
        "route.instance-id": { table, state in
            ShownRoute.all(of: table, in: state).compactMap { $0.instance?.description }
        },
        "route.network-interface-id": { table, state in
            ShownRoute.all(of: table, in: state).compactMap { $0.interface?.description }
        },
        "route.origin": { table, state in ShownRoute.all(of: table, in: state).map(\.origin) },
        "route.state": { table, state in
            ShownRoute.all(of: table, in: state).map { $0.isActive ? "active" : "blackhole" }
        },
    ]

    /// Properties that no route or association here has.
    private static let absent = [
        "association.gateway-id", "route.destination-ipv6-cidr-block", "route.destination-prefix-list-id",
        "route.egress-only-internet-gateway-id", "route.nat-gateway-id", "route.transit-gateway-id",
        "route.vpc-peering-connection-id",
    ]
}
