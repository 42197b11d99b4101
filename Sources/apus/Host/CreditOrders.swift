// What the operator is told of the CPU credits of burstable instances.

import CloudTypes
import ControlPlane
import InstanceTypeCatalogue

/// An instance's credits, named as its metrics are.
struct CreditLine: Codable, Sendable {
    var instanceId: String
    var instanceType: String
    var state: String
    /// `standard` or `unlimited`.
    var cpuCredits: String
    var CPUCreditBalance: Double
    /// What the balance of earned credits comes to at most.
    var maximum: Double
    /// In all; metrics tell how much more it became.
    var CPUCreditUsage: Double
    var CPUSurplusCreditBalance: Double
    /// In all, as above.
    var CPUSurplusCreditsCharged: Double
    /// Processors that it may use now.
    var processors: Double

    init?(_ instance: InstanceRecord, in state: CloudState, at now: Timestamp) {
        guard let terms = instance.creditTerms, let credits = state.credits(of: instance, at: now) else { return nil }
        (instanceId, instanceType) = (instance.id.description, instance.instanceType)
        (self.state, cpuCredits) = (instance.state.rawValue, instance.creditSpecification ?? "")
        (CPUCreditBalance, maximum) = (CreditLine.rounded(credits.balance), terms.figures.cap)
        (CPUCreditUsage, CPUSurplusCreditBalance) = (
            CreditLine.rounded(credits.used), CreditLine.rounded(credits.surplus)
        )
        CPUSurplusCreditsCharged = CreditLine.rounded(credits.charged)
        processors = CreditLine.rounded(
            credits.processors(lookingEvery: CPUCreditReconciler.interval, terms))
    }

    private static func rounded(_ credits: Double) -> Double { (credits * 1_000).rounded() / 1_000 }
}

extension OperatorService {
    func creditLines() -> [CreditLine] {
        let (state, now) = (cloud.records, cloud.now)
        return state.instances.all.sorted { $0.id < $1.id }.compactMap { CreditLine($0, in: state, at: now) }
    }
}
