// What a guest's machine has used: its process's time and memory by the kernel, its disks by its monitor.

import Glibc
import HostSystem
import JSON
import NodeContract
import QMP

extension Guest {
    func use(launch: Int) async -> GuestUse? {
        guard case .running(let running) = state, running.record.spec.launch == launch,
            case .running(let process) = running.record.phase,
            var use = ProcessUse.read(process)
        else { return nil }
        let devices = try? await running.monitor.execute("query-blockstats", within: .seconds(5))
        use.diskBytes = (devices?.elements ?? []).reduce(0) { sum, device in
            let counts = device["stats"]
            return sum + Int((counts?["rd_bytes"]?.integer ?? 0) + (counts?["wr_bytes"]?.integer ?? 0))
        }
        return use
    }
}

enum ProcessUse {
    static func read(_ process: ProcessIdentity) -> GuestUse? {
        guard let stat = SmallFile.read("/proc/\(process.pid)/stat"),
            let statm = SmallFile.read("/proc/\(process.pid)/statm"),
            let uptime = SmallFile.read("/proc/uptime"), process.isRunning
        else { return nil }
        return read(
            stat: stat, statm: statm, uptime: uptime, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
            pageBytes: Int(sysconf(Int32(_SC_PAGESIZE))))
    }

    /// - Source: proc(5): after the name, which may hold anything, user and system time are fields 14 and 15, the start is field 22.
    static func read(
        stat: String, statm: String, uptime: String, ticksPerSecond: Double, pageBytes: Int
    ) -> GuestUse? {
        guard let close = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: close)...].split(separator: " ").map { Double($0) ?? 0 }
        let pages = statm.split(separator: " ").map { Int($0) ?? 0 }
        guard fields.count > 19, pages.count > 1, let now = uptime.split(separator: " ").first.flatMap({ Double($0) })
        else { return nil }
        return GuestUse(
            seconds: max(0.01, now - fields[19] / ticksPerSecond),
            processorSeconds: (fields[11] + fields[12]) / ticksPerSecond, memoryMiB: (pages[1] * pageBytes) >> 20)
    }
}
