import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteInstanceEventWindow`: one with targets by force alone.
enum DeleteInstanceEventWindow: RecordAction {
    typealias Operation = EC2.Operation.DeleteInstanceEventWindow

    static func perform(
        _ input: EC2.DeleteInstanceEventWindowRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DeleteInstanceEventWindowResult {
        let id: EventWindowID = try Lookup.id(input.instanceEventWindowID)
        try transaction.deleteEventWindow(id, force: input.forceDelete == true)
        return EC2.DeleteInstanceEventWindowResult(
            instanceEventWindowState: .init(instanceEventWindowID: id.description, state: .deleting))
    }
}
