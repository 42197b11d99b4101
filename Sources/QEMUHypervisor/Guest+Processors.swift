// What a guest's vCPUs worked, as the host's scheduler counts it, and what the guest may use of the host's processors.

package import Backends
package import CloudTypes
import Glibc
import HostSystem
import Logging
package import NodeContract

extension QEMUHypervisor {
    package func processorSeconds(of guests: [GuestRun]) async -> [InstanceID: Double] {
        var seconds: [InstanceID: Double] = [:]
        for run in guests {
            guard let guest = try? existing(run.instance) else { continue }
            seconds[run.instance] = await guest.processorSeconds(launch: run.launch)
        }
        return seconds
    }

    package func limitProcessors(of guest: GuestRun, to processors: Double) async throws(HypervisorError) {
        try await existing(guest.instance).limitProcessors(to: processors, launch: guest.launch)
    }
}

extension Guest {
    /// nil where no guest of the launch runs.
    func processorSeconds(launch: Int) -> Double? {
        guard case .running(let running) = state, running.record.spec.launch == launch else { return nil }
        return VirtualProcessors.seconds(of: running.process.pid)
    }

    func limitProcessors(to processors: Double, launch: Int) throws(HypervisorError) {
        guard case .running(let running) = state, running.record.spec.launch == launch else {
            throw .noSuchGuest(id)
        }
        guard let groups = surroundings.configuration.processorGroups else { return }
        do throws(SystemError) {
            try groups.place(running.process.pid, in: processorGroup)
            try groups.limit(processorGroup, to: processors)
        } catch {
            if running.process.end != nil { throw .noSuchGuest(id) }
            throw .hostFailed("\(error)")
        }
    }

    private nonisolated var processorGroup: String { "\(surroundings.processorGroup)/\(id)" }

    /// Has the guest in a group of its own: one that is launched may use as many processors as its type has, one that is
    /// found keeps what it was let do.
    nonisolated func bound(_ process: Int32, _ spec: GuestSpec, isNew: Bool) {
        guard let groups = surroundings.configuration.processorGroups else { return }
        do throws(SystemError) {
            try groups.place(process, in: processorGroup)
            // A kill of ours may have come between a group and its bound.
            if isNew || !groups.isLimited(processorGroup) { try groups.limit(processorGroup, to: Double(spec.vCPUs)) }
        } catch {
            logger.warning(
                "a guest's processors are not bounded", metadata: ["guest": "\(id)", "error": "\(error)"])
        }
    }

    nonisolated func removeProcessorGroup() {
        surroundings.configuration.processorGroups?.remove(processorGroup)
    }
}

/// The threads of a QEMU that carry out a guest's instructions: `CPU 0/KVM`, `CPU 0/TCG`.
enum VirtualProcessors {
    /// Seconds that they worked since they began; nil where there is no such process.
    ///
    /// - Parameter root: where the process table is.
    static func seconds(of pid: Int32, root: String = "/proc") -> Double? {
        let tasks = "\(root)/\(pid)/task"
        let threads = SmallFile.names(in: tasks).filter { task in
            SmallFile.read("\(tasks)/\(task)/comm")?.hasPrefix("CPU ") ?? false
        }
        guard !threads.isEmpty else { return nil }
        let nanoseconds = threads.compactMap { task in
            SmallFile.read("\(tasks)/\(task)/schedstat")?.split(separator: " ").first.flatMap { Double($0) }
        }
        return nanoseconds.isEmpty ? nil : nanoseconds.reduce(0, +) / 1e9
    }
}
