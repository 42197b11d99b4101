// Looks through the host's processes: for one that carries a mark, for the users that have any.

import Glibc
import HostSystem

enum ProcessTable {
    /// The process that has exactly `argument` among its arguments.
    static func process(withArgument argument: String) -> ProcessIdentity? {
        for pid in pids() {
            guard let line = SmallFile.read("/proc/\(pid)/cmdline"),
                line.split(separator: "\0").contains(Substring(argument))
            else { continue }
            if let identity = ProcessIdentity(of: pid) { return identity }
        }
        return nil
    }

    /// The users as whom processes run now.
    static func users() -> Set<UInt32> {
        var users: Set<UInt32> = []
        for pid in pids() {
            var status = stat()
            if stat("/proc/\(pid)", &status) == 0 { users.insert(status.st_uid) }
        }
        return users
    }

    private static func pids() -> [Int32] {
        guard let stream = opendir("/proc") else { return [] }
        defer { closedir(stream) }
        var pids: [Int32] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let pid = Int32(name) { pids.append(pid) }
        }
        return pids
    }
}
