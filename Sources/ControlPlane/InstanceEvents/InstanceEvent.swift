// What the operator has in mind with an instance, and when: told to its owner, and carried out at its time.
// Source: EC2 User Guide, "Scheduled events for Amazon EC2 instances".

package import CloudTypes

package struct InstanceEvent: Sendable, Codable, Equatable {
    package var id: InstanceEventID
    package var code: Code
    package var description: String
    package var notBefore: Timestamp
    package var notAfter: Timestamp?
    /// Until when the owner may put it off; nil: not at all.
    package var deadline: Timestamp?
    package var state = State.active
    package var endedAt: Timestamp?

    package enum Code: String, Sendable, Codable, CaseIterable {
        case instanceReboot = "instance-reboot"
        case systemReboot = "system-reboot"
        case systemMaintenance = "system-maintenance"
        case instanceRetirement = "instance-retirement"
        case instanceStop = "instance-stop"
    }

    package enum State: String, Sendable, Codable { case active, completed, canceled }

    package init(
        id: InstanceEventID, code: Code, description: String, notBefore: Timestamp, notAfter: Timestamp?,
        deadline: Timestamp?
    ) {
        (self.id, self.code, self.description) = (id, code, description)
        (self.notBefore, self.notAfter, self.deadline) = (notBefore, notAfter, deadline)
    }

    /// With what became of it, as EC2 says it.
    package var shownDescription: String {
        switch state {
        case .active: description
        case .completed: "[Completed] \(description)"
        case .canceled: "[Canceled] \(description)"
        }
    }

    /// When there is something to do; nil: no more.
    package var due: Timestamp? {
        guard state == .active else { return nil }
        // Maintenance of the host needs nothing of the instance and is over at its end.
        return code == .systemMaintenance ? notAfter ?? notBefore : notBefore
    }
}
