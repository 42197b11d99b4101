import AWSWire
import CloudTypes
import ControlPlane

extension EC2.InstanceStatusEvent {
    init(_ event: InstanceEvent) {
        self.init(
            instanceEventID: event.id.description, code: EC2.EventCode(rawValue: event.code.rawValue),
            description: event.shownDescription, notAfter: event.notAfter, notBefore: event.notBefore,
            notBeforeDeadline: event.deadline)
    }
}
