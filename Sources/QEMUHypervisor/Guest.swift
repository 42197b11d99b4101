// The one owner of a guest on this host: its process, monitor and files, from launch to oblivion.
// Decisions are `GuestState`'s; the state moves before the first `await`, so that a second call meets the new one.

import Backends
import CloudTypes
import Glibc
import HostSystem
import JSON
import Logging
import NodeContract
import QMP

actor Guest: DiskOwner {
    /// What a guest needs of the hypervisor it belongs to.
    struct Surroundings: Sendable {
        let configuration: QEMUConfiguration
        /// The group that guests' own are in.
        let processorGroup: String
        let logger: Logger
        let report: @Sendable (NodeEvent) -> Void
    }

    /// Longest time a guest's disks get to be flushed when its power is cut.
    static let flushDeadline = Duration.seconds(10)

    let id: InstanceID
    nonisolated let directory: GuestDirectory
    nonisolated let surroundings: Surroundings
    private(set) var state = GuestState.absent
    private var isDetached = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    let turn = Gate()
    /// What each disk of the guest that runs may do, by the records.
    var diskLimits: [VolumeID: DiskLimits] = [:]
    /// What each was let do last, as far as this run of ours knows.
    var applied: [VolumeID: DiskLimits] = [:]
    /// The same of all of them together.
    var togetherApplied: DiskLimits?
    /// Who waits for a device to be gone.
    var departures: [String: Occasion] = [:]
    /// Who waits for a job of the block layer to be gone.
    var jobEnds: [String: Occasion] = [:]
    /// Volumes whose filling failed, until its job is gone.
    var failedFills: Set<VolumeID> = []
    /// It stands still because the disk under one of its volumes is full.
    var isStarved = false
    /// It was told to stand still for a moment, and not yet to go on.
    var isStanding = false
    /// When it was last told that one of its disks failed.
    var lastDiskError: ContinuousClock.Instant?

    init(_ id: InstanceID, directory: GuestDirectory, surroundings: Surroundings) {
        (self.id, self.directory, self.surroundings) = (id, directory, surroundings)
    }

    var observation: GuestObservation? { state.observation }
    nonisolated var name: String { id.description }
    nonisolated var logger: Logger { surroundings.logger }
    nonisolated var momentsSocket: String { directory.momentsSocket }
    nonisolated func tell(_ event: NodeEvent) { surroundings.report(event) }

    // MARK: launch

    func launch(_ boot: GuestBoot) async throws(HypervisorError) {
        while true {
            switch state.decide(launching: boot.record.spec.launch) {
            case .done: return
            case .refuse(let reason): throw .launchFailed(id, reason)
            case .killFirst: try await kill()
            case .wait: await nextChange()
            case .start: return try await start(boot)
            }
        }
    }

    private func start(_ boot: GuestBoot) async throws(HypervisorError) {
        change(to: .starting(GuestState.Starting(launch: boot.record.spec.launch)))
        do throws(HypervisorError) {
            if boot.resumed != nil, try await run(boot) { return }
            var plain = boot
            (plain.resumed, plain.record.spec.resumes) = (nil, nil)
            do throws(SystemError) { try MemoryFiles(directory).drop() } catch { throw .hostFailed(error.description) }
            _ = try await run(plain)
        } catch {
            forgetLaunch(boot.record)
            change(to: .absent)
            throw error
        }
    }

    /// There was no launch, for whoever looks later.
    private func forgetLaunch(_ record: GuestRecord) {
        directory.removeRecord()
        removeProcessorGroup()
        for gpu in record.gpus ?? [] { gpu.takeBack() }
    }

    /// Waits until the processors run. The monitor answers commands only then: its socket existed before QEMU did.
    ///
    /// - Returns: whether they run; false where a memory was to be gone on with, and is of no use.
    private func run(_ boot: GuestBoot) async throws(HypervisorError) -> Bool {
        let process = try await boot.spawn()
        bound(process.pid, boot.record.spec, isNew: true)
        if case .starting(var starting) = state {
            starting.process = process
            state = .starting(starting)
            if starting.isCancelled { process.signal(SIGKILL) }
        }
        let monitor = makeMonitor()
        var record = boot.record
        do {
            guard let identity = ProcessIdentity(of: process.pid) else { throw QMPError.closed }
            record.phase = .running(identity)
            try directory.write(record)
            if boot.waits { try await prepare(boot, process, monitor) }
            let status = try await monitor.execute("query-status", within: .seconds(60))
            guard status["running"]?.flag == true else { throw QMPError.malformed("\(status)") }
        } catch {
            process.signal(SIGKILL)
            _ = await process.waitForEnd()
            await monitor.close()
            if error is UselessMemory, !isCancelled {
                removeProcessorGroup()
                return false
            }
            let complaint = directory.complaint()
            throw .launchFailed(id, complaint.isEmpty ? "\(error)" : complaint)
        }
        watch(GuestState.Running(record: record, process: process, monitor: monitor))
        MemoryFiles(directory).dropUsed()
        surroundings.report(.guest(id, .running(launch: record.spec.launch)))
        return true
    }

    private struct UselessMemory: Error {}

    private var isCancelled: Bool {
        if case .starting(let starting) = state { return starting.isCancelled }
        return false
    }

    /// What QEMU calls a machine whose processors never ran.
    static let unbegunStatus = "prelaunch"

    /// What has to be so before the processors run; then they do.
    private func prepare(_ boot: GuestBoot, _ process: ProcessWatch, _ monitor: GuestMonitor) async throws {
        try await monitor.execute("query-status", within: .seconds(60))
        let disks = GuestDisks(monitor: monitor)
        for moment in boot.moments { try await disks.hold([moment]) }
        if boot.resumed != nil, let root = boot.record.spec.disks.first {
            let files = MemoryFiles(directory)
            do { try await loadMemory(files, BlockNames(root.volume), process, disks) } catch {
                logger.error("a memory is of no use", metadata: ["guest": "\(id)", "error": "\(error)"])
                throw UselessMemory()
            }
            try files.use()
        }
        try await monitor.execute("cont", within: .seconds(60))
    }

    // MARK: adoption

    /// Finds out what became of the guest since an earlier run of ours. Nil when there is no trace of a launch.
    func adopt() async throws(HypervisorError) -> GuestRecord? {
        let found: GuestRecord?
        do { found = try directory.readRecord() } catch { throw .hostFailed("\(error)") }
        guard let record = found else { return nil }
        switch record.phase {
        case .ended(let end):
            change(to: .ended(launch: record.spec.launch, end))
        case .running(let identity):
            guard record.bootID == GuestRecord.currentBootID(), let process = try? ProcessWatch(identity) else {
                guard !hasMemoryToGoOnWith(record) else {
                    forgetLaunch(record)
                    return nil
                }
                conclude(record)
                return record
            }
            guard await take(record, process) else { return nil }
        case .starting:
            // Whoever launched it was never told that it runs: without a process there was no launch.
            guard record.bootID == GuestRecord.currentBootID(), let process = orphan() else {
                forgetLaunch(record)
                return nil
            }
            var record = record
            record.phase = .running(process.1)
            store(record)
            guard await take(record, process.0) else { return nil }
        }
        return record
    }

    /// Its processors never ran then: the memory is used before they do.
    private func hasMemoryToGoOnWith(_ record: GuestRecord) -> Bool {
        guard let launch = record.spec.resumes else { return false }
        return MemoryFiles(directory).machine?.launch == launch
    }

    /// Returns whether it is a guest: one whose processors were never told to run is ended, and there was no launch.
    private func take(_ record: GuestRecord, _ process: ProcessWatch) async -> Bool {
        let monitor = makeMonitor()
        let running = GuestState.Running(record: record, process: process, monitor: monitor)
        var status: String?
        do throws(QMPError) {
            status = try await monitor.execute("query-status", within: .seconds(5))["status"]?.text
        } catch {
            logger.warning("the monitor of an adopted guest does not answer", metadata: ["guest": "\(id)"])
        }
        // One that loads its memory does not answer meanwhile.
        if status == Guest.unbegunStatus || hasMemoryToGoOnWith(record) {
            await quit(running)
            await monitor.close()
            MemoryFiles(directory).giveBack()
            forgetLaunch(record)
            return false
        }
        MemoryFiles(directory).dropUsed()
        bound(process.pid, record.spec, isNew: false)
        watch(running)
        switch status {
        case Guest.starvedStatus: starved()
        // One whose memory is being saved stands until that is done, or given up.
        case Guest.standingStatus where record.request != .hibernate:
            isStanding = true
            await goOn()
        default: break
        }
        return true
    }

    /// The guest's process, should one exist that the record does not name.
    private func orphan() -> (ProcessWatch, ProcessIdentity)? {
        let marker = directory.marker(consoleLog: DescriptorPlan.consoleLog)
        guard let identity = ProcessTable.process(withArgument: marker), let process = try? ProcessWatch(identity)
        else {
            return nil
        }
        return (process, identity)
    }

    // MARK: buttons

    func powerDown() async throws(HypervisorError) {
        guard case .running(var running) = state else { throw .noSuchGuest(id) }
        if running.record.request == nil {
            running.record.request = .powerDown
            state = .running(running)
            do { try directory.write(running.record) } catch { throw .hostFailed("\(error)") }
        }
        try await press("system_powerdown")
    }

    func reset() async throws(HypervisorError) { try await press("system_reset") }

    func sendControlAltDelete() async throws(HypervisorError) {
        let keys = ["ctrl", "alt", "delete"].map { key -> JSONValue in ["type": "qcode", "data": .string(key)] }
        try await press("send-key", ["keys": .array(keys)])
    }

    private func press(_ command: String, _ arguments: JSONValue? = nil) async throws(HypervisorError) {
        guard case .running(let running) = state else { throw .noSuchGuest(id) }
        do throws(QMPError) { try await running.monitor.execute(command, arguments) } catch {
            // A guest that ended meanwhile is gone, not broken.
            if running.process.end != nil { throw .noSuchGuest(id) }
            throw .monitorFailed(id, "\(error)")
        }
    }

    // MARK: end

    /// Cuts the power: what the guest has flushed is on its disks, and QEMU's own caches are too.
    func kill() async throws(HypervisorError) {
        while true {
            switch state {
            case .absent, .ended: return
            case .starting(var starting):
                starting.isCancelled = true
                state = .starting(starting)
                starting.process?.signal(SIGKILL)
            case .running(var running) where !running.isEnding:
                running.isEnding = true
                running.record.request = .kill
                state = .running(running)
                store(running.record)
                await quit(running)
                continue
            case .running: break
            }
            await nextChange()
        }
    }

    private func quit(_ running: GuestState.Running) async {
        let deadline = Task {
            try await Task.sleep(for: Guest.flushDeadline)
            running.process.signal(SIGKILL)
        }
        do throws(QMPError) { try await running.monitor.execute("quit", within: Guest.flushDeadline) } catch {
            // It may have ended before it could answer; if not, the signal ends it.
            running.process.signal(SIGKILL)
        }
        _ = await running.process.waitForEnd()
        deadline.cancel()
        ended(running.process)
    }

    /// Ends the guest where it runs and removes every trace of it.
    func forget() async throws(HypervisorError) {
        try await kill()
        await dropScratch()
        do throws(SystemError) { try directory.remove() } catch { throw .hostFailed(error.description) }
        change(to: .absent)
    }

    /// Stops watching; the guest runs on, for another run of ours to adopt.
    func detach() async {
        isDetached = true
        guard case .running(let running) = state else { return }
        change(to: .absent)
        await running.monitor.close()
    }

    private func watch(_ running: GuestState.Running) {
        diskLimits = Dictionary(
            running.record.spec.disks.compactMap { disk in disk.limits.map { (disk.volume, $0) } }
        ) { $1 }
        (applied, togetherApplied) = ([:], nil)
        (isStarved, isStanding, lastDiskError) = (false, false, nil)
        change(to: .running(running))
        let process = running.process
        Task {
            _ = await process.waitForEnd()
            self.ended(process)
        }
    }

    private func ended(_ process: ProcessWatch) {
        guard !isDetached, case .running(let running) = state, running.process === process else { return }
        Task { await running.monitor.close() }
        for job in jobEnds.keys { jobEnded(job) }
        let end = conclude(running.record)
        surroundings.report(.guest(id, .ended(launch: running.record.spec.launch, end)))
    }

    /// Finds out why the guest ended, and keeps the answer.
    @discardableResult
    private func conclude(_ record: GuestRecord) -> GuestEnd {
        removeProcessorGroup()
        for gpu in record.gpus ?? [] { gpu.takeBack() }
        let files = MemoryFiles(directory)
        files.dropUsed()
        let end =
            files.machine?.launch == record.spec.launch
            ? .hibernated : GuestEnd(requested: record.request, shutdownReason: directory.shutdownReason())
        var record = record
        record.phase = .ended(end)
        store(record)
        if end == .died {
            logger.error("a guest died", metadata: ["guest": "\(id)", "stderr": "\(directory.complaint())"])
        }
        change(to: .ended(launch: record.spec.launch, end))
        return end
    }

    // MARK: helpers

    private func makeMonitor() -> GuestMonitor {
        GuestMonitor(socketPath: directory.monitorSocket) { [id, surroundings, weak self] event in
            switch event.name {
            case "DEVICE_DELETED": if let device = event.data["device"]?.text { await self?.departed(device) }
            case "JOB_STATUS_CHANGE" where Guest.isOver(event.data):
                if let job = event.data["id"]?.text { await self?.jobEnded(job) }
            case "BLOCK_JOB_COMPLETED":
                if let error = event.data["error"]?.text, let job = event.data["device"]?.text {
                    await self?.jobFailed(job, error)
                }
            case "BLOCK_IO_ERROR" where event.data["nospace"]?.flag == true && event.data["action"]?.text == "stop":
                await self?.starved()
            case "BLOCK_IO_ERROR" where event.data["action"]?.text == "report": await self?.diskFailed()
            case "GUEST_PANICKED": surroundings.report(.guestPanicked(id))
            case "RESET": surroundings.report(.guestRestarted(id))
            default: break
            }
        }
    }

    /// Changes what a later run of ours finds of the guest that runs.
    func remember(_ change: (inout GuestSpec) -> Void) {
        guard case .running(var running) = state else { return }
        let before = running.record.spec
        change(&running.record.spec)
        guard running.record.spec != before else { return }
        state = .running(running)
        store(running.record)
    }

    /// What we ask of the guest, for a later run of ours to know; nil: nothing any more.
    func note(_ request: GuestRecord.Request?) throws(GuestRecordError) {
        guard case .running(var running) = state else { return }
        running.record.request = request
        state = .running(running)
        try directory.write(running.record)
    }

    /// The guest ended as any other.
    func forgetHibernation() {
        guard case .ended(let launch, .hibernated) = state, let found = try? directory.readRecord() else { return }
        var record = found
        record.phase = .ended(.requested)
        store(record)
        change(to: .ended(launch: launch, .requested))
    }

    /// Writes what would be good to know after a restart; its loss makes us less sure, not wrong.
    private func store(_ record: GuestRecord) {
        do { try directory.write(record) } catch {
            logger.error("a guest's record was not written", metadata: ["guest": "\(id)", "error": "\(error)"])
        }
    }

    private func change(to state: GuestState) {
        self.state = state
        let continuations = waiting
        waiting = []
        for continuation in continuations { continuation.resume() }
    }

    private func nextChange() async {
        await withCheckedContinuation { waiting.append($0) }
    }
}
