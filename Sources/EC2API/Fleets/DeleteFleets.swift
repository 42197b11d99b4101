import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteFleets`: each by itself. An instant fleet takes its instances along.
enum DeleteFleets: RecordAction {
    typealias Operation = EC2.Operation.DeleteFleets

    private static let mostFleets = 25

    static func perform(
        _ input: EC2.DeleteFleetsRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DeleteFleetsResult {
        var answer = EC2.DeleteFleetsResult()
        for text in input.fleetIDs {
            if let refusal = refusal(of: text, input, transaction) {
                answer.unsuccessfulFleetDeletions.append(.init(error: refusal, fleetID: text))
            } else if let id = FleetID(text), let fleet = transaction.state.fleets[id] {
                let before = fleet.shownState(in: transaction.state)
                transaction.deleteFleet(fleet)
                answer.successfulFleetDeletions.append(
                    .init(currentFleetState: .deletedTerminating, previousFleetState: before, fleetID: text))
            }
        }
        return answer
    }

    private static func refusal(
        of text: String, _ input: EC2.DeleteFleetsRequest, _ transaction: Transaction
    ) -> EC2.DeleteFleetError? {
        guard let id = FleetID(text) else {
            return .init(code: .fleetIDMalformed, message: "The fleet ID '\(text)' is malformed.")
        }
        guard let fleet = transaction.state.fleets[id], fleet.account == transaction.account else {
            return .init(code: .fleetIDDoesNotExist, message: "The fleet ID '\(text)' does not exist.")
        }
        guard fleet.state == .active else {
            return .init(code: .fleetNotInDeletableState, message: "The fleet '\(text)' is deleted already.")
        }
        guard input.terminateInstances else {
            return .init(
                code: .noTerminateInstancesNotSupported,
                message: "A fleet of the type 'instant' is deleted with its instances: set TerminateInstances.")
        }
        guard input.fleetIDs.count <= mostFleets else {
            return .init(
                code: .exceededInstantFleetNumForDeletion,
                message: "At most \(mostFleets) fleets of the type 'instant' can be deleted at once.")
        }
        return nil
    }
}
