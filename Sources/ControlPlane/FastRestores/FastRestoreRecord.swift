// Snapshots of which volumes are made ready in advance in one zone.

package import CloudTypes

package struct FastRestoreRecord: CloudRecord, Equatable {
    package static let kind = "fast-restore"
    package static let table: TablePath<Self> = \.fastRestores

    package enum State: String, Sendable, Codable {
        case enabling, optimizing, enabled, disabling, disabled

        package var isWanted: Bool {
            switch self {
            case .enabling, .optimizing, .enabled: true
            case .disabling, .disabled: false
            }
        }
    }

    /// Account, snapshot and zone, joined by slashes.
    package var id: String
    /// Who asked for it, and has its credits; not always the snapshot's owner.
    package var account: AccountID
    package var snapshot: SnapshotID
    package var availabilityZone: String
    package private(set) var state = State.enabling
    /// When it came to each state, by the state's name.
    private var times: [String: Timestamp]
    package var credits = FastRestoreCredits()

    package init(_ snapshot: SnapshotID, in zone: String, for account: AccountID, at now: Timestamp) {
        (id, self.account) = (FastRestoreRecord.id(snapshot, in: zone, for: account), account)
        (self.snapshot, availabilityZone) = (snapshot, zone)
        times = [State.enabling.rawValue: now]
    }

    package static func id(_ snapshot: SnapshotID, in zone: String, for account: AccountID) -> String {
        "\(account)/\(snapshot)/\(zone)"
    }

    package var indexKeys: [IndexKey] { [IndexKey(.snapshot, snapshot)] }

    /// When it last came to the state; nil: it never did.
    package func time(of state: State) -> Timestamp? { times[state.rawValue] }

    package mutating func enter(_ state: State, at now: Timestamp) {
        self.state = state
        times[state.rawValue] = now
        if state == .enabled { credits = FastRestoreCredits(countedAt: now) }
    }
}

/// What pays for volumes that are whole when they are made.
/// Source: EBS User Guide, "Amazon EBS fast snapshot restore volume creation credits".
package struct FastRestoreCredits: Sendable, Codable, Equatable {
    private var count = 0.0
    private var countedAt: Timestamp?

    package init(countedAt: Timestamp? = nil) { self.countedAt = countedAt }

    package static func capacity(sizeGiB: Int) -> Double { max(1, perHour(sizeGiB: sizeGiB)) }
    package static func perHour(sizeGiB: Int) -> Double { min(10, 1_024 / Double(max(1, sizeGiB))) }

    /// - Parameter sizeGiB: of the snapshot.
    package func available(sizeGiB: Int, at now: Timestamp) -> Double {
        guard let countedAt else { return 0 }
        let filled = count + now.seconds(since: countedAt) / 3_600 * FastRestoreCredits.perHour(sizeGiB: sizeGiB)
        return min(FastRestoreCredits.capacity(sizeGiB: sizeGiB), filled)
    }

    /// Returns whether there was one to take.
    package mutating func take(sizeGiB: Int, at now: Timestamp) -> Bool {
        let available = available(sizeGiB: sizeGiB, at: now)
        guard available >= 1 else { return false }
        (count, countedAt) = (available - 1, now)
        return true
    }
}
