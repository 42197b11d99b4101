// Saves a guest's memory when it hibernates, and loads it into the machine that goes on. QEMU itself writes and reads it, as
// a snapshot of the machine in a qcow2 image of its own inside a LUKS file, which the root volume's passphrase opens: no byte
// of it is anywhere in the clear, and no process of ours has to live meanwhile.
// Follows: QEMU QMP reference, "snapshot-save", "snapshot-load", "blockdev-create".

import Backends
import CloudTypes
import DiskFormats
import Glibc
import HostSystem
import JSON
import Logging
import NodeContract
import QMP

/// What QEMU calls the pieces; the snapshot in the image has the image's name.
private enum MemoryNames {
    static let image = "memory"
    static let sealed = "memory-l"
    static let file = "memory-f"
    static let making = "memory-make"
    static let moving = "memory-move"
    /// Whose descriptor it is.
    static let use = "memory"
}

extension Guest {
    /// A machine that writes or reads its memory does nothing else, and so does not answer.
    private static let memoryPatience = Duration.seconds(1_800)

    /// Whether a job of the block layer is gone, or, one that moves a memory, waits to be asked how it ended.
    static func isOver(_ job: JSONValue) -> Bool {
        switch job["status"]?.text {
        case "null": true
        case "concluded": [MemoryNames.making, MemoryNames.moving].contains(job["id"]?.text)
        default: false
        }
    }

    /// Whether its memory is being saved, be it by an earlier run of ours.
    var isHibernating: Bool {
        guard case .running(let running) = state else { return false }
        return running.record.request == .hibernate
    }

    /// Returns false where the memory could not be saved: the guest runs on.
    func hibernate(
        _ guest: GuestRun, sealedAs root: VolumeID, _ passphrase: VolumePassphrase
    ) async throws(HypervisorError) -> Bool {
        if observation == .ended(launch: guest.launch, .hibernated) { return true }
        let files = MemoryFiles(directory)
        // A machine whose memory is saved has stood still since.
        if files.machine?.launch != guest.launch {
            do throws(HypervisorError) {
                try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
                    do { try await self.save(guest, BlockNames(root), passphrase, files, disks) } catch {
                        throw GuestDisks.Failure(error)
                    }
                }
            } catch {
                guard isRunning(for: guest) else { throw .noSuchGuest(id) }
                logger.error("a memory was not saved", metadata: ["guest": "\(id)", "error": "\(error)"])
                try await goOn(guest, without: files)
                return false
            }
        }
        try await kill()
        return observation == .ended(launch: guest.launch, .hibernated)
    }

    /// Erases the memory of a guest that does not run.
    func dropMemory() throws(HypervisorError) {
        switch state {
        case .starting, .running: return
        case .absent, .ended: break
        }
        do throws(SystemError) { try MemoryFiles(directory).drop() } catch { throw .hostFailed(error.description) }
        forgetHibernation()
    }

    private func save(
        _ guest: GuestRun, _ root: BlockNames, _ passphrase: VolumePassphrase, _ files: MemoryFiles,
        _ disks: GuestDisks
    ) async throws {
        guard case .running(let running) = state else { throw GuestDisks.Failure.impossible("it does not run") }
        let (spec, monitor) = (running.record.spec, disks.monitor)
        // A machine that an earlier run of ours told to save its memory does not answer before it has.
        let patience = isHibernating ? Guest.memoryPatience : .seconds(60)
        // Nobody tells it to go on until this is done: not the next run of ours, and not whoever else stands guests still.
        (isStanding, isStarved) = (false, false)
        try note(.hibernate)
        try await monitor.execute("stop", within: patience)
        // Of an earlier run of ours that was cut off.
        try await closeMemory(in: disks)
        let header = try await HostThread.run { Result { try LUKSHeader(passphrase: passphrase.digits) } }.get()
        try files.makeDraft(opening: header, memoryMiB: spec.memoryMiB)
        try await openMemory(files.draft, root, in: disks)
        try await run(
            MemoryNames.making, "blockdev-create",
            ["options": ["driver": "qcow2", "file": .string(MemoryNames.sealed), "size": .integer(1 << 20)]], disks)
        try await openImage(in: disks)
        try await move("snapshot-save", disks)
        try await closeMemory(in: disks)
        let (slotCount, places) = try await disks.places()
        try files.keep(
            SavedMachine(spec, acceleration: running.record.acceleration, slotCount: slotCount, places: places))
    }

    /// Before its processors run. The process may end meanwhile.
    func loadMemory(_ files: MemoryFiles, _ root: BlockNames, _ process: ProcessWatch, _ disks: GuestDisks) async throws
    {
        let watching = Task {
            _ = await process.waitForEnd()
            self.jobEnded(MemoryNames.moving)
        }
        defer { watching.cancel() }
        try await openMemory(files.saved, root, in: disks)
        try await openImage(in: disks)
        try await move("snapshot-load", disks)
        try await closeMemory(in: disks)
    }

    /// The guest runs on as if nothing had been; no memory of a time before may be there then.
    private func goOn(_ guest: GuestRun, without files: MemoryFiles) async throws(HypervisorError) {
        do throws(SystemError) { try files.drop() } catch { throw .hostFailed(error.description) }
        try await withDisks(for: guest) { disks throws(GuestDisks.Failure) in
            try await monitored { () throws(QMPError) in
                try await self.closeMemory(in: disks)
            }
            do { try note(nil) } catch { throw .impossible("\(error)") }
            _ = try await monitored { () throws(QMPError) in
                try await disks.monitor.execute("cont", within: .seconds(60))
            }
        }
    }

    private func openMemory(_ path: String, _ root: BlockNames, in disks: GuestDisks) async throws {
        let file = try OwnedDescriptor(Glibc.open(path, O_RDWR | O_CLOEXEC), "open \(path)")
        let added = try await disks.monitor.add(file.number, for: MemoryNames.use)
        withExtendedLifetime(file) {}
        try await disks.monitor.execute(
            "blockdev-add",
            [
                "driver": "file", "node-name": .string(MemoryNames.file),
                "filename": .string("/dev/fdset/\(added.set)"),
            ])
        try await disks.monitor.execute(
            "blockdev-add",
            [
                "driver": "luks", "node-name": .string(MemoryNames.sealed), "file": .string(MemoryNames.file),
                "key-secret": .string(root.secret),
            ])
    }

    private func openImage(in disks: GuestDisks) async throws {
        try await disks.monitor.execute(
            "blockdev-add",
            ["driver": "qcow2", "node-name": .string(MemoryNames.image), "file": .string(MemoryNames.sealed)])
    }

    /// Whatever there is of it.
    private func closeMemory(in disks: GuestDisks) async throws(QMPError) {
        for job in try await disks.monitor.execute("query-jobs", within: Guest.memoryPatience).elements ?? [] {
            guard let name = job["id"]?.text, [MemoryNames.making, MemoryNames.moving].contains(name) else { continue }
            try await disks.monitor.execute("job-dismiss", ["id": .string(name)])
        }
        let view = try await disks.look()
        for node in [MemoryNames.image, MemoryNames.sealed, MemoryNames.file] where view.nodes[node] != nil {
            try await disks.monitor.execute("blockdev-del", ["node-name": .string(node)], within: .seconds(60))
        }
        for descriptor in view.descriptors[MemoryNames.use] ?? [] { try await disks.monitor.remove(descriptor) }
    }

    private func move(_ command: String, _ disks: GuestDisks) async throws {
        try await run(
            MemoryNames.moving, command,
            [
                "tag": .string(MemoryNames.image), "vmstate": .string(MemoryNames.image),
                "devices": .array([.string(MemoryNames.image)]),
            ], disks)
    }

    /// Returns once the job has come to its end, which is kept until it is asked for.
    private func run(
        _ job: String, _ command: String, _ arguments: [String: JSONValue], _ disks: GuestDisks
    ) async throws {
        let isOver = Occasion()
        jobEnds[job] = isOver
        do {
            try await disks.monitor.execute(command, .object(arguments.merging(["job-id": .string(job)]) { $1 }))
            // Its end may have been told to nobody, where the monitor's connection was lost.
            if try await status(of: job, disks)?["status"]?.text == "concluded" { jobEnded(job) }
        } catch {
            jobEnds[job] = nil
            throw error
        }
        await isOver.wait()
        let error = try await status(of: job, disks)?["error"]?.text
        try await disks.monitor.execute("job-dismiss", ["id": .string(job)])
        if let error { throw GuestDisks.Failure.impossible(error) }
    }

    private func status(of job: String, _ disks: GuestDisks) async throws(QMPError) -> JSONValue? {
        try await disks.monitor.execute("query-jobs", within: Guest.memoryPatience).elements?
            .first { $0["id"]?.text == job }
    }
}
