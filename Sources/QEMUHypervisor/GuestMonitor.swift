// The one connection to a guest's monitor: made when first needed, made anew when lost, its events passed on.

import Glibc
import HostSystem
import JSON
import QMP

actor GuestMonitor {
    private enum Connection {
        case none
        case pending(Task<Result<QMPClient, QMPError>, Never>)
        case open(QMPClient)
        case closed
    }

    private let socketPath: String
    private let onEvent: @Sendable (QMPEvent) async -> Void
    private var connection = Connection.none

    init(socketPath: String, onEvent: @escaping @Sendable (QMPEvent) async -> Void) {
        (self.socketPath, self.onEvent) = (socketPath, onEvent)
    }

    /// Sends a command that is safe to repeat: it is sent once more when the connection is lost underway.
    @discardableResult
    func execute(
        _ command: String, _ arguments: JSONValue? = nil, within deadline: Duration = .seconds(10)
    ) async throws(QMPError) -> JSONValue {
        let client = try await client(within: deadline)
        do {
            return try await client.execute(command, arguments, within: deadline)
        } catch {
            switch error {
            case .refused, .timedOut: throw error
            case .closed, .connectionFailed, .malformed: lose(client)
            }
        }
        return try await self.client(within: deadline).execute(command, arguments, within: deadline)
    }

    /// Hands over an open descriptor, which stays the caller's. A set that is asked for twice harms nobody: the monitor
    /// drops what nobody uses when the connection ends.
    ///
    /// - Parameter set: nil: a new one.
    func add(
        _ descriptor: Int32, for use: String, to set: Int64? = nil
    ) async throws(QMPError) -> AddedDescriptor {
        let client = try await client(within: .seconds(10))
        var arguments: [String: JSONValue] = ["opaque": .string(use)]
        if let set { arguments["fdset-id"] = .integer(set) }
        do throws(QMPError) {
            let answer = try await client.execute("add-fd", .object(arguments), passing: descriptor)
            guard let set = answer["fdset-id"]?.integer, let number = answer["fd"]?.integer else {
                throw QMPError.malformed("\(answer)")
            }
            return AddedDescriptor(set: set, number: number)
        } catch {
            switch error {
            case .refused, .timedOut: break
            case .closed, .connectionFailed, .malformed: lose(client)
            }
            throw error
        }
    }

    /// Closes a descriptor that was handed over, once nothing uses it.
    func remove(_ descriptor: AddedDescriptor) async throws(QMPError) {
        try await execute(
            "remove-fd", ["fdset-id": .integer(descriptor.set), "fd": .integer(descriptor.number)])
    }

    /// Gives a descriptor, which stays the caller's, a name by which one command of the monitor takes it.
    func give(_ descriptor: Int32, as name: String) async throws(QMPError) {
        let client = try await client(within: .seconds(10))
        _ = try await client.execute("getfd", ["fdname": .string(name)], passing: descriptor)
    }

    /// Hangs up for good.
    func close() async {
        let last = connection
        connection = .closed
        switch last {
        case .open(let client): await client.close()
        case .pending(let task): if case .success(let client) = await task.value { await client.close() }
        case .none, .closed: break
        }
    }

    private func client(within deadline: Duration) async throws(QMPError) -> QMPClient {
        switch connection {
        case .closed: throw .closed
        case .open(let client): return client
        case .pending(let task): return try await task.value.get()
        case .none: break
        }
        let task = Task { [socketPath] in await GuestMonitor.connect(socketPath, within: deadline) }
        connection = .pending(task)
        let result = await task.value
        if case .pending(task) = connection {
            switch result {
            case .success(let client): open(client)
            case .failure: connection = .none
            }
        }
        return try result.get()
    }

    /// One connection in a thousand that comes while QEMU begins is greeted, and what is said on it then never heard; the
    /// next one is.
    private static let greetingPatience = Duration.seconds(5)

    private static func connect(_ path: String, within deadline: Duration) async -> Result<QMPClient, QMPError> {
        let end = ContinuousClock.now + deadline
        while true {
            let left = ContinuousClock.now.duration(to: end)
            let outcome = await connectOnce(path, within: min(left, greetingPatience))
            guard case .failure(.timedOut) = outcome, left > greetingPatience else { return outcome }
        }
    }

    private static func connectOnce(_ path: String, within deadline: Duration) async -> Result<QMPClient, QMPError> {
        do throws(SystemError) {
            let socket = try UnixSocket.connect(path, isPatient: false)
            do throws(QMPError) {
                return .success(try await QMPClient.connect(socket.release(), within: deadline))
            } catch {
                return .failure(error)
            }
        } catch {
            guard error.number == EAGAIN else { return .failure(.connectionFailed(error.description)) }
            // A machine that is busy for long lets connections queue up that were given up.
            try? await Task.sleep(for: deadline)
            return .failure(.timedOut(command: "connect"))
        }
    }

    private func open(_ client: QMPClient) {
        connection = .open(client)
        Task { [onEvent] in
            for await event in client.events { await onEvent(event) }
            await self.reconnect(after: client)
        }
    }

    private func lose(_ client: QMPClient) {
        if case .open(client) = connection { connection = .none }
    }

    /// Events are wanted for as long as the guest runs; with the guest goes the socket, and this fails quietly.
    private func reconnect(after client: QMPClient) async {
        lose(client)
        guard case .none = connection else { return }
        _ = try? await self.client(within: .seconds(10))
    }
}

/// A descriptor as the process has it that was handed it.
struct AddedDescriptor: Sendable {
    let set: Int64
    let number: Int64
}

private func ~= (client: QMPClient, other: QMPClient) -> Bool { client === other }
