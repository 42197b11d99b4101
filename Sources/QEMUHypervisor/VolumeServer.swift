// The one owner of the process that serves a volume to several guests: a QEMU without a machine, which alone has the
// volume's file open and outlives us as guests do. It is there as long as a guest that runs has the volume.
// Decision 0016 tells why.

import Backends
import CloudTypes
import Glibc
import HostSystem
import JSON
import Logging
import NodeContract
import QMP

//  idle ─first guest─▶ serving ─last guest gone─▶ idle
//                        │  ▲
//                   died ▼  │ serve
//                      unserved (its guests wait)
actor VolumeServer: DiskOwner {
    /// What a server needs of the hypervisor it belongs to.
    struct Surroundings: Sendable {
        let configuration: QEMUConfiguration
        let logger: Logger
        let report: @Sendable (NodeEvent) -> Void
        let reportUnserved: @Sendable (VolumeID) -> Void
    }

    private struct Running {
        let process: ProcessWatch
        let monitor: GuestMonitor
    }

    let volume: VolumeID
    nonisolated let folder: ServerFolder
    private nonisolated let surroundings: Surroundings
    /// nil while no guest has the volume.
    private var record: ServerRecord?
    private var running: Running?
    /// Whether guests can reach it.
    private var isServing = false
    /// Who waits until they can, or nobody wants to.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isDetached = false
    /// Beginning and end too.
    let turn = Gate()
    var jobEnds: [String: Occasion] = [:]
    var failedFills: Set<VolumeID> = []
    /// Who waits for guests' requests to be done that were under way when they were hung up on.
    private var exportEnd: Occasion?

    init(_ volume: VolumeID, folder: ServerFolder, surroundings: Surroundings) {
        (self.volume, self.folder, self.surroundings) = (volume, folder, surroundings)
    }

    nonisolated var name: String { volume.description }
    nonisolated var logger: Logger { surroundings.logger }
    nonisolated var momentsSocket: String { folder.volumeSocket }
    nonisolated func tell(_ event: NodeEvent) { surroundings.report(event) }

    var hasUsers: Bool { record != nil }
    var users: [GuestRun] { (record?.users ?? []).map(\.run) }
    var userID: UInt32? { record?.userID }
    private var names: BlockNames { BlockNames(volume) }

    // MARK: users

    /// One more guest is about to have it, where others do. False where none does.
    func welcome(_ run: GuestRun) async -> Bool {
        await turn.enter()
        defer { turn.leave() }
        guard record != nil else { return false }
        record?.users.insert(ServerRecord.User(run))
        return true
    }

    /// The guest is about to have the volume, which is served when this returns. With the first guest its moments are held
    /// before anybody can write; what died is waited for, since it may have held some.
    func join(
        _ run: GuestRun, _ file: VolumeFile, holding moments: [GuestMoment], limits: DiskLimits?, as userID: UInt32
    ) async throws(HypervisorError) {
        await turn.enter()
        while record != nil, !isServing {
            turn.leave()
            await servingChange()
            await turn.enter()
        }
        defer { turn.leave() }
        var record =
            record ?? ServerRecord(bootID: GuestRecord.currentBootID(), userID: userID, limits: limits)
        record.users.insert(ServerRecord.User(run))
        try prepare(record)
        let isFirst = self.record == nil
        self.record = record
        guard isFirst else { return }
        do throws(HypervisorError) { try await serve(file, record, holding: moments) } catch {
            self.record = nil
            await end()
            folder.remove()
            throw error
        }
    }

    /// The instance's guests have it no more. With the last guest the process ends, its file closed in good order.
    ///
    /// - Parameter launch: the last of those that are meant; nil: all.
    func leave(_ instance: InstanceID, upTo launch: Int? = nil) async {
        await turn.enter()
        defer { turn.leave() }
        guard var record else { return }
        let gone = record.users.filter { $0.instance == instance && $0.launch <= launch ?? .max }
        guard !gone.isEmpty else { return }
        record.users.subtract(gone)
        defer { changed() }
        guard record.users.isEmpty else {
            self.record = record
            // A user too many is looked at again by the next run of ours, and found gone.
            try? folder.write(record)
            return
        }
        self.record = nil
        await end()
        folder.remove()
    }

    /// Serves it again to those who have it.
    func serveAgain(_ file: VolumeFile, holding moments: [GuestMoment]) async throws(HypervisorError) {
        await turn.enter()
        defer { turn.leave() }
        guard let record, !isServing else { return }
        try await serve(file, record, holding: moments)
    }

    private func servingChange() async { await withCheckedContinuation { waiting.append($0) } }

    private func changed() {
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    private func prepare(_ record: ServerRecord) throws(HypervisorError) {
        do throws(SystemError) { try folder.make() } catch { throw .hostFailed(error.description) }
        try folder.write(record)
    }

    // MARK: the process

    /// What is there is left as it is; what a crash left half done is done.
    private func serve(
        _ file: VolumeFile, _ record: ServerRecord, holding moments: [GuestMoment]
    ) async throws(HypervisorError) {
        let process: Running
        if let running { process = running } else { process = try await start(record) }
        let disks = GuestDisks(monitor: process.monitor)
        do throws(GuestDisks.Failure) { try await serve(file, record, holding: moments, with: disks) } catch {
            throw failure(error)
        }
        isServing = true
        changed()
    }

    private func serve(
        _ file: VolumeFile, _ record: ServerRecord, holding moments: [GuestMoment], with disks: GuestDisks
    ) async throws(GuestDisks.Failure) {
        do {
            guard try await !disks.isExported(names) else { return }
            // What is open stays open: it may hold moments.
            if try await disks.look().nodes[names.top] == nil {
                try await takeBack(names, from: disks)
                let disk = GuestSpec.Disk(volume: volume, deviceName: "", limits: record.limits)
                try await disks.define(disk, file, try await disks.look())
            }
            for moment in moments { try await disks.hold([moment]) }
            try await disks.listen(at: folder.volumeSocket)
            // The folder lets in whom it is handed to; the socket lets in whoever is in the folder.
            guard chmod(folder.volumeSocket, 0o666) == 0 else { throw SystemError("chmod \(folder.volumeSocket)") }
            try await disks.export(names)
        } catch {
            throw GuestDisks.Failure(error)
        }
    }

    private func start(_ record: ServerRecord) async throws(HypervisorError) -> Running {
        let listener: OwnedDescriptor
        do throws(SystemError) { listener = try UnixSocket.listen(folder.monitorSocket) } catch {
            throw .hostFailed(error.description)
        }
        let process = try await Isolation(userID: record.userID).spawn(
            surroundings.configuration.binary, ServerArguments(marker: folder.marker).arguments,
            inheriting: [listener.number: ServerArguments.monitor], outputPath: folder.processLog)
        listener.close()
        let running = Running(process: process, monitor: makeMonitor())
        do throws(QMPError) { try await running.monitor.execute("query-status", within: .seconds(60)) } catch {
            process.signal(SIGKILL)
            _ = await process.waitForEnd()
            await running.monitor.close()
            let complaint = folder.complaint()
            throw .hostFailed("\(volume) is not served: \(complaint.isEmpty ? "\(error)" : complaint)")
        }
        watch(running)
        return running
    }

    private func watch(_ running: Running) {
        self.running = running
        let process = running.process
        Task {
            _ = await process.waitForEnd()
            self.ended(process)
        }
    }

    private func ended(_ process: ProcessWatch) {
        guard !isDetached, let running, running.process === process else { return }
        (self.running, isServing) = (nil, false)
        Task { await running.monitor.close() }
        for job in jobEnds.keys { jobEnded(job) }
        exportEnded()
        guard record != nil else { return }
        logger.error(
            "what serves a shared volume died: its guests wait",
            metadata: ["volume": "\(volume)", "stderr": "\(folder.complaint())"])
        surroundings.reportUnserved(volume)
    }

    private func end() async {
        guard let running else { return }
        let deadline = Task {
            try await Task.sleep(for: Guest.flushDeadline)
            running.process.signal(SIGKILL)
        }
        do throws(QMPError) { try await running.monitor.execute("quit", within: Guest.flushDeadline) } catch {
            running.process.signal(SIGKILL)
        }
        _ = await running.process.waitForEnd()
        deadline.cancel()
        ended(running.process)
    }

    // MARK: adoption

    /// Finds what an earlier run of ours left. Users that run no more are gone.
    ///
    /// - Returns: whether anybody has the volume.
    func adopt(_ runs: Set<GuestRun>) async -> Bool {
        await turn.enter()
        defer { turn.leave() }
        let process = ProcessTable.process(withArgument: folder.marker).flatMap { try? ProcessWatch($0) }
        var found = folder.readRecord()
        found?.users.formIntersection(Set(runs.map(ServerRecord.User.init)))
        if let process { watch(Running(process: process, monitor: makeMonitor())) }
        guard let record = found, record.bootID == GuestRecord.currentBootID(), !record.users.isEmpty else {
            await end()
            folder.remove()
            return false
        }
        self.record = record
        try? folder.write(record)
        if let running {
            isServing = (try? await GuestDisks(monitor: running.monitor).isExported(names)) ?? false
        }
        if !isServing { surroundings.reportUnserved(volume) }
        return true
    }

    /// Stops watching; the process goes on, for another run of ours to adopt.
    func detach() async {
        isDetached = true
        await running?.monitor.close()
    }

    // MARK: changes

    func isRunning(for guest: GuestRun) -> Bool { running != nil }

    /// For all guests together.
    func limit(_ volume: VolumeID, to limits: DiskLimits?, for guest: GuestRun) async throws(HypervisorError) {
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            try await monitored { () throws(QMPError) in try await disks.limit(names, to: limits) }
        }
        record?.limits = limits
        if let record { try folder.write(record) }
    }

    /// Guests' machines learn of it when they connect anew.
    func grow(_ volume: VolumeID, toGiB sizeGiB: Int, for guest: GuestRun) async throws(HypervisorError) {
        let size = Int64(sizeGiB) << 30
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            try await monitored { () throws(QMPError) in
                let view = try await disks.look()
                guard view.nodes[names.data] ?? 0 < size else { return }
                try await self.endFill(of: names, in: disks)
                // What is exported keeps its size: guests are hung up on, and wait until it is there again.
                try await self.endExport(in: disks)
                do throws(QMPError) { try await disks.grow(names, toBytes: size, view) } catch {
                    try await disks.export(names)
                    throw error
                }
                try await disks.export(names)
            }
        }
    }

    func users(with guest: GuestRun) -> [GuestRun] { users }

    func disks(for guest: GuestRun) throws(HypervisorError) -> GuestDisks {
        guard let running else { throw .hostFailed("nothing serves \(volume)") }
        return GuestDisks(monitor: running.monitor)
    }

    // MARK: helpers

    /// Returns once nothing of the guests' is under way.
    private func endExport(in disks: GuestDisks) async throws(QMPError) {
        guard try await disks.isExported(names) else { return }
        let isGone = Occasion()
        exportEnd = isGone
        try await disks.endExport(names)
        // Its end may have been told to nobody, where the monitor's connection was lost.
        if try await !disks.isExported(names) { exportEnded() }
        await isGone.wait()
    }

    private func exportEnded() {
        exportEnd?.happen()
        exportEnd = nil
    }

    func failure(_ failure: GuestDisks.Failure) -> HypervisorError {
        switch failure {
        case .monitor(let error): .hostFailed("what serves \(volume): \(error)")
        case .host(let error): .hostFailed(error.description)
        case .impossible(let text): .hostFailed("\(volume): \(text)")
        }
    }

    private func makeMonitor() -> GuestMonitor {
        GuestMonitor(socketPath: folder.monitorSocket) { [weak self] event in await self?.hear(event) }
    }

    private func hear(_ event: QMPEvent) {
        switch event.name {
        case "JOB_STATUS_CHANGE" where event.data["status"]?.text == "null":
            if let job = event.data["id"]?.text { jobEnded(job) }
        case "BLOCK_JOB_COMPLETED":
            if let error = event.data["error"]?.text, let job = event.data["device"]?.text { jobFailed(job, error) }
        case "BLOCK_EXPORT_DELETED" where event.data["id"]?.text == names.export: exportEnded()
        default: break
        }
    }
}

/// The command line of a server: no machine, no processor, no memory; what it serves comes through its monitor.
struct ServerArguments {
    static let monitor: Int32 = 3
    let marker: String

    var arguments: [String] {
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-machine", "none", "-accel", "tcg,tb-size=1",
            "-name", marker, "-chardev", "socket,id=monitor,fd=\(ServerArguments.monitor),server=on,wait=off",
            "-mon", "chardev=monitor,mode=control",
            "-object", DiskLimits.group(BlockNames.sharedGroup, nil).description, "-sandbox", Isolation.sandbox,
        ]
    }
}
