// When a retention rule can be changed: never while it is locked, nor in the delay after it was unlocked.
// Source: EBS User Guide, "Lock Recycle Bin retention rules".

package import CloudTypes

package enum RetentionRuleLockState: Sendable, Equatable {
    case neverLocked, locked
    /// Unlocking was asked for, and the delay is not over.
    case unlocking(until: Timestamp)
    case unlocked
}

extension RetentionRuleRecord {
    package func lockState(at now: Timestamp) -> RetentionRuleLockState {
        guard let lock else { return .neverLocked }
        guard let end = lock.endsAt else { return .locked }
        return now < end ? .unlocking(until: end) : .unlocked
    }

    package func isChangeable(at now: Timestamp) -> Bool {
        switch lockState(at: now) {
        case .neverLocked, .unlocked: true
        case .locked, .unlocking: false
        }
    }
}

extension Transaction {
    /// 11 letters and digits that no rule has.
    package mutating func newRetentionRuleID() -> String {
        let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        while true {
            let id = draw { generator in
                String((0..<11).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] })
            }
            if state.retentionRules[id] == nil { return id }
        }
    }
}
