// The operator's orders about instances: events to come, and interruptions of spot instances.

import CloudTypes
import ControlPlane
import FoundationEssentials

struct EventOrder: Codable, Sendable {
    var instance: String
    var event: String?
    var code: String?
    var description: String?
    var notBefore: String?
    var notAfter: String?
    var deadline: String?
}

/// What became of it.
struct EventAnswer: Codable, Sendable {
    var instance: String
    var event: String?
}

extension OperatorService {
    func scheduleEvent(_ body: [UInt8]) async throws -> EventAnswer {
        let order = try JSONDecoder().decode(EventOrder.self, from: Data(body))
        let id = try instanceID(order)
        let codes = InstanceEvent.Code.allCases.map(\.rawValue).joined(separator: ", ")
        guard let code = order.code.flatMap({ InstanceEvent.Code(rawValue: $0) }) else {
            throw CommandFailure("An event is one of \(codes).")
        }
        guard let notBefore = try moment(order.notBefore) else { throw CommandFailure("An event needs a beginning.") }
        let (notAfter, deadline) = (try moment(order.notAfter), try moment(order.deadline))
        let event = try await transact(on: id) { transaction throws(EC2Error) in
            try transaction.scheduleEvent(
                code, of: id, description: order.description ?? "", notBefore: notBefore, notAfter: notAfter,
                deadline: deadline)
        }
        return EventAnswer(instance: id.description, event: event.id.description)
    }

    func cancelEvent(_ body: [UInt8]) async throws -> EventAnswer {
        let order = try JSONDecoder().decode(EventOrder.self, from: Data(body))
        let id = try instanceID(order)
        guard let event = order.event.flatMap({ InstanceEventID($0) }) else {
            throw CommandFailure("'\(order.event ?? "")' is no id of an event.")
        }
        try await transact(on: id) { transaction throws(EC2Error) in try transaction.cancelEvent(event, of: id) }
        return EventAnswer(instance: id.description, event: event.description)
    }

    func interrupt(_ body: [UInt8]) async throws -> EventAnswer {
        let id = try instanceID(try JSONDecoder().decode(EventOrder.self, from: Data(body)))
        try await transact(on: id) { transaction throws(EC2Error) in try transaction.noticeInterruption(of: id) }
        return EventAnswer(instance: id.description)
    }

    private func transact<Result: Sendable>(
        on id: InstanceID, _ body: (inout Transaction) throws(EC2Error) -> Result
    ) async throws(EC2Error) -> Result {
        guard let instance = cloud.records.instances[id] else { throw .notFound(id) }
        return try await cloud.transact(as: .system(for: instance.account), body)
    }

    private func instanceID(_ order: EventOrder) throws -> InstanceID {
        guard let id = InstanceID(order.instance) else {
            throw CommandFailure("'\(order.instance)' is no id of an instance.")
        }
        return id
    }

    private func moment(_ text: String?) throws -> Timestamp? {
        guard let text else { return nil }
        guard let moment = Timestamp(iso8601: text) else {
            throw CommandFailure("'\(text)' is no moment such as 2026-11-30T12:00:00Z.")
        }
        return moment
    }
}
