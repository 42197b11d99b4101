// Guests as QEMU processes that outlive us: keeps the list of guests, gives each a user of its own, passes events on.
// What happens to one guest is `Guest`'s affair.

package import Backends
package import CloudTypes
import FoundationEssentials
import Glibc
import HostSystem
package import Logging
package import NodeContract

package actor QEMUHypervisor: Hypervisor {
    package nonisolated let events: AsyncStream<NodeEvent>
    private let configuration: QEMUConfiguration
    private let logger: Logger
    private let report: AsyncStream<NodeEvent>.Continuation
    private let guestsPath: String
    private var known: [InstanceID: Guest] = [:]
    private var userIDs: [InstanceID: UInt32] = [:]
    private var accelerator: Task<AccelerationProbe.Answer, Never>?
    private var upkeep: Task<Void, Never>?
    private let ledger: CreditLedger

    package init(configuration: QEMUConfiguration, logger: Logger) throws(HypervisorError) {
        (self.configuration, self.logger) = (configuration, logger)
        (events, report) = AsyncStream.makeStream(of: NodeEvent.self)
        guestsPath = configuration.stateDirectory + "/guests"
        ledger = CreditLedger(path: configuration.stateDirectory + "/credits.json")
        if mkdir(guestsPath, 0o700) != 0 && errno != EEXIST {
            throw .hostFailed(SystemError("mkdir \(guestsPath)").description)
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
        let userID = try userID(of: guest.spec.instance)
        let record = GuestRecord(
            spec: guest.spec, acceleration: acceleration, bootID: GuestRecord.currentBootID(), userID: userID,
            phase: .starting)
        let boot = GuestBoot(
            record: record, disks: guest.disks, moments: guest.moments, kernel: guest.kernel, ports: ports,
            isolation: Isolation(
                userID: userID, deviceGroup: acceleration == .kvm ? AccelerationProbe.deviceGroup() : nil),
            directory: owner.directory, configuration: configuration)
        try await owner.launch(boot)
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
            for await found in group { if let (id, userID) = found { userIDs[id] = userID } }
        }
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
        try await existing(guest.instance).attach(disk, file, holding: moments, launch: guest.launch)
    }

    package func detach(
        _ volume: VolumeID, from guest: GuestRun, force: Bool
    ) async throws(HypervisorError) -> Bool {
        try await existing(guest.instance).detach(volume, launch: guest.launch, force: force)
    }

    package func grow(
        _ volume: VolumeID, toGiB sizeGiB: Int, in guest: GuestRun
    ) async throws(HypervisorError) {
        try await existing(guest.instance).grow(volume, toGiB: sizeGiB, launch: guest.launch)
    }

    package func limit(
        _ volume: VolumeID, to limits: DiskLimits?, in guest: GuestRun
    ) async throws(HypervisorError) {
        try await existing(guest.instance).limit(volume, to: limits, launch: guest.launch)
    }

    package func fill(_ volume: VolumeID, at rate: Int, in guest: GuestRun) async throws(HypervisorError) -> Bool {
        try await existing(guest.instance).fill(volume, at: rate, launch: guest.launch)
    }

    package func hold(_ moments: [GuestMoment], in guest: GuestRun) async throws(HypervisorError) {
        try await existing(guest.instance).hold(moments, launch: guest.launch)
    }

    package func holds(_ snapshot: SnapshotID, in guest: GuestRun) async throws(HypervisorError) -> Bool {
        try await existing(guest.instance).holds(snapshot, launch: guest.launch)
    }

    package func read(
        _ moment: GuestMoment, changedSince parent: SnapshotID?, in guest: GuestRun
    ) async throws(HypervisorError) -> MomentSource {
        try await existing(guest.instance).read(moment, changedSince: parent, launch: guest.launch)
    }

    package func letGo(
        of moment: GuestMoment, keepingChangesSince kept: Set<SnapshotID>, in guest: GuestRun
    ) async throws(HypervisorError) -> Bool {
        try await existing(guest.instance).letGo(of: moment, keeping: kept, launch: guest.launch)
    }

    package func kill(_ instance: InstanceID) async throws(HypervisorError) { try await known[instance]?.kill() }

    package func forget(_ instance: InstanceID) async throws(HypervisorError) {
        guard let guest = known[instance] else { return }
        try await guest.forget()
        // A launch that came meanwhile keeps its user.
        guard await guest.observation == nil, access(guest.directory.path, F_OK) != 0 else { return }
        (known[instance], userIDs[instance]) = (nil, nil)
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
        report.finish()
    }

    // MARK: helpers

    private func owner(of instance: InstanceID) -> Guest {
        if let guest = known[instance] { return guest }
        let guest = Guest(
            instance, directory: GuestDirectory(instance, in: guestsPath),
            surroundings: Guest.Surroundings(configuration: configuration, logger: logger) { [report] event in
                report.yield(event)
            })
        known[instance] = guest
        return guest
    }

    private func existing(_ instance: InstanceID) throws(HypervisorError) -> Guest {
        guard let guest = known[instance] else { throw .noSuchGuest(instance) }
        return guest
    }

    /// A guest's user is its own from launch to oblivion; a number that any process of the host has is not given out.
    private func userID(of instance: InstanceID) throws(HypervisorError) -> UInt32 {
        if let userID = userIDs[instance] { return userID }
        let taken = Set(userIDs.values).union(ProcessTable.users())
        let range = configuration.firstUserID..<configuration.firstUserID + configuration.userIDCount
        guard let userID = range.first(where: { !taken.contains($0) }) else {
            throw .hostFailed("no user id is left for a guest")
        }
        userIDs[instance] = userID
        return userID
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
