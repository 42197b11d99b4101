// What burstable instance types earn and may use for good, in CPU credits: one is a vCPU at full speed for a minute.
// Source: EC2 User Guide, "Key concepts for burstable performance instances".

package struct BurstableFigures: Sendable, Equatable {
    package let vCPUs: Int
    package let creditsPerHour: Double
    /// T2 begins each launch with 30 credits a vCPU, which do not count towards the cap.
    package let launchCredits: Double
    /// T2 loses its balance when it stops; the others keep it for a week.
    package let keepsBalanceWhenStopped: Bool
    /// What an instance has where nobody says.
    package let isUnlimitedByDefault: Bool

    /// Credits that are kept at most: what a day earns.
    package var cap: Double { creditsPerHour * 24 }
    /// The share of each vCPU that may be used for good: 0.1 is a tenth.
    package var baseline: Double { creditsPerHour / 60 / Double(vCPUs) }

    /// nil for a type that earns no credits.
    package init?(of facts: InstanceTypeFacts) {
        guard facts.isBurstable else { return nil }
        let isT2 = facts.family == "t2"
        guard let hourly = (isT2 ? BurstableFigures.t2 : BurstableFigures.later)[facts.size] else { return nil }
        (vCPUs, creditsPerHour) = (facts.vCPUs, hourly)
        launchCredits = isT2 ? 30 * Double(facts.vCPUs) : 0
        (keepsBalanceWhenStopped, isUnlimitedByDefault) = (!isT2, !isT2)
    }

    /// An hour's credits by size.
    private static let t2: [String: Double] = [
        "nano": 3, "micro": 6, "small": 12, "medium": 24, "large": 36, "xlarge": 54, "2xlarge": 81.6,
    ]
    private static let later: [String: Double] = [
        "nano": 6, "micro": 12, "small": 24, "medium": 24, "large": 36, "xlarge": 96, "2xlarge": 192,
    ]
}
