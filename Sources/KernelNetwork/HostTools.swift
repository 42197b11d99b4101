// The few ways in which this target touches the kernel: `ip`, `nft`, settings and tracked connections, each inside a
// given namespace.
// Moves the calling thread between namespaces: only actors with a thread of their own may call these.

import Backends
import CloudTypes
import HostSystem

struct HostTools: Sendable {
    /// The namespace that is the host.
    let host: OwnedDescriptor
    /// Asked before each tool is started, and before connections are forgotten.
    var willRun: Gate?

    typealias Gate = @Sendable (_ arguments: [String]) throws(NetworkFabricError) -> Void

    static func namespacePath(_ name: String) -> String { "/run/netns/\(name)" }

    /// Opens a named namespace; nil where there is none (a leftover file without one counts as none).
    static func openNamespace(_ name: String) -> OwnedDescriptor? {
        try? NetworkNamespace.open(namespacePath(name))
    }

    func enter(_ namespace: OwnedDescriptor) throws(NetworkFabricError) {
        do { try NetworkNamespace.enter(namespace) } catch { throw .hostFailed("\(error)") }
    }

    @discardableResult
    func run(
        _ arguments: [String], input: String? = nil, in namespace: OwnedDescriptor, deadline: Duration = .seconds(60)
    ) throws(NetworkFabricError) -> HostCommand.Outcome {
        let outcome = try attempt(arguments, input: input, in: namespace, deadline: deadline)
        guard outcome.isSuccess else {
            throw .commandFailed(
                arguments.prefix(4).joined(separator: " "), exitStatus: outcome.exitStatus,
                standardError: String(outcome.errorText.prefix(2000)))
        }
        return outcome
    }

    /// As `run`, where a failing status is an answer.
    func attempt(
        _ arguments: [String], input: String? = nil, in namespace: OwnedDescriptor, deadline: Duration = .seconds(60)
    ) throws(NetworkFabricError) -> HostCommand.Outcome {
        try willRun?(arguments)
        try enter(namespace)
        do {
            let limits = HostCommand.Limits(deadline: deadline, output: 64 << 20)
            return try HostCommand.runBlocking(arguments, standardInput: input.map { Array($0.utf8) }, limits: limits)
        } catch {
            switch error {
            case .notFound(let tool): throw .unavailable("\(tool) is not installed")
            case .startFailed(_, let cause): throw .hostFailed("\(arguments[0]): \(cause)")
            case .timedOut, .tooMuchOutput, .cancelled: throw .hostFailed("\(error)")
            }
        }
    }

    /// `ip -batch`; nothing runs for no lines. It ends at the first line that fails.
    func batch(_ lines: [String], in namespace: OwnedDescriptor) throws(NetworkFabricError) {
        guard !lines.isEmpty else { return }
        let input = lines.map { $0 + "\n" }.joined()
        try run(["ip", "-batch", "-"], input: input, in: namespace)
    }

    /// As `batch`, going on where a line fails: for removing what may already be gone.
    func batchLeniently(_ lines: [String], in namespace: OwnedDescriptor) throws(NetworkFabricError) {
        guard !lines.isEmpty else { return }
        let input = lines.map { $0 + "\n" }.joined()
        _ = try attempt(["ip", "-force", "-batch", "-"], input: input, in: namespace)
    }

    /// `tc -batch`; nothing runs for no lines.
    func shape(_ lines: [String], in namespace: OwnedDescriptor) throws(NetworkFabricError) {
        guard !lines.isEmpty else { return }
        try run(["tc", "-batch", "-"], input: lines.map { $0 + "\n" }.joined(), in: namespace)
    }

    /// As `shape`, going on where a line fails: for removing what may not be there.
    func shapeLeniently(_ lines: [String], in namespace: OwnedDescriptor) throws(NetworkFabricError) {
        guard !lines.isEmpty else { return }
        _ = try attempt(["tc", "-force", "-batch", "-"], input: lines.map { $0 + "\n" }.joined(), in: namespace)
    }

    /// One transaction: all of the script or nothing.
    func nft(_ script: String, in namespace: OwnedDescriptor) throws(NetworkFabricError) {
        guard !script.isEmpty else { return }
        try run(["nft", "-f", "-"], input: script, in: namespace)
    }

    func linkNames(in namespace: OwnedDescriptor) throws(NetworkFabricError) -> Set<String> {
        try enter(namespace)
        return NetworkNamespace.linkNames()
    }

    /// Ends what the kernel tracks of these addresses; nothing happens for none.
    func forgetConnections(of addresses: Set<IPv4Address>, in namespace: OwnedDescriptor) throws(NetworkFabricError) {
        guard !addresses.isEmpty else { return }
        try willRun?(["forget connections"])
        try enter(namespace)
        do {
            try NetworkNamespace.forgetConnections(of: addresses.map(\.number))
        } catch {
            throw .hostFailed("\(error)")
        }
    }

    /// Ends what the kernel tracks under translations that are none of these, private addresses by public ones.
    func forgetOtherTranslations(
        than translations: [IPv4Address: IPv4Address], in namespace: OwnedDescriptor
    ) throws(NetworkFabricError) {
        try willRun?(["forget translations"])
        try enter(namespace)
        let numbers = translations.map { ($0.key.number, $0.value.number) }
        do {
            try NetworkNamespace.forgetOtherTranslations(than: Dictionary(numbers) { $1 })
        } catch {
            throw .hostFailed("\(error)")
        }
    }

    /// Settings below `/proc/sys/net/`, as the calling thread sees them in `namespace`.
    func set(_ settings: [(String, String)], in namespace: OwnedDescriptor) throws(NetworkFabricError) {
        try enter(namespace)
        for (name, value) in settings {
            do {
                try SmallFile.set("/proc/sys/net/\(name)", to: value)
            } catch {
                // A kernel without IPv6 has nothing to switch off.
                if name.hasPrefix("ipv6/") { continue }
                throw .hostFailed("net/\(name): \(error)")
            }
        }
    }

    /// Makes a namespace and answers it open; one that exists is answered as it is.
    func makeNamespace(_ name: String) throws(NetworkFabricError) -> OwnedDescriptor {
        if let namespace = HostTools.openNamespace(name) { return namespace }
        // What a host that was cut off has left: a file without a namespace.
        SmallFile.remove(HostTools.namespacePath(name))
        try run(["ip", "netns", "add", name], in: host)
        guard let namespace = HostTools.openNamespace(name) else { throw .hostFailed("no namespace \(name)") }
        return namespace
    }

    /// Removes a named namespace and the file of one that is already gone.
    func deleteNamespace(_ name: String) throws(NetworkFabricError) {
        if HostTools.openNamespace(name) != nil { try run(["ip", "netns", "del", name], in: host) }
        SmallFile.remove(HostTools.namespacePath(name))
    }

    /// What routers of ours have in common: they forward, tell nobody of shorter ways and speak no IPv6.
    static let routerSettings = [
        ("ipv6/conf/all/disable_ipv6", "1"), ("ipv6/conf/default/disable_ipv6", "1"), ("ipv4/ip_forward", "1"),
        ("ipv4/conf/all/send_redirects", "0"), ("ipv4/conf/default/send_redirects", "0"),
        ("ipv4/conf/all/accept_redirects", "0"), ("ipv4/conf/default/accept_redirects", "0"),
    ]
}
