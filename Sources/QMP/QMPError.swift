// What can go wrong between us and a monitor.

package import JSON

package enum QMPError: Error, Equatable, Sendable {
    /// The socket cannot be driven; the text is the system's.
    case connectionFailed(String)
    /// What answers speaks another protocol, or not ours any more.
    case malformed(String)
    /// The monitor refused the command; class and description as it gave them.
    case refused(command: String, errorClass: String, description: String)
    case timedOut(command: String)
    /// The monitor is gone, which is also what a command meets whose answer was still due.
    case closed
}

/// Something the monitor told unasked.
package struct QMPEvent: Sendable, Equatable {
    package let name: String
    package let data: JSONValue
    /// Microseconds since 1970; nil where the host could not tell.
    package let microseconds: Int64?

    package init(name: String, data: JSONValue, microseconds: Int64?) {
        (self.name, self.data, self.microseconds) = (name, data, microseconds)
    }

    /// Reads a message of the monitor; nil when it is no event.
    package init?(_ message: JSONValue) {
        guard let name = message["event"]?.text else { return nil }
        let stamp = message["timestamp"]
        let seconds = stamp?["seconds"]?.integer
        let rest = stamp?["microseconds"]?.integer
        var moment: Int64?
        if let seconds, let rest, seconds >= 0, rest >= 0, seconds < 1 << 40, rest < 1_000_000 {
            moment = seconds * 1_000_000 + rest
        }
        self.init(name: name, data: message["data"] ?? .object([:]), microseconds: moment)
    }
}
