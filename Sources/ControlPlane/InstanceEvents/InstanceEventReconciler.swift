// Carries out each instance's scheduled events at their time. All that it does is written in records.

internal import CloudTypes
internal import Logging

struct InstanceEventReconciler: Sendable {
    private let cloud: Cloud

    init(cloud: Cloud) { self.cloud = cloud }

    func work(_ id: InstanceID) async -> WorkOutcome {
        while !Task.isCancelled {
            guard let instance = cloud.records.instances[id],
                let due = (instance.events ?? []).compactMap(\.due).min()
            else { return .settled }
            guard due <= cloud.now else { return .lookAgain(at: due) }
            do {
                try await cloud.transact(as: .system(for: instance.account)) { transaction throws(EC2Error) in
                    transaction.carryOutEvents(of: id)
                }
            } catch {
                cloud.log.error("an event could not be carried out", metadata: ["instance": "\(id)"])
                return .lookAgain(at: cloud.now.adding(seconds: 1))
            }
        }
        return .settled
    }
}
