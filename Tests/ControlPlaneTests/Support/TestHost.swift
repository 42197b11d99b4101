// A control plane on a simulated host, run step by step on the test's own thread: the same in every run.

import CloudStore
import CloudTypes
import ControlPlane
import Logging
import NodeContract
import Simulation
import Synchronization
import Testing

/// What outlives a control plane: the store's contents, the host and the clock; and the one that runs on them now.
final class TestHost {
    let contents = MemoryStore.Contents()
    let world = SimulatedWorld()
    let time = ManualTime()
    let executor = SteppedExecutor()
    private(set) var life: Life

    /// One run of the control plane.
    struct Life {
        let cloud: Cloud
        let node: SimulatedNode
        let reconcilers: Reconcilers
        let task: Task<Void, Never>
    }

    init() throws {
        life = try TestHost.begin(contents, world, time, executor)
        try change { transaction throws(EC2Error) in
            transaction.put(AccountRecord(id: TestRecords.account, name: "test", createdAt: transaction.now))
            _ = try transaction.createDefaultVPC()
        }
    }

    var records: CloudState { life.cloud.records }

    /// As after kill -9: another control plane on what is left.
    func restart() throws {
        end()
        life = try TestHost.begin(contents, world, time, executor)
        settle()
    }

    func end() {
        life.task.cancel()
        settle()
    }

    /// Lets all that can happen happen; the clock stands.
    func settle() { _ = executor.runUntilIdle() }

    /// Changes records as an action does, and lets what follows happen.
    @discardableResult
    func change<Value: Sendable>(
        _ body: @escaping @Sendable (inout Transaction) throws(EC2Error) -> Value
    ) throws -> Value {
        let outcome = Mutex<Result<Value, EC2Error>?>(nil)
        let cloud = life.cloud
        let caller = Caller(account: TestRecords.account, accessKeyID: "AKIAIOSFODNN7EXAMPLE")
        Task(executorPreference: executor) {
            do throws(EC2Error) {
                let value = try await cloud.transact(as: caller, body)
                outcome.withLock { $0 = .success(value) }
            } catch {
                outcome.withLock { $0 = .failure(error) }
            }
        }
        settle()
        return try #require(outcome.withLock { $0 }).get()
    }

    /// Guests that run, as an earlier life has left them. Returns their interfaces.
    @discardableResult
    func addRunningGuests(_ count: Int = 1) throws -> [NetworkInterfaceID] {
        end()
        let interfaces = try change { transaction throws(EC2Error) in
            var interfaces: [NetworkInterfaceID] = []
            for _ in 0..<count { interfaces.append(try transaction.addGuest(in: transaction.defaultSubnet)) }
            return interfaces
        }
        for instance in records.instances.all { world.resume(instance.id, launch: instance.launch) }
        try restart()
        return interfaces
    }

    /// Makes a stored record one that nobody can read; `mend` undoes it.
    @discardableResult
    func spoil(_ kind: String, _ id: String) throws -> StoredRecord {
        let stored = try #require(contents.records.first { $0.key.kind == kind && $0.key.id == id })
        let write = RecordWrite.put(stored.key, account: stored.account, formatVersion: 99, data: stored.data)
        _ = MemoryStore(on: contents).submit([write], if: [], after: nil)
        return stored
    }

    func mend(_ stored: StoredRecord) {
        let version = stored.formatVersion
        let write = RecordWrite.put(stored.key, account: stored.account, formatVersion: version, data: stored.data)
        _ = MemoryStore(on: contents).submit([write], if: [], after: nil)
    }

    private static func begin(
        _ contents: MemoryStore.Contents, _ world: SimulatedWorld, _ time: ManualTime, _ executor: SteppedExecutor
    ) throws -> Life {
        let opened = Mutex<Cloud?>(nil)
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        Task(executorPreference: executor) {
            let cloud = try await Cloud.open(
                MemoryStore(on: contents), settings: TestRecords.settings, log: log, random: SpreadNumbers(), time: time
            )
            opened.withLock { $0 = cloud }
        }
        _ = executor.runUntilIdle()
        let cloud = try #require(opened.withLock { $0 })
        let node = SimulatedNode(on: world, time: time)
        let reconcilers = Reconcilers(cloud: cloud, node: node)
        let task = Task(executorPreference: executor) { () -> Void in try? await reconcilers.run() }
        _ = executor.runUntilIdle()
        return Life(cloud: cloud, node: node, reconcilers: reconcilers, task: task)
    }
}
