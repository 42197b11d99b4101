// How many requests AWS lets an account make of services beside EC2, and how it refuses more. What it allows of the
// Recycle Bin and of EC2 Instance Connect is not published.
// Source: AWS General Reference, "Amazon Elastic Block Store endpoints and quotas"; EBS direct APIs Reference,
// "RequestThrottledException".

package import AWSWire
package import CloudTypes

extension RequestCost {
    /// All that a request of such a service takes: a token of its account, and for a block one of its snapshot.
    package static func all(of action: String, in service: RESTService, snapshot: String?) -> [RequestCost] {
        guard service.signingName == EBS.service.signingName else {
            let isRead = action.hasPrefix("Get") || action.hasPrefix("List")
            let rate = isRead ? RequestRate(100, 20) : RequestRate(50, 5)
            return [RequestCost(bucket: "\(service.signingName) \(action)", rate: rate, refusal: .rateExceeded)]
        }
        let bucket = "\(service.signingName) \(action)"
        let own = RequestCost(bucket: bucket, rate: rate(of: action), refusal: .throttled("ACCOUNT_THROTTLED"))
        guard let snapshot, blockActions.contains(action) else { return [own] }
        let refusal = EC2Error.throttled("RESOURCE_LEVEL_THROTTLE")
        return [own, RequestCost(bucket: "\(bucket) \(snapshot)", rate: RequestRate(1_000, 1_000), refusal: refusal)]
    }

    private static let blockActions: Set = ["GetSnapshotBlock", "PutSnapshotBlock"]

    /// A second's worth may come at once.
    private static func rate(of action: String) -> RequestRate {
        switch action {
        case "GetSnapshotBlock", "PutSnapshotBlock": RequestRate(1_000, 1_000)
        case "ListSnapshotBlocks", "ListChangedBlocks": RequestRate(50, 50)
        default: RequestRate(10, 10)
        }
    }
}

extension EC2Error {
    /// EC2's own: clients try again by themselves, as after all of these.
    package static let requestLimitExceeded = EC2Error(
        "RequestLimitExceeded", "Request limit exceeded.", httpStatus: 503)

    fileprivate static let rateExceeded = EC2Error("ThrottlingException", "Rate exceeded")

    /// - Parameter reason: whether the account or the snapshot has had too much.
    fileprivate static func throttled(_ reason: String) -> EC2Error {
        EC2Error(
            "RequestThrottledException", "The number of API requests has exceeded the maximum allowed.", reason: reason)
    }
}
