// Event windows as the store keeps them: when an owner wants scheduled events of some instances to take place.

package import CloudTypes

package struct EventWindowRecord: TaggedRecord, Equatable {
    package static let kind = "instance-event-window"
    package static let table: TablePath<Self> = \.eventWindows

    package var id: EventWindowID
    package var account: AccountID
    package var name: String?
    package var hours: WeeklyHours
    package var targets = Targets.none
    package var tags: [String: String] = [:]

    /// Of one kind only.
    package enum Targets: Sendable, Equatable, Codable {
        case none
        case instances([InstanceID])
        /// Instances that have any of them.
        case tags([InstanceTag])

        /// The most that a window may have.
        var limit: Int {
            switch self {
            case .none: 0
            case .instances: 100
            case .tags: 50
            }
        }

        var count: Int {
            switch self {
            case .none: 0
            case .instances(let ids): ids.count
            case .tags(let tags): tags.count
            }
        }
    }

    package struct InstanceTag: Sendable, Hashable, Codable {
        package var key: String
        package var value: String
        package init(key: String, value: String) { (self.key, self.value) = (key, value) }
    }

    package init(id: EventWindowID, account: AccountID, name: String?, hours: WeeklyHours) {
        (self.id, self.account, self.name, self.hours) = (id, account, name, hours)
    }

    func covers(_ instance: InstanceRecord) -> Bool {
        switch targets {
        case .none: false
        case .instances(let ids): ids.contains(instance.id)
        case .tags(let tags): tags.contains { instance.tags[$0.key] == $0.value }
        }
    }
}
