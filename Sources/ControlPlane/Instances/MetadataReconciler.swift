// Keeps what the metadata service tells true: told before a guest boots, told again when any record it shows has
// changed, withdrawn when the guest is gone.

package import CloudTypes
internal import Logging
package import NodeContract

package actor MetadataReconciler {
    /// What the node knows of an instance as far as we know: an earlier life of ours may have told it anything.
    private enum Told: Equatable {
        case nothing
        case metadata(InstanceMetadata)
    }

    private let cloud: Cloud
    private let node: any Node
    private let turns = Turns<InstanceID>()
    private var told: [InstanceID: Told] = [:]

    package init(cloud: Cloud, node: any Node) { (self.cloud, self.node) = (cloud, node) }

    /// Returns when the node tells the guest what the records say now.
    package func converge(_ id: InstanceID) async throws(NodeError) {
        try await turns.perform(id) { () throws(NodeError) in
            let wanted = wanted(of: id)
            guard told[id] != wanted else { return }
            // Until the node has answered nobody knows what it tells.
            told[id] = nil
            switch wanted {
            case .nothing: try await node.setMetadata(nil, of: id)
            case .metadata(let metadata): try await node.setMetadata(metadata, of: id)
            }
            told[id] = wanted
        }
    }

    func work(_ id: InstanceID) async -> WorkOutcome {
        do {
            try await converge(id)
            if cloud.records.instances[id] == nil { told[id] = nil }
            return .settled
        } catch {
            cloud.log.error("metadata could not be told", metadata: ["instance": "\(id)", "error": "\(error)"])
            return .lookAgain(at: cloud.now.adding(seconds: 2))
        }
    }

    private func wanted(of id: InstanceID) -> Told {
        let state = cloud.records
        guard let instance = state.instances[id] else { return .nothing }
        switch instance.state {
        case .pending, .running, .stopping, .shuttingDown:
            return .metadata(InstanceMetadata(of: instance, in: state, settings: cloud.settings))
        case .stopped, .terminated: return .nothing
        }
    }
}
