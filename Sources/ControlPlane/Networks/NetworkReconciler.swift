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
    private var applying: [VPCID: Task<Void, any Error>] = [:]

    package init(cloud: Cloud, node: any Node) { (self.cloud, self.node) = (cloud, node) }

    /// What the node had before we came: looked at again, and removed where no VPC wants it.
    package func adopt(_ networks: Set<VPCID>) { present = networks }

    /// Makes the VPC as its records say now. Returns when the node has obeyed.
    package func converge(_ vpc: VPCID) async throws(NodeError) {
        while let other = applying[vpc] { _ = await other.result }
        let wanted = VPCNetwork(of: vpc, in: cloud.records, settings: cloud.settings)
        guard let wanted, !wanted.interfaces.isEmpty else { return try await remove(vpc) }
        guard applied[vpc] != wanted else { return }
        let node = node
        let task = Task { try await node.apply(wanted) }
        applying[vpc] = task
        let result = await task.result
        applying[vpc] = nil
        switch result {
        case .success:
            applied[vpc] = wanted
            present.insert(vpc)
        case .failure(let error):
            throw (error as? NodeError) ?? .hostFailed("\(error)")
        }
    }

    private func remove(_ vpc: VPCID) async throws(NodeError) {
        guard present.contains(vpc) else { return }
        let node = node
        let task = Task { try await node.removeNetwork(vpc) }
        applying[vpc] = task
        let result = await task.result
        applying[vpc] = nil
        switch result {
        case .success:
            applied[vpc] = nil
            present.remove(vpc)
        case .failure(let error):
            throw (error as? NodeError) ?? .hostFailed("\(error)")
        }
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
