// What the actions on retention rules have in common: finding one, judging its parts, showing it.

import AWSWire
import CloudTypes
import ControlPlane

enum RuleLookup {
    /// The caller's rule.
    ///
    /// - Throws: `ResourceNotFoundException`.
    static func rule(_ id: String, in transaction: Transaction) throws(EC2Error) -> RetentionRuleRecord {
        guard let rule = transaction.state.retentionRules[id], rule.account == transaction.account else {
            throw RecycleBin.Refusal.resourceNotFound(.ruleNotFound, "Rule \(id) was not found.")
        }
        return rule
    }

    /// The caller's rule that the ARN names.
    static func rule(arn: String, in transaction: Transaction) throws(EC2Error) -> RetentionRuleRecord {
        let prefix = arnPrefix(transaction.account, transaction.settings)
        guard arn.hasPrefix(prefix) else {
            throw RecycleBin.Refusal.resourceNotFound(.ruleNotFound, "Resource \(arn) was not found.")
        }
        return try rule(String(arn.dropFirst(prefix.count)), in: transaction)
    }

    /// One that no lock keeps from being changed.
    ///
    /// - Throws: `ConflictException`.
    static func changeableRule(_ id: String, in transaction: Transaction) throws(EC2Error) -> RetentionRuleRecord {
        let rule = try rule(id, in: transaction)
        guard rule.isChangeable(at: transaction.now) else {
            throw RecycleBin.Refusal.conflict(
                .invalidRuleState, "Rule \(id) is locked, or the delay after its unlocking is not over.")
        }
        return rule
    }

    static func arn(of rule: RetentionRuleRecord, _ settings: CloudSettings) -> String {
        arnPrefix(rule.account, settings) + rule.id
    }

    private static func arnPrefix(_ account: AccountID, _ settings: CloudSettings) -> String {
        "arn:aws:rbin:\(settings.region):\(account):rule/"
    }
}

enum RuleParts {
    /// The longest stay in days. Source: EBS User Guide, "Recycle Bin", "Considerations".
    private static let longestDays = 365

    static func invalid(_ message: String) -> EC2Error {
        RecycleBin.Refusal.validation(.invalidParameterValue, message)
    }

    static func resourceType(_ type: RecycleBin.ResourceType) throws(EC2Error) -> RetentionRuleRecord.ResourceType {
        switch type {
        case .ebsSnapshot: return .snapshot
        case .ec2Image: return .image
        case .ebsVolume: throw invalid("This cloud keeps snapshots and images in the recycle bin, and no volumes.")
        }
    }

    static func days(_ period: RecycleBin.RetentionPeriod) throws(EC2Error) -> Int {
        guard let unit = period.retentionPeriodUnit, let days = period.retentionPeriodValue else {
            throw invalid("RetentionPeriod needs a value and a unit.")
        }
        switch unit {
        case .days: break
        }
        guard days <= longestDays else {
            throw invalid("The retention period of \(days) days is longer than \(longestDays) days.")
        }
        return days
    }

    static func delayDays(_ lock: RecycleBin.LockConfiguration) throws(EC2Error) -> Int {
        guard let delay = lock.unlockDelay, let unit = delay.unlockDelayUnit, let days = delay.unlockDelayValue else {
            throw invalid("UnlockDelay needs a value and a unit.")
        }
        switch unit {
        case .days: return days
        }
    }

    static func matches(_ tags: [RecycleBin.ResourceTag]) throws(EC2Error) -> [RetentionRuleRecord.TagMatch] {
        var found: [RetentionRuleRecord.TagMatch] = []
        for tag in tags {
            let match = RetentionRuleRecord.TagMatch(key: tag.resourceTagKey ?? "", value: tag.resourceTagValue)
            guard !found.contains(match) else { throw invalid("The tag '\(match.key)' is given twice.") }
            found.append(match)
        }
        return found
    }

    /// - Throws: `ValidationException` for keys of AWS's own and keys given twice.
    static func tags(_ tags: [RecycleBin.Tag]) throws(EC2Error) -> [String: String] {
        var found: [String: String] = [:]
        for tag in tags {
            guard let key = tag.key, let value = tag.value else { throw invalid("A tag needs a key and a value.") }
            guard !key.lowercased().hasPrefix("aws:") else {
                throw invalid("Tag keys that begin with 'aws:' are reserved.")
            }
            guard found.updateValue(value, forKey: key) == nil else {
                throw invalid("The tag key '\(key)' is given twice.")
            }
        }
        return found
    }

    static func checkCount(_ tags: [String: String], _ settings: CloudSettings) throws(EC2Error) {
        guard tags.count <= settings.quotas.tagsPerResource else {
            throw RecycleBin.Refusal.serviceQuotaExceeded(
                .serviceQuotaExceeded, "A rule has at most \(settings.quotas.tagsPerResource) tags.")
        }
    }

    /// A rule is for resources with some tags, or for all but those with some tags.
    static func check(_ rule: RetentionRuleRecord) throws(EC2Error) {
        guard rule.resourceTags.isEmpty || rule.excludedTags.isEmpty else {
            throw invalid("A rule has either ResourceTags or ExcludeResourceTags.")
        }
    }

    /// Only rules for all resources of a type can be locked.
    static func checkLockable(_ rule: RetentionRuleRecord) throws(EC2Error) {
        guard rule.resourceTags.isEmpty, rule.excludedTags.isEmpty else {
            throw invalid("Rules with tags or excluded tags cannot be locked.")
        }
    }
}

// Showing a rule.
extension RetentionRuleRecord {
    var shownPeriod: RecycleBin.RetentionPeriod {
        RecycleBin.RetentionPeriod(retentionPeriodValue: retentionDays, retentionPeriodUnit: .days)
    }
    var shownType: RecycleBin.ResourceType {
        switch resourceType {
        case .snapshot: .ebsSnapshot
        case .image: .ec2Image
        }
    }
    var shownTags: [RecycleBin.Tag] {
        tags.sorted { $0.key < $1.key }.map { RecycleBin.Tag(key: $0.key, value: $0.value) }
    }
    var shownResourceTags: [RecycleBin.ResourceTag] { resourceTags.map { RecycleBin.ResourceTag($0) } }
    var shownExcludedTags: [RecycleBin.ResourceTag] { excludedTags.map { RecycleBin.ResourceTag($0) } }
    var shownLock: RecycleBin.LockConfiguration? {
        lock.map { lock in
            RecycleBin.LockConfiguration(
                unlockDelay: RecycleBin.UnlockDelay(unlockDelayValue: lock.unlockDelayDays, unlockDelayUnit: .days))
        }
    }
    func shownLockState(at now: Timestamp) -> RecycleBin.LockState? {
        switch lockState(at: now) {
        case .neverLocked: nil
        case .locked: .locked
        case .unlocking: .pendingUnlock
        case .unlocked: .unlocked
        }
    }
    func lockEnd(at now: Timestamp) -> Timestamp? {
        if case .unlocking(let end) = lockState(at: now) { end } else { nil }
    }
}

extension RecycleBin.ResourceTag {
    fileprivate init(_ match: RetentionRuleRecord.TagMatch) {
        self.init(resourceTagKey: match.key, resourceTagValue: match.value)
    }
}
