// What a burstable instance has of CPU credits: earned with time, spent by its processors, borrowed where it may.
// One credit is a vCPU at full speed for a minute. Pure; `CPUCreditReconciler` brings what processors did.
// Source: EC2 User Guide, "Key concepts for burstable performance instances", "Unlimited mode concepts", "Standard mode
// concepts".

package import InstanceTypeCatalogue

/// By which rules an instance earns and spends.
package struct CPUCreditTerms: Sendable, Equatable {
    package let figures: BurstableFigures
    /// Whether it goes on at full speed without credits, for surplus ones.
    package let isUnlimited: Bool

    package init(figures: BurstableFigures, isUnlimited: Bool) {
        (self.figures, self.isUnlimited) = (figures, isUnlimited)
    }

    /// Processors that the earnings of each moment pay for.
    package var baselineProcessors: Double { figures.creditsPerHour / 60 }
}

package struct CPUCredits: Sendable, Codable, Equatable {
    /// At most what a day earns.
    package private(set) var earned = 0.0
    /// Those that T2 begins a launch with: spent first, and not counted towards the maximum.
    package private(set) var launch = 0.0
    /// Spent before they were earned, and not paid back yet: at most what a day earns.
    package private(set) var surplus = 0.0
    /// Surplus credits that are not to be paid back but were charged, in all.
    package private(set) var charged = 0.0
    /// Spent, in all.
    package private(set) var used = 0.0

    package init() {}

    /// As metrics tell it.
    package var balance: Double { earned + launch }

    /// Time goes by, and processors with it, both evenly.
    ///
    /// - Parameter spent: minutes that the vCPUs worked meanwhile, in all.
    package mutating func pass(seconds: Double, spending spent: Double, _ terms: CPUCreditTerms) {
        let earnings = terms.figures.creditsPerHour * max(0, seconds) / 3_600
        used += spent
        guard launch > 0, spent > 0 else { return settle(earnings - spent, terms) }
        // Nothing else is spent until the launch credits are.
        let share = min(1, launch / spent)
        launch -= spent * share
        settle(earnings * share, terms)
        settle((earnings - spent) * (1 - share), terms)
    }

    private mutating func settle(_ gain: Double, _ terms: CPUCreditTerms) {
        let cap = terms.figures.cap
        guard gain < 0 else {
            let paidBack = min(gain, surplus)
            surplus -= paidBack
            earned = min(cap, earned + gain - paidBack)
            return
        }
        let paid = min(earned, -gain)
        earned -= paid
        // What a standard instance does beyond its credits is nobody's debt: its processors are held back.
        guard terms.isUnlimited else { return }
        surplus += -gain - paid
        guard surplus > cap else { return }
        charged += surplus - cap
        surplus = cap
    }

    /// The debt is charged rather than paid back: the instance stops, goes, or is unlimited no more.
    package mutating func chargeSurplus() {
        charged += surplus
        surplus = 0
    }

    /// Nothing is left of what was saved.
    package mutating func lose() { (earned, launch) = (0, 0) }

    package mutating func grantLaunchCredits(_ terms: CPUCreditTerms) { launch = terms.figures.launchCredits }

    /// Another size keeps less.
    package mutating func bound(to terms: CPUCreditTerms) { earned = min(earned, terms.figures.cap) }

    /// Processors that it may use until it is looked at again, so that it never spends what it has not: all of its vCPUs
    /// while there is plenty, then less and less, and in the end what it earns meanwhile.
    package func processors(lookingEvery seconds: Double, _ terms: CPUCreditTerms) -> Double {
        let all = Double(terms.figures.vCPUs)
        guard !terms.isUnlimited else { return all }
        return min(all, terms.baselineProcessors + balance * 60 / seconds)
    }
}
