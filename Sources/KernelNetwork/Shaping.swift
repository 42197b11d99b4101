// How interfaces are held to what they may carry: a token bucket at the port for what its guest receives, and one at a
// funnel, an `ifb` that all its guest sends is led through, for what it sends. Does no I/O but for the trial.

import CloudTypes
import HostSystem
import NodeContract

enum Shaping {
    /// What a port's guest sends passes here.
    static func funnel(ofPort port: String) -> String { "i" + port.dropFirst() }

    /// What has to be done where the shares of ports change.
    struct Change: Equatable {
        /// `ip -batch`, going on where a line fails.
        var removedLinks: [String] = []
        /// `tc -batch`, going on where a line fails: what a run that was cut off may have left.
        var removedDisciplines: [String] = []
        /// `ip -batch`
        var links: [String] = []
        /// `tc -batch`
        var disciplines: [String] = []
    }

    /// - Parameter present: the names of all links that are there.
    static func change(
        to new: Routing, from old: Routing, present: Set<String>
    ) -> Change {
        var change = Change()
        for (port, share) in new.shares.sorted(by: { $0.key < $1.key }) where old.shares[port] != share {
            let funnel = funnel(ofPort: port)
            if old.ports.contains(port) { change.removedDisciplines.append("qdisc del dev \(port) ingress") }
            if !present.contains(funnel) {
                change.links += ["link add \(funnel) type ifb", "link set dev \(funnel) up"]
            }
            change.disciplines += [
                discipline(at: port, share.peak), discipline(at: funnel, share.peak),
                "qdisc add dev \(port) handle ffff: ingress",
                "filter add dev \(port) parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress"
                    + " redirect dev \(funnel)",
            ]
        }
        for port in new.ports.sorted()
        where new.shares[port] == nil && (old.shares[port] != nil || present.contains(funnel(ofPort: port))) {
            change.removedDisciplines += ["qdisc del dev \(port) ingress", "qdisc del dev \(port) root"]
        }
        let funnels = Set(new.shares.keys.map(funnel(ofPort:)))
        change.removedLinks = present.filter { isFunnel($0) && !funnels.contains($0) }.sorted().map { "link del \($0)" }
        return change
    }

    static func isFunnel(_ link: String) -> Bool { link.hasPrefix("i") && link.utf8.count == 15 }

    /// The bucket holds what may come at once: a hundredth of a second's worth, and no less than some large packets.
    static func discipline(at link: String, _ bitsPerSecond: Int) -> String {
        let burst = max(128 << 10, bitsPerSecond / 8 / 100)
        return "qdisc replace dev \(link) root handle 1: tbf rate \(bitsPerSecond)bit burst \(burst) latency 50ms"
    }

    /// What the kernel cannot do of it; nil where it can. Tried in a namespace that vanishes with the trial.
    static func obstacle() async -> String? {
        let trial = """
            ip link add i0 type ifb && ip link set i0 up && \
            tc qdisc add dev i0 root tbf rate 1mbit burst 16kb latency 50ms && \
            tc qdisc add dev lo handle ffff: ingress && \
            tc filter add dev lo parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev i0
            """
        guard let outcome = try? await HostCommand.run(["unshare", "--net", "--", "sh", "-c", trial]) else {
            return "tc cannot be run"
        }
        guard !outcome.isSuccess else { return nil }
        return String(outcome.errorText.split(separator: "\n").first ?? "tc failed")
    }
}

/// What links carried, as the kernel counts it in the calling thread's namespace.
struct TrafficCounters {
    /// Bytes by link.
    private(set) var received: [String: UInt64] = [:]
    private(set) var sent: [String: UInt64] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n").dropFirst(2) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon].drop { $0 == " " }
            let fields = line[line.index(after: colon)...].split(separator: " ").compactMap { UInt64($0) }
            guard fields.count > 8 else { continue }
            (received[String(name)], sent[String(name)]) = (fields[0], fields[8])
        }
    }

    static func read() -> TrafficCounters { TrafficCounters(SmallFile.read("/proc/thread-self/net/dev") ?? "") }
}
