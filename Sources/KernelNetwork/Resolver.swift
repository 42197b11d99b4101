// A VPC's dnsmasq: writes its files, starts it, tells it of changes, finds that of an earlier run again.
// It outlives us. Whoever has its pid is only believed to be it when its command line names our file.

import Backends
import Glibc
import HostSystem

struct Resolver: Sendable {
    private let folder: String
    private let user: User
    private let tools: HostTools
    /// What the running process was told; nil when we have not looked yet.
    private var told: ResolverFiles?

    init(folder: String, user: String?, tools: HostTools) {
        self.folder = folder
        self.tools = tools
        self.user = User.find(user.map { [$0] } ?? ["dnsmasq", "nobody"])
    }

    private struct User: Sendable {
        var name: String
        var id: UInt32
        var group: UInt32

        /// The first of `names` that exists; root's numbers never, rather `nobody`'s usual ones.
        static func find(_ names: [String]) -> User {
            let lines = (SmallFile.read("/etc/passwd") ?? "").split(separator: "\n")
            for name in names {
                for line in lines where line.hasPrefix(name + ":") {
                    let fields = line.split(separator: ":", omittingEmptySubsequences: false)
                    if fields.count > 3, let id = UInt32(fields[2]), let group = UInt32(fields[3]) {
                        return User(name: name, id: id, group: group)
                    }
                }
            }
            return User(name: "nobody", id: 65534, group: 65534)
        }
    }

    private var configurationPath: String { "\(folder)/dnsmasq.conf" }
    private var namesPath: String { "\(folder)/names" }
    private var leasesPath: String { "\(folder)/addresses" }
    private var pidPath: String { "\(folder)/pid" }
    private var givenPath: String { "\(folder)/leases" }

    /// Makes it run with these files; returns once it answers.
    mutating func ensure(_ files: ResolverFiles, in namespace: OwnedDescriptor) throws(NetworkFabricError) {
        let process = running
        let before = told ?? (process == nil ? nil : readBack())
        if let process, before?.configuration == files.configuration, told == files || movedLeases(to: files) == nil {
            if before != files {
                try write(files)
                kill(process.pid, SIGHUP)
            }
        } else {
            process?.endBlocking()
            try write(files)
            if let kept = movedLeases(to: files) { try write(kept) }
            let argument = "--conf-file=\(configurationPath)"
            try tools.run(["dnsmasq", argument], in: namespace, deadline: .seconds(20))
        }
        told = files
    }

    mutating func stop() {
        running?.endBlocking()
        told = nil
    }

    /// Whether it is to run: whoever removes it takes its configuration first.
    var isWanted: Bool { SmallFile.read(configurationPath) != nil }

    mutating func remove() {
        SmallFile.remove(configurationPath)
        stop()
        SmallFile.removeFolder(folder)
    }

    /// The process that has our files; nil where none does.
    var running: ProcessIdentity? {
        guard let text = SmallFile.read(pidPath), let pid = Int32(text.prefix { $0.isNumber }),
            let identity = ProcessIdentity(of: pid),
            let line = SmallFile.read("/proc/\(pid)/cmdline"), line.contains("--conf-file=\(configurationPath)")
        else { return nil }
        return identity
    }

    private func readBack() -> ResolverFiles? {
        guard let configuration = SmallFile.read(configurationPath), let names = SmallFile.read(namesPath),
            let leases = SmallFile.read(leasesPath), configuration.hasPrefix(paths)
        else { return nil }
        return ResolverFiles(
            configuration: String(configuration.dropFirst(paths.count)), names: names, leases: leases)
    }

    /// What is left of the leases that were given, where one is of an address that another interface has now; else nil.
    private func movedLeases(to files: ResolverFiles) -> GivenLeases? {
        guard let text = SmallFile.read(givenPath) else { return nil }
        let given = GivenLeases(text)
        let kept = given.withoutMoved(to: files.leases)
        return kept == given ? nil : kept
    }

    private func write(_ leases: GivenLeases) throws(NetworkFabricError) {
        do {
            try SmallFile.replace(givenPath, with: leases.text, mode: 0o644, owner: 0, group: 0)
        } catch {
            throw .hostFailed("\(error)")
        }
    }

    /// The part of the configuration that says where things are.
    private var paths: String {
        """
        user=\(user.name)
        pid-file=\(pidPath)
        addn-hosts=\(namesPath)
        dhcp-hostsfile=\(leasesPath)
        dhcp-leasefile=\(givenPath)

        """
    }

    /// Readable by the resolver's user, which must reach them again when it is told of a change, and by no other.
    private func write(_ files: ResolverFiles) throws(NetworkFabricError) {
        do {
            try SmallFile.makeFolder(folder)
            chown(folder, user.id, user.group)
            chmod(folder, 0o750)
            let texts = [
                (configurationPath, paths + files.configuration), (namesPath, files.names), (leasesPath, files.leases),
            ]
            for (path, text) in texts {
                try SmallFile.replace(path, with: text, mode: 0o640, owner: user.id, group: user.group)
            }
        } catch {
            throw .hostFailed("\(error)")
        }
    }
}
