import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyInstanceEventStartTime`: an event that has a deadline is put off, or brought forward.
enum ModifyInstanceEventStartTime: RecordAction {
    typealias Operation = EC2.Operation.ModifyInstanceEventStartTime

    static func perform(
        _ input: EC2.ModifyInstanceEventStartTimeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyInstanceEventStartTimeResult {
        let instance: InstanceRecord = try transaction.owned(try Lookup.id(input.instanceID))
        let event = try transaction.postponeEvent(
            try Lookup.id(input.instanceEventID), of: instance.id, to: input.notBefore)
        return EC2.ModifyInstanceEventStartTimeResult(event: EC2.InstanceStatusEvent(event))
    }
}
