// The states of an instance and their codes.
// Source: EC2 API Reference, "InstanceState"; User Guide, "Amazon EC2 instance state changes".

package enum InstanceState: String, CaseIterable, Sendable, Codable {
    case pending, running, stopping, stopped, terminated
    case shuttingDown = "shutting-down"

    /// The low byte of `instance-state-code`.
    package var code: Int {
        switch self {
        case .pending: 0
        case .running: 16
        case .shuttingDown: 32
        case .terminated: 48
        case .stopping: 64
        case .stopped: 80
        }
    }
}

/// Why an instance is in its state, as `StateReason` prints it.
package struct InstanceStateReason: Sendable, Codable, Equatable {
    package var code: String
    package var message: String
    package init(code: String, message: String) { (self.code, self.message) = (code, message) }

    package static let userShutdown = InstanceStateReason(
        code: "Client.UserInitiatedShutdown", message: "Client.UserInitiatedShutdown: User initiated shutdown")
    package static let userHibernation = InstanceStateReason(
        code: "Client.UserInitiatedHibernate", message: "Client.UserInitiatedHibernate: User initiated hibernate")
    package static let instanceShutdown = InstanceStateReason(
        code: "Client.InstanceInitiatedShutdown",
        message: "Client.InstanceInitiatedShutdown: Instance initiated shutdown")
    package static let pending = InstanceStateReason(code: "pending", message: "pending")
    package static let insufficientCapacity = InstanceStateReason(
        code: "Server.InsufficientInstanceCapacity",
        message: "Server.InsufficientInstanceCapacity: There is not enough capacity to run the instance.")
    package static let internalError = InstanceStateReason(
        code: "Server.InternalError", message: "Server.InternalError: Internal error on launch")
    package static let scheduledStop = InstanceStateReason(
        code: "Server.ScheduledStop", message: "Server.ScheduledStop: Scheduled stop")
    package static let hostDown = InstanceStateReason(
        code: "Server.ScheduledStop", message: "Server.ScheduledStop: The operator took the host down")
    package static let instanceStoreLost = InstanceStateReason(
        code: "Server.InternalError",
        message: "Server.InternalError: The data on the instance store was lost while the instance was restarted")
    package static let guestDied = InstanceStateReason(
        code: "Server.InternalError", message: "Server.InternalError: The instance's virtual machine ended unexpectedly"
    )
}
