// Carries each VPC's network towards its records: the whole VPC as one value, applied when it differs from what was
// applied last. A VPC without interfaces needs no network.

package import CloudTypes
internal import Logging
package import NodeContract

package actor NetworkReconciler {
    private let cloud: Cloud
    private let node: any Node
    private var applied: [VPCID: VPCNetwork] = [:]
    private var present: Set<VPCID> = []
    /// At most two rounds of a VPC exist: one under way, and one that begins when that ends.
    private var underWay: [VPCID: Task<Void, any Error>] = [:]
    private var next: [VPCID: Task<Void, any Error>] = [:]

    package init(cloud: Cloud, node: any Node) { (self.cloud, self.node) = (cloud, node) }

    /// What the node had before we came: looked at again, and removed where no VPC wants it.
    package func adopt(_ networks: Set<VPCID>) { present = networks }

    /// Makes the VPC as its records say now. Returns when the node has obeyed.
    ///
    /// However many ask meanwhile share the next round, which looks at the records when it begins.
    package func converge(_ vpc: VPCID) async throws(NodeError) {
        do {
            try await (next[vpc] ?? planRound(of: vpc)).value
        } catch {
            throw (error as? NodeError) ?? .hostFailed("\(error)")
        }
    }

    private func planRound(of vpc: VPCID) -> Task<Void, any Error> {
        let before = underWay[vpc]
        let round = Task {
            _ = await before?.result
            (underWay[vpc], next[vpc]) = (next[vpc], nil)
            defer { underWay[vpc] = nil }
            try await carryOut(vpc)
        }
        next[vpc] = round
        return round
    }

    private func carryOut(_ vpc: VPCID) async throws(NodeError) {
        let wanted = VPCNetwork(of: vpc, in: cloud.records, settings: cloud.settings)
        guard let wanted, !wanted.interfaces.isEmpty else { return try await remove(vpc) }
        guard applied[vpc] != wanted else { return }
        try await node.apply(wanted)
        applied[vpc] = wanted
        present.insert(vpc)
    }

    private func remove(_ vpc: VPCID) async throws(NodeError) {
        guard present.contains(vpc) else { return }
        try await node.removeNetwork(vpc)
        applied[vpc] = nil
        present.remove(vpc)
    }

    /// The same as a piece of keyed work: what fails is tried again.
    func work(_ vpc: VPCID) async -> WorkOutcome {
        do {
            try await converge(vpc)
            return .settled
        } catch {
            cloud.log.error("a network could not be made so", metadata: ["vpc": "\(vpc)", "error": "\(error)"])
            return .lookAgain(at: cloud.now.adding(seconds: 2))
        }
    }
}
