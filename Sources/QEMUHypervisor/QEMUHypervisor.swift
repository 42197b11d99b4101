// Guests as QEMU processes that outlive us: keeps the list of guests, gives each a user of its own, passes events on.
// What happens to one guest is `Guest`'s affair, to a volume that several have `VolumeServer`'s.

package import Backends
package import CloudTypes
import FoundationEssentials
import Glibc
import HostSystem
package import Logging
package import NodeContract

package actor QEMUHypervisor: Hypervisor {
    package nonisolated let events: AsyncStream<NodeEvent>
    package nonisolated let unserved: AsyncStream<VolumeID>
    nonisolated let configuration: QEMUConfiguration
    nonisolated let logger: Logger
    /// What guests and servers tell, which is passed on as events.
    private let heard: AsyncStream<NodeEvent>.Continuation
    private let reportUnserved: AsyncStream<VolumeID>.Continuation
    private let guestsPath: String
    private(set) var known: [InstanceID: Guest] = [:]
    nonisolated let servers: VolumeServers
    /// Of guests and servers, by the name of what they belong to.
    private var userIDs: [String: UInt32] = [:]
    private var accelerator: Task<AccelerationProbe.Answer, Never>?
    private var upkeep: Task<Void, Never>?
    private let passing: Task<Void, Never>
    private let ledger: CreditLedger
    private let processorGroup: String
    var gpuAssignments = GPUAssignments<InstanceID>()
    /// Guests whose launch is under way: their GPUs are theirs already.
    var launching: Set<InstanceID> = []

    package init(configuration: QEMUConfiguration, logger: Logger) throws(HypervisorError) {
        (self.configuration, self.logger) = (configuration, logger)
        let (news, heard) = AsyncStream.makeStream(of: NodeEvent.self)
        let (events, report) = AsyncStream.makeStream(of: NodeEvent.self)
        let (unserved, reportUnserved) = AsyncStream.makeStream(of: VolumeID.self)
        (self.events, self.heard) = (events, heard)
        (self.unserved, self.reportUnserved) = (unserved, reportUnserved)
        guestsPath = configuration.stateDirectory + "/guests"
        let serversPath = configuration.stateDirectory + "/servers"
        let servers = VolumeServers(
            folder: serversPath,
            surroundings: VolumeServer.Surroundings(
                configuration: configuration, logger: logger, report: { heard.yield($0) },
                reportUnserved: { reportUnserved.yield($0) }))
        self.servers = servers
        processorGroup = ProcessorGroups.name(of: configuration.stateDirectory)
        ledger = CreditLedger(path: configuration.stateDirectory + "/credits.json")
        passing = Task { await QEMUHypervisor.pass(news, to: report, leaving: servers) }
        for path in [guestsPath, serversPath] where mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw .hostFailed(SystemError("mkdir \(path)").description)
        }
    }

    // MARK: Hypervisor

    package func acceleration() async throws(HypervisorError) -> String { await probed().rawValue }

    package func launch(_ guest: GuestLaunch) async throws(HypervisorError) {
        let ports = guest.portDescriptors.compactMap { try? OwnedDescriptor($0, "port") }
        let (instance, launch) = (guest.spec.instance, guest.spec.launch)
        launching.insert(instance)
        defer { launching.remove(instance) }
        do throws(HypervisorError) { try await boot(guest, ports) } catch {
            // A machine lets go at its end of what was joined for it; there may be none.
            if await known[instance]?.isRunning(for: GuestRun(instance: instance, launch: launch)) != true {
                await servers.leave(instance, upTo: launch)
            }
            throw error
        }
    }

    private func boot(_ guest: GuestLaunch, _ ports: [OwnedDescriptor]) async throws(HypervisorError) {
        guard ports.count == guest.spec.ports.count, guest.disks.count == guest.spec.disks.count else {
            throw .launchFailed(guest.spec.instance, "its disks or ports are not all there")
        }
        guard geteuid() == 0 else { throw .unavailable("guests need root: each gets a user of its own") }
        guard guest.spec.architecture == .x86_64 else {
            throw .unavailable("no hypervisor for \(guest.spec.architecture.rawValue) on this host")
        }
        let acceleration = await probed()
        let owner = owner(of: guest.spec.instance)
        let userID = try userID(of: guest.spec.instance.description)
        var record = GuestRecord(
            spec: guest.spec, acceleration: acceleration, bootID: GuestRecord.currentBootID(), userID: userID,
            phase: .starting)
        if let wanted = guest.spec.gpus { record.gpus = try await takeGPUs(wanted, for: guest.spec) }
        let run = GuestRun(instance: guest.spec.instance, launch: guest.spec.launch)
        var (files, held) = ([VolumeFile](), [GuestMoment]())
        for (disk, file) in zip(guest.spec.disks, guest.disks) {
            let moments = guest.moments.filter { $0.volume == disk.volume }
            files.append(try await join(disk, file, holding: moments, run))
            if disk.isShared != true { held += moments }
        }
        let saved = MemoryFiles(owner.directory).machine
        try await owner.launch(
            GuestBoot(
                record: record, disks: files, moments: held, kernel: guest.kernel, ports: ports,
                isolation: Isolation(
                    userID: userID, deviceGroup: acceleration == .kvm ? AccelerationProbe.deviceGroup() : nil,
                    pinsMemory: record.gpus != nil),
                directory: owner.directory, configuration: configuration,
                resumed: saved.flatMap { $0.fits(guest.spec, acceleration: acceleration) ? $0 : nil }))
    }

    package func adopt() async throws(HypervisorError) -> [InstanceID: GuestObservation] {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: guestsPath) } catch {
            throw .hostFailed("\(guestsPath): \(error)")
        }
        await withTaskGroup(of: (InstanceID, UInt32)?.self) { group in
            for id in names.compactMap({ InstanceID($0) }) {
                let owner = owner(of: id)
                group.addTask { await self.adopt(id, owner) }
            }
            for await found in group { if let (id, userID) = found { userIDs[id.description] = userID } }
        }
        var runs: Set<GuestRun> = []
        for (instance, observation) in await guests() {
            if case .running(let launch) = observation { runs.insert(GuestRun(instance: instance, launch: launch)) }
        }
        for (volume, userID) in await servers.adopt(for: runs) { userIDs[volume.description] = userID }
        configuration.processorGroups?.sweep(processorGroup)
        if upkeep == nil { upkeep = Task { await self.keepUp() } }
        return await guests()
    }

    package func guests() async -> [InstanceID: GuestObservation] {
        var observations: [InstanceID: GuestObservation] = [:]
        for (id, guest) in known { observations[id] = await guest.observation }
        return observations
    }

    package func restarts() async -> [InstanceID: Timestamp] {
        var moments: [InstanceID: Timestamp] = [:]
        for (id, guest) in known {
            if case .running = await guest.observation { moments[id] = guest.directory.lastRestart() }
        }
        return moments
    }

    package func starved() async -> Set<InstanceID> {
        var starved: Set<InstanceID> = []
        for (id, guest) in known where await guest.isStarved { starved.insert(id) }
        return starved
    }

    package func examine(_ guest: GuestRun) async -> MachineHealth {
        await known[guest.instance]?.examine(guest) ?? MachineHealth(isThere: false, hasDisks: true)
    }

    package func use(of guest: GuestRun) async -> GuestUse? {
        await known[guest.instance]?.use(launch: guest.launch)
    }

    package func powerDown(_ instance: InstanceID) async throws(HypervisorError) {
        try await existing(instance).powerDown()
    }

    package func reset(_ instance: InstanceID) async throws(HypervisorError) { try await existing(instance).reset() }

    package func sendControlAltDelete(_ instance: InstanceID) async throws(HypervisorError) {
        try await existing(instance).sendControlAltDelete()
    }

    package func kill(_ instance: InstanceID) async throws(HypervisorError) {
        try await known[instance]?.kill()
        // Also what a launch joined that never came to a machine.
        await servers.leave(instance)
    }

    package func hibernate(
        _ guest: GuestRun, sealedAs root: VolumeID, with passphrase: VolumePassphrase
    ) async throws(HypervisorError) -> Bool {
        try await existing(guest.instance).hibernate(guest, sealedAs: root, passphrase)
    }

    package func dropMemory(of instance: InstanceID) async throws(HypervisorError) {
        try await known[instance]?.dropMemory()
    }

    package func keepScratch(_ isKept: Bool, of instance: InstanceID) async throws(HypervisorError) {
        guard let guest = known[instance] else { return }
        if isKept { try await guest.keepScratch() } else { await guest.dropScratch() }
    }

    package func forget(_ instance: InstanceID) async throws(HypervisorError) {
        guard let guest = known[instance] else { return }
        try await kill(instance)
        try await guest.forget()
        // A launch that came meanwhile keeps its user.
        guard await guest.observation == nil, access(guest.directory.path, F_OK) != 0 else { return }
        (known[instance], userIDs[instance.description]) = (nil, nil)
    }

    package func screen(of instance: InstanceID, wakingUp: Bool) async throws(HypervisorError) -> [UInt8]? {
        try await existing(instance).screen(wakingUp: wakingUp)
    }

    package func consoleOutput(of instance: InstanceID) async throws(HypervisorError) -> ConsoleOutput? {
        guard let log = LogFile(GuestDirectory(instance, in: guestsPath).consoleLog) else { return nil }
        let (bytes, lastWritten) = log.tail(64 << 10)
        return ConsoleOutput(bytes: bytes, lastWritten: lastWritten)
    }

    // MARK: beyond the protocol

    /// Lets go of all guests, which run on, and ends the events; nothing else may be called afterwards.
    package func detach() async {
        upkeep?.cancel()
        for guest in known.values { await guest.detach() }
        heard.finish()
        await passing.value
        await servers.detach()
        reportUnserved.finish()
    }

    // MARK: helpers

    private func owner(of instance: InstanceID) -> Guest {
        if let guest = known[instance] { return guest }
        let guest = Guest(
            instance, directory: GuestDirectory(instance, in: guestsPath),
            surroundings: Guest.Surroundings(
                configuration: configuration, processorGroup: processorGroup, logger: logger
            ) { [heard] event in
                heard.yield(event)
            })
        known[instance] = guest
        return guest
    }

    func existing(_ instance: InstanceID) throws(HypervisorError) -> Guest {
        guard let guest = known[instance] else { throw .noSuchGuest(instance) }
        return guest
    }

    /// A guest's user is its own from launch to oblivion; a number that any process of the host has is not given out.
    func userID(of name: String) throws(HypervisorError) -> UInt32 {
        if let userID = userIDs[name] { return userID }
        let taken = Set(userIDs.values).union(ProcessTable.users())
        let range = configuration.firstUserID..<configuration.firstUserID + configuration.userIDCount
        guard let userID = range.first(where: { !taken.contains($0) }) else {
            throw .hostFailed("no user id is left for a guest")
        }
        userIDs[name] = userID
        return userID
    }

    /// The end of a guest is told when nothing of it has a shared volume open any more; other news does not wait for that.
    private static func pass(
        _ news: AsyncStream<NodeEvent>, to report: AsyncStream<NodeEvent>.Continuation, leaving servers: VolumeServers
    ) async {
        await withDiscardingTaskGroup { group in
            for await event in news {
                guard case .guest(let instance, .ended(let launch, _)) = event else {
                    report.yield(event)
                    continue
                }
                group.addTask {
                    await servers.leave(instance, upTo: launch)
                    report.yield(event)
                }
            }
        }
        report.finish()
    }

    private func adopt(_ id: InstanceID, _ owner: Guest) async -> (InstanceID, UInt32)? {
        do throws(HypervisorError) {
            guard let record = try await owner.adopt() else { return nil }
            gpuAssignments.adopt(record.gpus ?? [], of: id)
            return (id, record.userID)
        } catch {
            // Kept as it is: what cannot be read may still be what someone needs.
            logger.error("a guest's record cannot be read", metadata: ["guest": "\(id)", "error": "\(error)"])
            return nil
        }
    }

    private func probed() async -> Acceleration {
        if let chosen = configuration.acceleration { return chosen }
        let task =
            accelerator
            ?? Task { [configuration, logger] in
                await AccelerationProbe(configuration: configuration, logger: logger).answer()
            }
        accelerator = task
        let answer = await task.value
        // Without a kernel for the canary the answer is a guess, to be made again.
        if !answer.isCertain { accelerator = nil }
        return answer.acceleration
    }

    /// Seconds since 1970.
    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private func keepUp() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(Guest.creditInterval))
            for guest in known.values {
                LogFile.boundLogs(of: guest.directory)
                await guest.goOnWhereThereIsRoom()
                await guest.goOnAgain()
            }
            await settleCredits(at: QEMUHypervisor.now)
        }
    }

    /// What guests did by now is paid from their credits, and what is left bounds what they do next.
    func settleCredits(at moment: Double) async {
        for guest in known.values { await guest.keepCredits(in: ledger, at: moment) }
        do throws(SystemError) { try await ledger.save(at: moment) } catch {
            logger.warning("credits of disks are not kept", metadata: ["error": "\(error)"])
        }
    }
}
