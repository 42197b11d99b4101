// Keeps what the metadata service tells true: pushes it again when any record it shows has changed.

internal import CloudTypes
internal import Logging
package import NodeContract

package actor MetadataReconciler {
    private let cloud: Cloud
    private let node: any Node
    private var told: [InstanceID: InstanceMetadata] = [:]

    package init(cloud: Cloud, node: any Node) { (self.cloud, self.node) = (cloud, node) }

    func work(_ id: InstanceID) async -> WorkOutcome {
        let state = cloud.records
        guard let instance = state.instances[id], [.running, .stopping, .shuttingDown].contains(instance.state) else {
            told[id] = nil
            return .settled
        }
        let metadata = InstanceMetadata(of: instance, in: state, settings: cloud.settings)
        guard told[id] != metadata else { return .settled }
        do {
            try await node.setMetadata(metadata, of: id)
            told[id] = metadata
            return .settled
        } catch {
            cloud.log.error("metadata could not be told", metadata: ["instance": "\(id)", "error": "\(error)"])
            return .lookAgain(at: cloud.now.adding(seconds: 2))
        }
    }
}
