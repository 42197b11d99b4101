// The credits of a burstable instance as the store keeps them, and up to when they are counted.

package import CloudTypes
internal import InstanceTypeCatalogue

package struct CPUCreditRecord: CloudRecord, Equatable {
    package static let kind = "cpu-credits"
    package static let table: TablePath<Self> = \.cpuCredits

    package var id: InstanceID
    package var account: AccountID
    package var credits = CPUCredits()
    /// Up to when they are counted.
    package var countedAt: Timestamp
    /// Seconds that the processors of the launch worked by then: what they do while nobody looks is counted later.
    package var processorSeconds = 0.0
    package var launch: Int
    /// nil: it earns.
    package var stoppedAt: Timestamp?

    init(id: InstanceID, account: AccountID, launch: Int, now: Timestamp) {
        (self.id, self.account, self.launch, countedAt) = (id, account, launch, now)
    }

    /// Counts up to a moment, when the processors of a launch had worked so long.
    package mutating func count(
        to moment: Timestamp, launch: Int, processorSeconds seconds: Double, _ terms: CPUCreditTerms
    ) {
        if self.launch != launch { (self.launch, processorSeconds) = (launch, 0) }
        // A node that counts anew has forgotten what was counted already.
        let spent = seconds < processorSeconds ? seconds : seconds - processorSeconds
        credits.pass(seconds: moment.seconds(since: countedAt), spending: spent / 60, terms)
        (countedAt, processorSeconds) = (max(moment, countedAt), seconds)
    }

    /// Counts up to a moment as if the processors had rested.
    package mutating func count(to moment: Timestamp, _ terms: CPUCreditTerms) {
        count(to: moment, launch: launch, processorSeconds: processorSeconds, terms)
    }
}

extension InstanceRecord {
    /// By which rules it earns and spends credits; nil for a type that has none.
    package var creditTerms: CPUCreditTerms? {
        guard let creditSpecification, let facts = InstanceTypeCatalogue.facts(of: instanceType),
            let figures = BurstableFigures(of: facts)
        else { return nil }
        return CPUCreditTerms(figures: figures, isUnlimited: creditSpecification == "unlimited")
    }

    /// Those under which it earns now.
    var earningTerms: CPUCreditTerms? {
        switch state {
        case .running, .stopping, .shuttingDown: creditTerms
        case .pending, .stopped, .terminated: nil
        }
    }
}

extension CloudState {
    /// An instance's credits at a moment, as far as is known of its processors; nil for one that has none.
    package func credits(of instance: InstanceRecord, at now: Timestamp) -> CPUCredits? {
        guard var record = cpuCredits[instance.id] else { return nil }
        if record.stoppedAt == nil, let terms = instance.earningTerms { record.count(to: now, terms) }
        return record.credits
    }
}
