// Carries each VPC's network towards its records: the whole VPC as one value, applied when it differs from what was
// applied last. A VPC without interfaces needs no network, and keeps one that it has for a while.

package import CloudTypes
internal import Logging
package import NodeContract

package actor NetworkReconciler {
    private let cloud: Cloud
    private let node: any Node
    private var applied: [VPCID: VPCNetwork] = [:]
    private var present: Set<VPCID> = []
    /// Networks of an earlier run.
    private var adopted: Set<VPCID> = []
    private var idle: IdleNetworks
    private let turns = Turns<VPCID>()
    /// How many have asked for each VPC, and which of them the newest round that succeeded has seen.
    private var asked: [VPCID: Int] = [:]
    private var served: [VPCID: Int] = [:]

    package init(cloud: Cloud, node: any Node, idleSeconds: Int) {
        (self.cloud, self.node) = (cloud, node)
        idle = IdleNetworks(keptSeconds: idleSeconds)
    }

    /// What the node had before we came: looked at again, and removed where no VPC wants it.
    package func adopt(_ networks: Set<VPCID>) { (present, adopted) = (networks, networks) }

    /// Makes the VPC as its records say now. Returns when the node has obeyed.
    ///
    /// However many ask meanwhile share the next round, which looks at the records when it begins.
    package func converge(_ vpc: VPCID) async throws(NodeError) {
        asked[vpc, default: 0] += 1
        let own = asked[vpc, default: 0]
        try await turns.perform(vpc) { () throws(NodeError) in
            guard served[vpc, default: 0] < own else { return }
            // Whoever is about to ask shall share this round: of many instances that start at once each asks for itself.
            await Task.yield()
            let all = asked[vpc, default: 0]
            try await carryOut(vpc)
            served[vpc] = all
        }
    }

    private func carryOut(_ vpc: VPCID) async throws(NodeError) {
        let wanted = VPCNetwork(of: vpc, in: cloud.records, settings: cloud.settings)
        guard let wanted else { return try await remove(vpc) }
        if wanted.interfaces.isEmpty {
            guard present.contains(vpc), !hasUnreadableRecords, idle.deadline(of: vpc, at: cloud.now) != nil else {
                return try await remove(vpc)
            }
        } else {
            idle.forget(vpc)
        }
        guard applied[vpc] != wanted else { return }
        guard !isInDoubt(vpc) else { throw .hostFailed("not all records of \(vpc) can be read: it stays as it is") }
        // What fails may have been done in part: until the node has answered nobody knows what it has.
        applied[vpc] = nil
        present.insert(vpc)
        try await node.apply(wanted)
        applied[vpc] = wanted
    }

    /// Where records cannot be read nobody knows who is on the network: it stays.
    private func remove(_ vpc: VPCID) async throws(NodeError) {
        guard present.contains(vpc), !hasUnreadableRecords else { return idle.forget(vpc) }
        applied[vpc] = nil
        try await node.removeNetwork(vpc)
        present.remove(vpc)
        idle.forget(vpc)
    }

    /// What the records say of a network that guests use already may lack some of them: to change it could cut them off.
    /// It goes on as it is until all can be read.
    private func isInDoubt(_ vpc: VPCID) -> Bool {
        guard adopted.contains(vpc), let account = cloud.records.vpcs[vpc]?.account else { return false }
        return cloud.hasUnreadable(NetworkReconciler.kinds, of: account)
    }

    /// The records that make a network.
    private static let kinds: Set<String> = [
        InstanceRecord.kind, NetworkInterfaceRecord.kind, SubnetRecord.kind, SecurityGroupRecord.kind,
        RouteTableRecord.kind, InternetGatewayRecord.kind, AddressRecord.kind, DHCPOptionsRecord.kind,
    ]

    private var hasUnreadableRecords: Bool {
        cloud.hasUnreadable(VPCRecord.self) || cloud.hasUnreadable(InstanceRecord.self)
            || cloud.hasUnreadable(NetworkInterfaceRecord.self)
    }

    /// The same as a piece of keyed work: what fails is tried again.
    func work(_ vpc: VPCID) async -> WorkOutcome {
        do {
            try await converge(vpc)
            return idle.deadline(of: vpc).map { .lookAgain(at: $0) } ?? .settled
        } catch {
            cloud.log.error("a network could not be made so", metadata: ["vpc": "\(vpc)", "error": "\(error)"])
            // The records are read once a life.
            if isInDoubt(vpc) { return .settled }
            return .lookAgain(at: cloud.now.adding(seconds: 2))
        }
    }
}
