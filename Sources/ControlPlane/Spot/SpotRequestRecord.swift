// Spot instance requests as the store keeps them, and what an instance knows of its own.

package import CloudTypes

package struct SpotRequestRecord: TaggedRecord, Equatable {
    package static let kind = "spot-request"
    package static let table: TablePath<Self> = \.spotRequests

    package var id: SpotRequestID
    package var account: AccountID
    package var createdAt: Timestamp
    package var wish: SpotWish
    package var state: State = .open
    package var status: Status
    /// The one that runs, or ran last.
    package var instance: InstanceID?
    package var tags: [String: String] = [:]

    package enum State: String, Sendable, Codable { case open, active, closed, cancelled, failed, disabled }

    /// Source: EC2 User Guide, "Spot Instance request status codes".
    package struct Status: Sendable, Codable, Equatable {
        package var code: String
        package var message: String
        package var updatedAt: Timestamp
        package init(_ code: String, _ message: String, at now: Timestamp) {
            (self.code, self.message, updatedAt) = (code, message, now)
        }
    }

    package init(id: SpotRequestID, account: AccountID, wish: SpotWish, at now: Timestamp) {
        (self.id, self.account, self.wish, createdAt) = (id, account, wish, now)
        status = Status(
            "pending-evaluation", "Your Spot request has been submitted for review, and is pending evaluation.",
            at: now)
    }

    package var indexKeys: [IndexKey] {
        [instance.map { IndexKey(.instance, $0) }, state == .open ? SpotRequestRecord.openKey : nil].compactMap { $0 }
    }

    /// Those that wait for an instance, of all accounts.
    package static let openKey = IndexKey(.market, text: "open")
}

/// How spot instances are wanted.
package struct SpotWish: Sendable, Codable, Equatable {
    /// For an hour; nil: what it costs on demand.
    package var mostPerHour: Double?
    /// Whether another instance is wanted where one is taken away.
    package var isPersistent = false
    package var behavior = Behavior.terminate
    package var validFrom: Timestamp?
    package var validUntil: Timestamp?
    /// The parameters of RunInstances by their names on the wire: what is launched, now or later.
    package var launch: [String: String] = [:]
    package init() {}

    /// What becomes of an instance that is taken away.
    package enum Behavior: String, Sendable, Codable { case terminate, stop, hibernate }
}

/// What makes an instance a spot instance.
package struct SpotTerms: Sendable, Codable, Equatable {
    package var request: SpotRequestID
    package var behavior: SpotWish.Behavior
    package var isPersistent: Bool
    package var interruption: Interruption?

    /// Told of in advance: the guest reads of it in its metadata.
    package struct Interruption: Sendable, Codable, Equatable {
        package var noticedAt: Timestamp
        package var due: Timestamp
    }
}
