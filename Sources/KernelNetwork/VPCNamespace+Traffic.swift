// What a VPC's interfaces may carry: set when they are made, and as their credits last.

import Backends
import CloudTypes
import HostSystem
import NodeContract

extension VPCNamespace {
    func shape(_ routing: Routing, from old: Routing, in namespace: OwnedDescriptor) throws(NetworkFabricError) {
        let present = try tools.linkNames(in: namespace)
        let change = Shaping.change(to: routing, from: old, present: present)
        // Those that are laid anew begin at their peak, whatever they were let carry before.
        for (port, share) in routing.shares where old.shares[port] != share { traffic[port]?.rates = nil }
        try tools.batchLeniently(change.removedLinks, in: namespace)
        try tools.shapeLeniently(change.removedDisciplines, in: namespace)
        try tools.batch(change.links, in: namespace)
        try tools.shape(change.disciplines, in: namespace)
    }

    /// Settles what interfaces carried since the last look, and lets each go on with what its credits pay for.
    func lookAtTraffic(after seconds: Double) throws(NetworkFabricError) {
        let shares = bursting
        traffic = traffic.filter { shares[$0.key] == $0.value.received.share }
        guard let namespace = openedNamespace, !shares.isEmpty else { return }
        try tools.enter(namespace)
        let counters = TrafficCounters.read()
        var lines: [String] = []
        var rates: [String: PortTraffic.Rates] = [:]
        for (port, share) in shares.sorted(by: { $0.key < $1.key }) {
            let funnel = Shaping.funnel(ofPort: port)
            guard let received = counters.sent[port], let sent = counters.received[funnel] else { continue }
            var one = traffic[port] ?? PortTraffic(share)
            let next = PortTraffic.Rates(
                received: one.received.look(at: received, after: seconds), sent: one.sent.look(at: sent, after: seconds)
            )
            if next.received != one.rates?.received { lines.append(Shaping.discipline(at: port, next.received)) }
            if next.sent != one.rates?.sent { lines.append(Shaping.discipline(at: funnel, next.sent)) }
            (one.rates, rates[port]) = (nil, next)
            traffic[port] = one
        }
        try tools.shape(lines, in: namespace)
        for (port, rates) in rates { traffic[port]?.rates = rates }
    }
}

/// What an interface may carry in either direction, and was let carry last.
struct PortTraffic: Sendable {
    struct Rates: Equatable, Sendable {
        var received: Int
        var sent: Int
    }

    var received: TrafficCredits
    var sent: TrafficCredits
    /// nil: not known, as of what an earlier run of ours laid, or of a change that failed.
    var rates: Rates?

    init(_ share: NetworkShare) {
        (received, sent) = (TrafficCredits(share), TrafficCredits(share))
    }
}
