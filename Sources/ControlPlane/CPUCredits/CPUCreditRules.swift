// When credits begin, are lost, and are charged: each transaction is looked through once for instances that begin or cease
// to earn, or earn by other rules. Who changes an instance need not know.
// Source: EC2 User Guide, "Standard mode concepts", "Unlimited mode concepts".

internal import CloudStore
internal import CloudTypes
internal import InstanceTypeCatalogue

extension Transaction {
    /// A stopped instance keeps its credits for so long, if its family keeps any.
    private static let keptSeconds = 7 * 86_400.0
    /// T2 launches of an account that get launch credits in a day.
    private static let grantsADay = 100

    /// Called once, when everything is decided.
    package mutating func keepCredits(since before: CloudState) {
        for key in changedKeys where key.kind == InstanceRecord.kind {
            guard let id = InstanceID(key.id) else { continue }
            let (old, new) = (before.instances[id], state.instances[id])
            switch (old?.earningTerms, new?.earningTerms) {
            case (nil, nil): break
            case (nil, let terms?): if let new { begin(new, terms) }
            case (let terms?, nil): cease(id, new, terms)
            case (let old?, let terms?):
                if state.cpuCredits[id] == nil, let new { begin(new, terms) }
                if old != terms { change(id, old, to: terms) }
            }
        }
    }

    private mutating func begin(_ instance: InstanceRecord, _ terms: CPUCreditTerms) {
        let kept = state.cpuCredits[instance.id]
        var record =
            kept ?? CPUCreditRecord(id: instance.id, account: instance.account, launch: instance.launch, now: now)
        let isForgotten = record.stoppedAt.map { now.seconds(since: $0) > Transaction.keptSeconds } ?? false
        if isForgotten || !terms.figures.keepsBalanceWhenStopped { record.credits.lose() }
        if !terms.isUnlimited, terms.figures.launchCredits > 0, mayGrantLaunchCredits(in: instance.account) {
            record.credits.grantLaunchCredits(terms)
        }
        record.credits.bound(to: terms)
        (record.countedAt, record.stoppedAt) = (now, nil)
        (record.launch, record.processorSeconds) = (instance.launch, 0)
        put(record)
    }

    /// Remembers that launch credits were given, if there are any left to give.
    private mutating func mayGrantLaunchCredits(in account: AccountID) -> Bool {
        let recent = (state.accounts[account]?.launchCreditGrants ?? []).filter { now.seconds(since: $0) < 86_400 }
        guard recent.count < Transaction.grantsADay else { return false }
        update(account, AccountRecord.self) { [now] in $0.launchCreditGrants = recent + [now] }
        return true
    }

    private mutating func cease(_ id: InstanceID, _ instance: InstanceRecord?, _ terms: CPUCreditTerms) {
        guard var record = state.cpuCredits[id] else { return }
        record.count(to: now, terms)
        record.credits.chargeSurplus()
        if !terms.figures.keepsBalanceWhenStopped { record.credits.lose() }
        record.stoppedAt = now
        put(record)
    }

    private mutating func change(_ id: InstanceID, _ old: CPUCreditTerms, to new: CPUCreditTerms) {
        guard var record = state.cpuCredits[id] else { return }
        record.count(to: now, old)
        if !new.isUnlimited { record.credits.chargeSurplus() }
        put(record)
    }
}

// What instances of a family begin with where the launch says nothing.
extension Transaction {
    /// `standard` or `unlimited`.
    package func defaultCreditSpecification(ofFamily family: String) -> String {
        state.accounts[account]?.creditDefaults?[family] ?? (family == "t2" ? "standard" : "unlimited")
    }

    package mutating func setDefaultCreditSpecification(ofFamily family: String, to credits: String) {
        update(account, AccountRecord.self) { record in
            var defaults = record.creditDefaults ?? [:]
            defaults[family] = credits
            record.creditDefaults = defaults
        }
    }
}
