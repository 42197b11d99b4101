import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateInstanceEventWindow`: for no instance yet.
enum CreateInstanceEventWindow: RecordAction {
    typealias Operation = EC2.Operation.CreateInstanceEventWindow

    static func perform(
        _ input: EC2.CreateInstanceEventWindowRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CreateInstanceEventWindowResult {
        guard let hours = try EventWindowText.hours(input.timeRanges, cron: input.cronExpression) else {
            throw .missingParameter("TimeRange")
        }
        let tags = try TagSpecifications.tags(
            input.tagSpecifications, for: "instance-event-window", in: transaction)
        let window = try transaction.createEventWindow(named: input.name, hours, tags: tags)
        return EC2.CreateInstanceEventWindowResult(
            instanceEventWindow: EC2.InstanceEventWindow(window, state: .creating))
    }
}
