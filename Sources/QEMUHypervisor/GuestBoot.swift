// The steps from a wish to a process. Each leaves something that a later run of ours recognises:
// the record is on the disk before the process can exist, and the process carries the directory's marker.

import Backends
import CloudTypes
import Glibc
import HostSystem
import NodeContract

struct GuestBoot: Sendable {
    var record: GuestRecord
    let disks: [VolumeFile]
    /// Held before its processors run.
    let moments: [GuestMoment]
    let kernel: KernelFiles?
    let ports: [OwnedDescriptor]
    let isolation: Isolation
    let directory: GuestDirectory
    let configuration: QEMUConfiguration
    /// The machine whose memory it goes on with; nil: it boots.
    var resumed: SavedMachine?

    /// Whether its processors wait for an order to run.
    var waits: Bool { !moments.isEmpty || resumed != nil }

    /// Returns as soon as the process exists.
    func spawn() async throws(HypervisorError) -> ProcessWatch {
        let spec = record.spec
        let plan = DescriptorPlan(
            disks: disks, kernel: kernel, boot: spec.boot, portCount: ports.count, scratchCount: spec.scratch.count)
        let arguments = QEMUArguments(
            spec: spec, disks: disks, plan: plan, acceleration: record.acceleration, configuration: configuration,
            marker: directory.marker(consoleLog: DescriptorPlan.consoleLog),
            passedThrough: (record.gpus ?? []).flatMap(\.functions), waits: waits, resumed: resumed)
        let opened = try await prepare(plan)
        defer { withExtendedLifetime(opened) {} }
        return try await isolation.spawn(
            configuration.binary, arguments.arguments(), inheriting: opened.inheritance,
            outputPath: directory.processLog)
    }

    private func prepare(_ plan: DescriptorPlan) async throws(HypervisorError) -> OpenDescriptors {
        do {
            try directory.make()
            try await endOrphan()
            try directory.write(record)
            for gpu in record.gpus ?? [] { try gpu.hand(to: record.userID) }
            unlink(directory.processLog)
            if plan.variables != nil { try await makeVariables() }
            let scratch = try await scratchDisks()
            return try OpenDescriptors(
                plan, directory: directory, disks: disks, kernel: kernel, ports: ports, scratch: scratch)
        } catch let error as HypervisorError {
            throw error
        } catch {
            throw .hostFailed("\(error)")
        }
    }

    /// What was kept of the launch before, or new ones: a guest that is to go on with its data does not find them gone.
    private func scratchDisks() async throws(HypervisorError) -> ScratchDisks? {
        let wanted = record.spec.scratch
        guard record.spec.keepsScratch == true else { return try await ScratchDisks(wanted, in: directory.path) }
        guard let kept = ScratchKeeper(directory).disks(count: wanted.count) else {
            throw .instanceStoreLost(record.spec.instance)
        }
        return kept
    }

    /// A process of this guest that nobody owns would hold its disks.
    private func endOrphan() async throws(SystemError) {
        guard access(directory.monitorSocket, F_OK) == 0,
            let identity = ProcessTable.process(
                withArgument: directory.marker(consoleLog: DescriptorPlan.consoleLog)),
            let process = try? ProcessWatch(identity)
        else { return }
        process.signal(SIGKILL)
        _ = await process.waitForEnd()
    }

    /// UEFI keeps its variables as long as the guest is not forgotten, over every stop and start.
    private func makeVariables() async throws {
        guard access(directory.variables, F_OK) != 0 else { return }
        let template = configuration.uefiDirectory + "/OVMF_VARS_4M.fd"
        guard access(template, R_OK) == 0 else {
            throw HypervisorError.unavailable("UEFI firmware is not installed (package ovmf)")
        }
        let draft = directory.variables + ".new"
        let outcome = try await HostCommand.run(["cp", "--", template, draft])
        guard outcome.isSuccess, rename(draft, directory.variables) == 0, chmod(directory.variables, 0o600) == 0 else {
            throw HypervisorError.hostFailed("copy of \(template): \(outcome.errorText)")
        }
    }
}
