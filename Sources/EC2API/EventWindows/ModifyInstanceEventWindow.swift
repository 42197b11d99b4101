import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyInstanceEventWindow`: another name, other times.
enum ModifyInstanceEventWindow: RecordAction {
    typealias Operation = EC2.Operation.ModifyInstanceEventWindow

    static func perform(
        _ input: EC2.ModifyInstanceEventWindowRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyInstanceEventWindowResult {
        let window = try transaction.modifyEventWindow(
            Lookup.id(input.instanceEventWindowID), name: input.name,
            EventWindowText.hours(input.timeRanges, cron: input.cronExpression))
        return EC2.ModifyInstanceEventWindowResult(instanceEventWindow: EC2.InstanceEventWindow(window))
    }
}
