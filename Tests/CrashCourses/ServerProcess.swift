// One life of the control plane: store, records and reconcilers, opened on what an earlier life left.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import EC2API
import NodeContract
import Simulation
import Synchronization

final class ServerProcess: Sendable {
    let life: Lifeline
    let host: SimulatedNode
    private let store: MortalStore
    private let node: MortalNode
    private let opened = Mutex<Cloud?>(nil)
    private let root = Mutex<Task<Void, Never>?>(nil)
    private let hasEnded = Mutex(false)

    private let time: ManualTime
    private let settings: CloudSettings

    init(
        on world: SimulatedWorld, _ contents: MemoryStore.Contents, at time: ManualTime, _ settings: CloudSettings,
        delay: @escaping @Sendable () -> MortalNode.Delay, judge: @escaping Lifeline.Judge
    ) {
        (self.time, self.settings) = (time, settings)
        life = Lifeline(judge: judge)
        host = SimulatedNode(on: world, time: time)
        store = MortalStore(on: contents, life)
        node = MortalNode(host, life, time: time, delay: delay)
    }

    /// nil until the records are read.
    var cloud: Cloud? { opened.withLock { $0 } }
    /// Whether every task of the process is done.
    var isGone: Bool { hasEnded.withLock { $0 } }

    func start(on executor: SteppedExecutor, chance: SeededNumbers) {
        let task = Task(executorPreference: executor) {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.store.run() }
                group.addTask { await self.node.run() }
                do {
                    let cloud = try await Cloud.open(
                        self.store, settings: self.settings, log: Furnishing.log, random: chance,
                        time: self.time)
                    self.opened.withLock { $0 = cloud }
                    try await Reconcilers(
                        cloud: cloud, node: self.node,
                        readingLaunches: { parameters, transaction throws(EC2Error) in
                            try LaunchOrder(parameters: parameters, in: transaction)
                        }
                    ).run()
                } catch {
                    // A process that cannot go on ends, and is started again.
                }
                self.life.end()
                group.cancelAll()
            }
            self.hasEnded.withLock { $0 = true }
        }
        root.withLock { $0 = task }
    }

    func answer(_ request: QueryRequest, as caller: Caller) async -> Answer {
        guard let cloud else { return .lost }
        let call = ActionCall(request: request, caller: caller, cloud: cloud, node: node, requestID: "test")
        let answer: Answer
        do {
            let body = try await EC2Actions.service.action(of: request).answer(call)
            answer = .acknowledged(String(decoding: body.bytes, as: UTF8.self))
        } catch {
            answer = .refused(code: error.code, message: error.message)
        }
        return life.isOver ? .lost : answer
    }

    /// What the operator orders.
    func operate(
        as caller: Caller, _ body: @escaping @Sendable (inout Transaction) throws(EC2Error) -> Void
    ) async -> Answer {
        guard let cloud else { return .lost }
        let answer: Answer
        do {
            try await cloud.transact(as: caller, body)
            answer = .acknowledged("")
        } catch {
            answer = .refused(code: error.code, message: error.message)
        }
        return life.isOver ? .lost : answer
    }

    /// Has every task end. Nothing that they still do has any effect.
    func bury() {
        life.end()
        store.abandon()
        root.withLock { $0 }?.cancel()
    }
}

/// What a client sees of a call.
enum Answer: Sendable, Equatable {
    case acknowledged(String)
    case refused(code: String, message: String)
    /// Nothing: the connection broke, and nobody knows what became of the call.
    case lost

    /// The text of each element of the name, in order.
    static func texts(of element: String, in body: String) -> [String] {
        body.components(between: "<\(element)>", and: "</\(element)>")
    }
}

extension String {
    fileprivate func components(between opening: String, and closing: String) -> [String] {
        let (text, opening, closing) = (Array(utf8), Array(opening.utf8), Array(closing.utf8))
        var found: [String] = []
        var place = 0
        while let start = text.place(of: opening, from: place), let end = text.place(of: closing, from: start) {
            found.append(String(decoding: text[(start + opening.count)..<end], as: UTF8.self))
            place = end
        }
        return found
    }
}

extension [UInt8] {
    fileprivate func place(of part: [UInt8], from start: Int) -> Int? {
        withUnsafeBufferPointer { text in
            part.withUnsafeBufferPointer { part in
                var place = start
                while place + part.count <= text.count {
                    if text[place] == part[0] {
                        var length = 1
                        while length < part.count, text[place + length] == part[length] { length += 1 }
                        if length == part.count { return place }
                    }
                    place += 1
                }
                return nil
            }
        }
    }
}
