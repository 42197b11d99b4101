// Guests as QEMU processes that outlive us: keeps the list of guests, gives each a user of its own, passes events on.
// What happens to one guest is `Guest`'s affair.

package import Backends
package import CloudTypes
import FoundationEssentials
import Glibc
import HostSystem
package import Logging
package import NodeContract
import Synchronization

package actor QEMUHypervisor: Hypervisor {
    package nonisolated let events: AsyncStream<NodeEvent>
    package nonisolated let unserved: AsyncStream<VolumeID>
    private let configuration: QEMUConfiguration
    private let logger: Logger
    private let report: AsyncStream<NodeEvent>.Continuation
    private let reportUnserved: AsyncStream<VolumeID>.Continuation
    private let guestsPath: String
    private let serversPath: String
    private var known: [InstanceID: Guest] = [:]
    /// Volumes that several guests may have, and did since we began.
    private nonisolated let servers = Mutex<[VolumeID: VolumeServer]>([:])
    /// Of guests and servers, by the name of what they belong to.
    private var userIDs: [String: UInt32] = [:]
    private var accelerator: Task<AccelerationProbe.Answer, Never>?
    private var upkeep: Task<Void, Never>?
    private let ledger: CreditLedger

    package init(configuration: QEMUConfiguration, logger: Logger) throws(HypervisorError) {
        (self.configuration, self.logger) = (configuration, logger)
        (events, report) = AsyncStream.makeStream(of: NodeEvent.self)
        (unserved, reportUnserved) = AsyncStream.makeStream(of: VolumeID.self)
        guestsPath = configuration.stateDirectory + "/guests"
        serversPath = configuration.stateDirectory + "/servers"
        ledger = CreditLedger(path: configuration.stateDirectory + "/credits.json")
        for path in [guestsPath, serversPath] where mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw .hostFailed(SystemError("mkdir \(path)").description)
        }
    }

    // MARK: Hypervisor

    package func acceleration() async throws(HypervisorError) -> String { await probed().rawValue }

    package func launch(_ guest: GuestLaunch) async throws(HypervisorError) {
        let ports = guest.portDescriptors.compactMap { try? OwnedDescriptor($0, "port") }
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
        let record = GuestRecord(
            spec: guest.spec, acceleration: acceleration, bootID: GuestRecord.currentBootID(), userID: userID,
            phase: .starting)
        let run = GuestRun(instance: guest.spec.instance, launch: guest.spec.launch)
        do throws(HypervisorError) {
            var (files, held) = ([VolumeFile](), [GuestMoment]())
            for (disk, file) in zip(guest.spec.disks, guest.disks) {
                let moments = guest.moments.filter { $0.volume == disk.volume }
                files.append(try await join(disk, file, holding: moments, run))
                if disk.isShared != true { held += moments }
            }
            let boot = GuestBoot(
                record: record, disks: files, moments: held, kernel: guest.kernel, ports: ports,
                isolation: Isolation(
                    userID: userID, deviceGroup: acceleration == .kvm ? AccelerationProbe.deviceGroup() : nil),
                directory: owner.directory, configuration: configuration)
            try await owner.launch(boot)
        } catch {
            await leaveServers(run)
            throw error
        }
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
        await adoptServers()
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
        await known[guest.instance]?.examine(launch: guest.launch) ?? MachineHealth(isThere: false, hasDisks: true)
    }

    package func powerDown(_ instance: InstanceID) async throws(HypervisorError) {
        try await existing(instance).powerDown()
    }

    package func reset(_ instance: InstanceID) async throws(HypervisorError) { try await existing(instance).reset() }

    package func sendControlAltDelete(_ instance: InstanceID) async throws(HypervisorError) {
        try await existing(instance).sendControlAltDelete()
    }

    package nonisolated var hotPlugSlots: Int { configuration.spareSlots }

    package func attach(
        _ disk: GuestSpec.Disk, _ file: VolumeFile, holding moments: [GuestMoment], to guest: GuestRun
    ) async throws(HypervisorError) {
        let owner = try existing(guest.instance)
        let file = try await join(disk, file, holding: moments, guest)
        do throws(HypervisorError) {
            try await owner.attach(
                disk, file, holding: disk.isShared == true ? [] : moments, launch: guest.launch)
        } catch {
            if case .noSuchGuest = error { await leaveServers(guest) }
            throw error
        }
    }

    package func detach(
        _ volume: VolumeID, from guest: GuestRun, force: Bool
    ) async throws(HypervisorError) -> Bool {
        let isGone = try await existing(guest.instance).detach(volume, launch: guest.launch, force: force)
        if isGone { await server(of: volume)?.leave(guest) }
        return isGone
    }

    package func grow(
        _ volume: VolumeID, toGiB sizeGiB: Int, in guest: GuestRun
    ) async throws(HypervisorError) {
        guard let server = await server(of: volume) else {
            return try await existing(guest.instance).grow(volume, toGiB: sizeGiB, launch: guest.launch)
        }
        try await server.grow(toGiB: sizeGiB)
        try await forEachUser(of: server) { owner, user throws(HypervisorError) in
            try await owner.renew(volume, server.folder.shared, toGiB: sizeGiB, launch: user.launch)
        }
    }

    package func limit(
        _ volume: VolumeID, to limits: DiskLimits?, in guest: GuestRun
    ) async throws(HypervisorError) {
        guard let server = await server(of: volume) else {
            return try await existing(guest.instance).limit(volume, to: limits, launch: guest.launch)
        }
        try await server.limit(to: limits)
        // What is a hole is read without being counted where it is served: no guest alone may do more either.
        try await forEachUser(of: server) { owner, user throws(HypervisorError) in
            try await owner.limit(volume, to: limits, launch: user.launch)
        }
    }

    package func fill(_ volume: VolumeID, at rate: Int, in guest: GuestRun) async throws(HypervisorError) -> Bool {
        if let server = await server(of: volume) { return try await server.fill(volume, at: rate, launch: 0) }
        return try await existing(guest.instance).fill(volume, at: rate, launch: guest.launch)
    }

    package func fillPosition(of volume: VolumeID, in guest: GuestRun) async throws(HypervisorError) -> Int? {
        if let server = await server(of: volume) { return try await server.fillPosition(of: volume, launch: 0) }
        return try await existing(guest.instance).fillPosition(of: volume, launch: guest.launch)
    }

    package func hold(_ moments: [GuestMoment], in guest: GuestRun) async throws(HypervisorError) {
        guard let volume = moments.first?.volume, let server = await server(of: volume) else {
            return try await existing(guest.instance).hold(moments, launch: guest.launch)
        }
        guard moments.count == 1 else { throw .hostFailed("no moment is held of \(volume) and others at once") }
        try await server.hold(moments, launch: 0)
    }

    package func isOpen(_ volume: VolumeID, for guest: GuestRun) async -> Bool {
        if let server = await server(of: volume) { return await server.isRunning }
        return await known[guest.instance]?.observation == .running(launch: guest.launch)
    }

    package func holds(
        _ snapshot: SnapshotID, of volume: VolumeID, in guest: GuestRun
    ) async throws(HypervisorError) -> Bool {
        if let server = await server(of: volume) { return try await server.holds(snapshot, launch: 0) }
        return try await existing(guest.instance).holds(snapshot, launch: guest.launch)
    }

    package func read(
        _ moment: GuestMoment, changedSince parent: SnapshotID?, in guest: GuestRun
    ) async throws(HypervisorError) -> MomentSource {
        if let server = await server(of: moment.volume) {
            return try await server.read(moment, changedSince: parent, launch: 0)
        }
        return try await existing(guest.instance).read(moment, changedSince: parent, launch: guest.launch)
    }

    package func letGo(
        of moment: GuestMoment, keepingChangesSince kept: Set<SnapshotID>, in guest: GuestRun
    ) async throws(HypervisorError) -> Bool {
        if let server = await server(of: moment.volume) {
            return try await server.letGo(of: moment, keeping: kept, launch: 0)
        }
        return try await existing(guest.instance).letGo(of: moment, keeping: kept, launch: guest.launch)
    }

    package func kill(_ instance: InstanceID) async throws(HypervisorError) {
        guard let guest = known[instance] else { return }
        try await guest.kill()
        if case .ended(let launch, _) = await guest.observation {
            await leaveServers(GuestRun(instance: instance, launch: launch))
        }
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

    package func consoleOutput(of instance: InstanceID) async throws(HypervisorError) -> ConsoleOutput? {
        guard let log = LogFile(GuestDirectory(instance, in: guestsPath).consoleLog) else { return nil }
        let (bytes, lastWritten) = log.tail(64 << 10)
        return ConsoleOutput(bytes: bytes, lastWritten: lastWritten)
    }

    // MARK: beyond the protocol

    /// What the guest did on each of its disks since it was plugged in.
    package func diskCounters(of guest: GuestRun) async throws(HypervisorError) -> [VolumeID: DiskCounters] {
        try await existing(guest.instance).diskCounters(launch: guest.launch)
    }

    /// Lets go of all guests, which run on, and ends the events; nothing else may be called afterwards.
    package func detach() async {
        upkeep?.cancel()
        for guest in known.values { await guest.detach() }
        for server in servers.withLock({ $0 }).values { await server.detach() }
        report.finish()
        reportUnserved.finish()
    }

    // MARK: helpers

    private func owner(of instance: InstanceID) -> Guest {
        if let guest = known[instance] { return guest }
        let guest = Guest(
            instance, directory: GuestDirectory(instance, in: guestsPath),
            surroundings: Guest.Surroundings(configuration: configuration, logger: logger) {
                [report, weak self] event in
                if let self { self.told(event) } else { report.yield(event) }
            })
        known[instance] = guest
        return guest
    }

    private func existing(_ instance: InstanceID) throws(HypervisorError) -> Guest {
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

    /// The end of a guest is told when nothing of it has a shared volume open any more.
    private nonisolated func told(_ event: NodeEvent) {
        guard case .guest(let id, .ended(let launch, _)) = event, servers.withLock({ !$0.isEmpty }) else {
            return _ = report.yield(event)
        }
        Task {
            await leaveServers(GuestRun(instance: id, launch: launch))
            report.yield(event)
        }
    }

    // MARK: shared volumes

    package func isServed(_ volume: VolumeID) async -> Bool { await server(of: volume) != nil }

    package func share(_ volume: VolumeID, with guest: GuestRun) async -> Bool {
        guard let server = servers.withLock({ $0[volume] }) else { return false }
        return await server.welcome(guest)
    }

    package func serve(
        _ volume: VolumeID, _ file: VolumeFile, holding moments: [GuestMoment]
    ) async throws(HypervisorError) {
        try await server(of: volume)?.serveAgain(file, holding: moments)
    }

    /// nil where no guest has the volume, or one has it for itself.
    private func server(of volume: VolumeID) async -> VolumeServer? {
        guard let server = servers.withLock({ $0[volume] }), await server.hasUsers else { return nil }
        return server
    }

    /// Returns what the guest opens: a shared volume's file is opened by its server alone.
    private func join(
        _ disk: GuestSpec.Disk, _ file: VolumeFile, holding moments: [GuestMoment], _ run: GuestRun
    ) async throws(HypervisorError) -> VolumeFile {
        guard disk.isShared == true else { return file }
        let server = makeServer(of: disk.volume)
        try await server.join(
            run, file, holding: moments, limits: disk.limits, as: try userID(of: disk.volume.description))
        var shared = VolumeFile(path: file.path, format: file.format)
        shared.sharedFolder = server.folder.shared
        return shared
    }

    /// One that ended meanwhile finds all as it is to be when it is next booted.
    private func forEachUser(
        of server: VolumeServer, _ body: (Guest, GuestRun) async throws(HypervisorError) -> Void
    ) async throws(HypervisorError) {
        for user in await server.users {
            guard let owner = known[user.instance] else { continue }
            do throws(HypervisorError) { try await body(owner, user) } catch {
                guard case .noSuchGuest = error else { throw error }
            }
        }
    }

    private func leaveServers(_ run: GuestRun) async {
        for server in servers.withLock({ $0 }).values { await server.leave(run) }
    }

    private func makeServer(of volume: VolumeID) -> VolumeServer {
        servers.withLock { servers in
            if let server = servers[volume] { return server }
            let surroundings = VolumeServer.Surroundings(
                configuration: configuration, logger: logger, report: { [report] in report.yield($0) },
                reportUnserved: { [reportUnserved] in reportUnserved.yield($0) })
            let server = VolumeServer(
                volume, folder: ServerFolder(volume, in: serversPath), surroundings: surroundings)
            servers[volume] = server
            return server
        }
    }

    private func adoptServers() async {
        var runs: Set<GuestRun> = []
        for (instance, observation) in await guests() {
            if case .running(let launch) = observation { runs.insert(GuestRun(instance: instance, launch: launch)) }
        }
        for volume in SmallFile.names(in: serversPath).compactMap({ VolumeID($0) }) {
            let server = makeServer(of: volume)
            guard await server.adopt(runs) else { continue }
            userIDs[volume.description] = await server.userID
        }
    }

    private func adopt(_ id: InstanceID, _ owner: Guest) async -> (InstanceID, UInt32)? {
        do throws(HypervisorError) {
            return try await owner.adopt().map { (id, $0.userID) }
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
            let now = QEMUHypervisor.now
            for guest in known.values {
                LogFile.boundLogs(of: guest.directory)
                await guest.keepCredits(in: ledger, at: now)
                await guest.goOnWhereThereIsRoom()
            }
            do throws(SystemError) { try await ledger.save(at: now) } catch {
                logger.warning("volumes' credits are not kept", metadata: ["error": "\(error)"])
            }
        }
    }
}
