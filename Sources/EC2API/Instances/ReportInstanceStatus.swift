import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import Logging
import NodeContract

/// `ReportInstanceStatus`: goes to the operator's log, and changes nothing that anybody is told.
enum ReportInstanceStatus: LiveAction {
    typealias Operation = EC2.Operation.ReportInstanceStatus

    static func rehearse(
        _ input: EC2.ReportInstanceStatusRequest, _ transaction: inout Transaction
    ) throws(EC2Error) {
        guard !input.instances.isEmpty else { throw .missingParameter("instanceId") }
        guard !input.reasonCodes.isEmpty else { throw .missingParameter("reasonCode") }
        if let start = input.startTime, let end = input.endTime, end < start {
            throw .invalidParameterValue(
                name: "endTime", value: "\(end)", reason: "The end time is before the start time.")
        }
        let instances: [InstanceRecord] = try Lookup.owned(input.instances, in: transaction)
        if let other = instances.first(where: { $0.state != .running }) {
            throw EC2Error("IncorrectInstanceState", "The instance '\(other.id)' is not in the 'running' state.")
        }
    }

    static func perform(
        _ input: EC2.ReportInstanceStatusRequest, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> Operation.Output {
        var transaction = cloud.snapshot(as: caller)
        try rehearse(input, &transaction)
        cloud.log.notice(
            "an account reports how its instances are",
            metadata: [
                "account": "\(caller.account)", "instances": "\(input.instances.joined(separator: " "))",
                "status": "\(input.status.rawValue)",
                "reasons": "\(input.reasonCodes.map(\.rawValue).joined(separator: " "))",
                "from": "\(input.startTime.map { "\($0)" } ?? "")", "to": "\(input.endTime.map { "\($0)" } ?? "")",
                "description": "\(input.description ?? "")",
            ])
        return Operation.Output()
    }
}
