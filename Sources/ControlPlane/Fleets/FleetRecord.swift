// Fleets as the store keeps them: what was asked for, what was launched and what could not be.

package import CloudTypes

package struct FleetRecord: TaggedRecord {
    package static let kind = "fleet"
    package static let table: TablePath<Self> = \.fleets

    package var id: FleetID
    package var account: AccountID
    package var createdAt: Timestamp
    package var clientToken: String?
    /// The parameters of CreateFleet by their names on the wire.
    package var request: [String: String]
    package var state: State = .active
    package var launches: [Launch] = []
    package var failures: [Failure] = []
    /// When the last instance of a deleted one was seen to be gone.
    package var endedAt: Timestamp?
    package var tags: [String: String] = [:]

    package enum State: String, Sendable, Codable {
        case active
        /// Deleted, and its instances are on their way out.
        case deletedTerminating = "deleted_terminating"
    }

    /// Instances that were launched alike.
    package struct Launch: Sendable, Codable {
        /// `LaunchTemplateSpecification` and `Overrides` by their names on the wire.
        package var source: [String: String]
        package var market: Market
        package var instanceType: String
        package var instances: [InstanceID]
        /// Units of capacity that each counts for.
        package var weight: Double
        package init(
            source: [String: String], market: Market, instanceType: String, instances: [InstanceID], weight: Double
        ) {
            (self.source, self.market, self.instanceType) = (source, market, instanceType)
            (self.instances, self.weight) = (instances, weight)
        }
    }

    package struct Failure: Sendable, Codable {
        package var source: [String: String]
        package var market: Market
        package var code: String
        package var message: String
        package init(source: [String: String], market: Market, code: String, message: String) {
            (self.source, self.market, self.code, self.message) = (source, market, code, message)
        }
    }

    package enum Market: String, Sendable, Codable {
        case onDemand = "on-demand"
        case spot
    }

    package init(id: FleetID, account: AccountID, createdAt: Timestamp, request: [String: String]) {
        (self.id, self.account, self.createdAt, self.request) = (id, account, createdAt, request)
    }

    /// Units of capacity that were launched.
    package func fulfilled(_ market: Market? = nil) -> Double {
        launches.filter { market == nil || $0.market == market }
            .reduce(0) { $0 + Double($1.instances.count) * $1.weight }
    }

    package var instances: [InstanceID] { launches.flatMap(\.instances) }
}
