// Carries each spot instance request on. All that it does is written in records: instances are brought on by a reconciler
// of their own.

internal import CloudTypes
internal import Logging

struct SpotReconciler: Sendable {
    private let cloud: Cloud
    private let read: SpotLaunchReader

    init(cloud: Cloud, reading read: @escaping SpotLaunchReader) { (self.cloud, self.read) = (cloud, read) }

    func work(_ id: SpotRequestID) async -> WorkOutcome {
        while !Task.isCancelled {
            let state = cloud.records
            guard let request = state.spotRequests[id] else { return .settled }
            let step = SpotLifecycle(request, in: state).step(at: cloud.now)
            if step == .settled { return .settled }
            do {
                try await cloud.transact(as: .system(for: request.account)) { [read] transaction throws(EC2Error) in
                    transaction.advanceSpotRequest(id, reading: read)
                }
            } catch {
                cloud.log.error("a spot request could not be carried on", metadata: ["request": "\(id)"])
                return .lookAgain(at: cloud.now.adding(seconds: 1))
            }
            switch step {
            case .wait(let moment): return .lookAgain(at: moment)
            // Without room it is looked at again when there is some, and at its end.
            case .fulfil, .restart:
                guard let left = cloud.records.spotRequests[id], left.state == .open else { continue }
                guard let end = left.wish.validUntil, end > cloud.now else { return .settled }
                return .lookAgain(at: end)
            case .settled, .expire, .interrupt, .activate, .disable, .suspend, .release, .end: continue
            }
        }
        return .settled
    }
}
