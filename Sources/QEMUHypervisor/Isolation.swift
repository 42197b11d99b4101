// What stands between a guest's QEMU and the host: an own user, no capabilities, no way to gain any, no network but
// its taps, no core dumps of guest memory. QEMU adds its own seccomp filter.

/// Whom a guest's QEMU runs as.
struct Isolation: Equatable {
    let userID: UInt32
    /// The group of /dev/kvm, where only that may open it; nil otherwise.
    var deviceGroup: UInt32?

    /// The commands that turn themselves into `program`, each without leaving a process behind.
    func wrapping(_ program: [String]) -> [String] {
        var arguments = ["unshare", "--net", "--", "prlimit", "--core=0", "--"]
        arguments += ["setpriv", "--reuid=\(userID)", "--regid=\(userID)"]
        arguments.append(deviceGroup.map { "--groups=\($0)" } ?? "--clear-groups")
        arguments += ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs", "--"]
        return arguments + program
    }

    static let sandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
}
