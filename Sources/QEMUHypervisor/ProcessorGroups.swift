// Where the host bounds how much of its processors a process may use: the cpu controller, in cgroup v2 or in the older
// hierarchy of its own. Each guest has a group of ours; the kernel remembers its bound, also while Apus is away.
// Follows: the kernel's Documentation/admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst.

import Glibc
package import HostSystem
import Synchronization

package struct ProcessorGroups: Sendable, Equatable {
    package enum Version: Sendable, Equatable { case unified, legacy }

    /// Why no guest is bounded.
    package struct Unavailable: Error, Equatable, Sendable {
        package let reason: String
    }

    /// The folder under which a group can be made.
    let parent: String
    package let version: Version

    init(parent: String, version: Version) { (self.parent, self.version) = (parent, version) }

    /// Finds the controller among the host's mounts.
    ///
    /// - Parameter mounts: the text of /proc/self/mounts.
    package static func find(
        mounts: String? = SmallFile.read("/proc/self/mounts")
    ) throws(Unavailable) -> ProcessorGroups {
        let entries = (mounts ?? "").split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            .filter { $0.count >= 4 }
        for entry in entries where entry[2] == "cgroup2" {
            let controllers = SmallFile.read(entry[1] + "/cgroup.controllers") ?? ""
            guard controllers.split(whereSeparator: \.isWhitespace).contains("cpu") else { continue }
            return ProcessorGroups(parent: entry[1], version: .unified)
        }
        for entry in entries where entry[2] == "cgroup" && entry[3].split(separator: ",").contains("cpu") {
            return ProcessorGroups(parent: entry[1], version: .legacy)
        }
        throw Unavailable(reason: "no cgroup hierarchy with the cpu controller is mounted")
    }

    /// What the groups of one state's guests are in: another Apus on the host has another.
    static func name(of stateDirectory: String) -> String {
        var status = stat()
        guard stat(stateDirectory, &status) == 0 else { return "apus" }
        return "apus-\(String(status.st_dev, radix: 16))-\(String(status.st_ino, radix: 16))"
    }

    /// Microseconds over which a bound holds.
    private static let period = 100_000
    /// What the kernel takes at least.
    private static let leastQuota = 1_000

    /// Makes the group, or finds it, and puts the process into it. Returns whether it was made.
    @discardableResult
    func place(_ pid: Int32, in name: String) throws(SystemError) -> Bool {
        try ProcessorGroups.inTurn { () throws(SystemError) in
            let folder = "\(parent)/\(name)"
            let isNew = access(folder, F_OK) != 0
            if isNew { try make(name) }
            try SmallFile.set(folder + "/cgroup.procs", to: "\(pid)")
            return isNew
        }
    }

    func limit(_ name: String, to processors: Double) throws(SystemError) {
        let quota = max(ProcessorGroups.leastQuota, Int(processors * Double(ProcessorGroups.period)))
        switch version {
        case .unified: try SmallFile.set("\(parent)/\(name)/cpu.max", to: "\(quota) \(ProcessorGroups.period)")
        case .legacy:
            try SmallFile.set("\(parent)/\(name)/cpu.cfs_period_us", to: "\(ProcessorGroups.period)")
            try SmallFile.set("\(parent)/\(name)/cpu.cfs_quota_us", to: "\(quota)")
        }
    }

    func isLimited(_ name: String) -> Bool {
        switch version {
        case .unified: !(SmallFile.read("\(parent)/\(name)/cpu.max") ?? "max").hasPrefix("max")
        case .legacy: !(SmallFile.read("\(parent)/\(name)/cpu.cfs_quota_us") ?? "-1").hasPrefix("-")
        }
    }

    /// Removes the group, and those above it that are ours and empty. One with a process in it stays.
    func remove(_ name: String) {
        ProcessorGroups.inTurn {
            var path = name[...]
            while !path.isEmpty, rmdir("\(parent)/\(path)") == 0 || errno == ENOENT {
                path = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
            }
        }
    }

    /// Removes what is empty among the groups inside one of ours.
    func sweep(_ name: String) {
        for child in SmallFile.names(in: "\(parent)/\(name)") { remove("\(name)/\(child)") }
    }

    /// Whether a group can be made and bounded here.
    package func tryOut() throws(SystemError) {
        let name = "apus-trial-\(getpid())"
        defer { remove(name) }
        try ProcessorGroups.inTurn { () throws(SystemError) in try make(name) }
        try limit(name, to: 1)
    }

    /// A group that is made is not taken for one that is empty meanwhile.
    private static let turn = Mutex(())

    private static func inTurn<Value: Sendable, Failure: Error>(
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try turn.withLock { _ throws(Failure) in try body() }
    }

    private func make(_ name: String) throws(SystemError) {
        var folder = parent
        for part in name.split(separator: "/") {
            // A group hands the controller down to those inside it only if it is told to.
            if version == .unified { try SmallFile.set(folder + "/cgroup.subtree_control", to: "+cpu") }
            folder += "/\(part)"
            if mkdir(folder, 0o755) != 0 && errno != EEXIST { throw SystemError("mkdir \(folder)") }
        }
    }
}
