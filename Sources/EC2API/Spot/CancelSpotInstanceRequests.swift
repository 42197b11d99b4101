import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CancelSpotInstanceRequests`: nothing more is launched; instances that run go on.
enum CancelSpotInstanceRequests: RecordAction {
    typealias Operation = EC2.Operation.CancelSpotInstanceRequests

    static func perform(
        _ input: EC2.CancelSpotInstanceRequestsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CancelSpotInstanceRequestsResult {
        let requests: [SpotRequestRecord] = try Lookup.owned(input.spotInstanceRequestIDs, in: transaction)
        var answer = EC2.CancelSpotInstanceRequestsResult()
        for request in requests {
            transaction.cancelSpotRequest(request.id)
            let state = transaction.state.spotRequests[request.id]?.state
            answer.cancelledSpotInstanceRequests.append(
                .init(
                    spotInstanceRequestID: request.id.description, state: state == .cancelled ? .cancelled : .closed))
        }
        return answer
    }
}
