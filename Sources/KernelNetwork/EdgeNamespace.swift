// The edge: one namespace between the host and all VPCs. Public addresses are routed here, so that the host needs
// one link and one route, and its own forwarding and tables stay as they are.
// With an uplink, and only then, the host also forwards and translates between our link and the uplink.

import Backends
import CloudTypes
import HostSystem
import NodeContract

actor EdgeNamespace {
    private let configuration: KernelNetwork.Configuration
    private let names: Names
    private let tools: HostTools
    private let executor: ThreadExecutor
    private var edge: OwnedDescriptor?
    /// Which VPC has which link, by the name of the edge's end.
    private var links: [String: Int] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ configuration: KernelNetwork.Configuration, tools: HostTools) throws(SystemError) {
        self.configuration = configuration
        self.tools = tools
        names = configuration.names
        executor = try ThreadExecutor()
    }

    struct Attachment: Sendable {
        let edge: OwnedDescriptor
        let link: EdgeLink
    }

    /// The edge, made if need be, and the addresses that the link to `vpc` has or is to have.
    func attach(_ vpc: VPCID) throws(NetworkFabricError) -> Attachment {
        let edge = try ensure()
        let name = names.edgeLink(of: vpc)
        if let index = links[name] { return Attachment(edge: edge, link: EdgeLink(index: index)) }
        let taken = Set(links.values)
        guard let free = (0..<EdgeLink.count).first(where: { !taken.contains($0) }) else {
            throw .hostFailed("more than \(EdgeLink.count) VPCs")
        }
        links[name] = free
        return Attachment(edge: edge, link: EdgeLink(index: free))
    }

    func detach(_ vpc: VPCID) { links[names.edgeLink(of: vpc)] = nil }

    /// Removes the edge and all that the host has of it.
    func remove() throws(NetworkFabricError) {
        if configuration.uplink != nil || isUplinkRemembered { try closeUplink() }
        try tools.batchLeniently(["link del \(names.hostLink)"], in: tools.host)
        try tools.deleteNamespace(names.edgeNamespace)
        let pool = "route del unreachable \(configuration.publicPool) metric \(EdgeNamespace.lastMetric)"
        try tools.batchLeniently([pool], in: tools.host)
        edge = nil
        links = [:]
    }

    /// After every other route: an address of the pool that nobody has goes nowhere.
    private static let lastMetric: UInt32 = 4_278_198_272

    private func ensure() throws(NetworkFabricError) -> OwnedDescriptor {
        if let edge, HostTools.openNamespace(names.edgeNamespace) != nil { return edge }
        try refuseForeignRoutes()
        let unreachable = "route replace unreachable \(configuration.publicPool) metric \(EdgeNamespace.lastMetric)"
        try tools.batch([unreachable], in: tools.host)
        if HostTools.openNamespace(names.edgeNamespace) == nil {
            // It may lead to an edge that is gone by name and still held by someone.
            try tools.batchLeniently(["link del \(names.hostLink)"], in: tools.host)
        }
        let made = try tools.makeNamespace(names.edgeNamespace)
        let settings = [("ipv4/conf/all/rp_filter", "1"), ("ipv4/conf/default/rp_filter", "1")]
        try tools.set(HostTools.routerSettings + settings, in: made)
        try layHostLink()
        try layEdgeRoutes(made)
        if configuration.uplink != nil { try openUplink(made) } else { try closeUplink() }
        links = try linksPresent(in: made)
        edge = made
        return made
    }

    /// Another's routes into the pool, be it another Apus's, are never taken over.
    private func refuseForeignRoutes() throws(NetworkFabricError) {
        let pool = "\(configuration.publicPool)"
        let output = try tools.run(["ip", "-j", "-4", "route", "show", "root", pool], in: tools.host)
        let foreign = try IPRoute.list(output.standardOutput).first { route in
            route.dev.map { $0 != names.hostLink } ?? false
        }
        guard let foreign else { return }
        let link = foreign.dev ?? ""
        throw .unavailable("the host already routes \(foreign.dst) of the public pool \(pool) to its link \(link)")
    }

    private func layHostLink() throws(NetworkFabricError) {
        let (link, mtu) = (names.hostLink, configuration.mtu)
        var lines: [String] = []
        if !(try tools.linkNames(in: tools.host)).contains(link) {
            let peer = "peer name \(Names.edgeToHost) mtu \(mtu) netns \(names.edgeNamespace)"
            lines.append("link add \(link) mtu \(mtu) type veth \(peer)")
        }
        lines += [
            "link set dev \(link) addrgenmode none up",
            "addr replace \(configuration.hostAddress) peer \(configuration.edgeAddress)/32 dev \(link)",
            "route replace \(configuration.publicPool) via \(configuration.edgeAddress) dev \(link) "
                + "src \(configuration.hostAddress)",
        ]
        try tools.batch(lines, in: tools.host)
    }

    private func layEdgeRoutes(_ edge: OwnedDescriptor) throws(NetworkFabricError) {
        let toHost = "route replace default via \(configuration.hostAddress) dev \(Names.edgeToHost)"
        var lines = [
            "link set dev lo up", "link set dev \(Names.edgeToHost) up",
            "addr replace \(configuration.edgeAddress) peer \(configuration.hostAddress)/32 dev \(Names.edgeToHost)",
            "route replace unreachable \(configuration.publicPool) metric \(EdgeNamespace.lastMetric)",
        ]
        lines.append(configuration.uplink == nil ? "route replace unreachable default" : toHost)
        try tools.batch(lines, in: edge)
    }

    /// The links of an earlier run, by the addresses of their edge ends.
    private func linksPresent(in edge: OwnedDescriptor) throws(NetworkFabricError) -> [String: Int] {
        let text = try tools.run(["ip", "-j", "-4", "addr", "show"], in: edge).standardOutput
        var links: [String: Int] = [:]
        for link in try IPLink.list(text) where link.ifname.hasPrefix("v") {
            let indices = link.addresses.compactMap(EdgeLink.index(ofEdge:))
            if let index = indices.first { links[link.ifname] = index }
        }
        return links
    }
}

// The uplink: what the host's own namespace is changed by, remembered so that it can be undone.
extension EdgeNamespace {
    private var memoryPath: String { "\(configuration.runtimePath)/uplink" }
    private var isUplinkRemembered: Bool { SmallFile.read(memoryPath) != nil }

    private func openUplink(_ edge: OwnedDescriptor) throws(NetworkFabricError) {
        guard let uplink = configuration.uplink else { return }
        guard try tools.linkNames(in: tools.host).contains(uplink) else {
            throw .unavailable("the host has no link \(uplink)")
        }
        let didForward = try rememberForwarding(of: uplink)
        try tools.nft(hostRules(uplink, didForward: didForward), in: tools.host)
        try tools.set(
            [("ipv4/conf/\(names.hostLink)/forwarding", "1"), ("ipv4/conf/\(uplink)/forwarding", "1")], in: tools.host)
        let masquerade = "oifname \"\(Names.edgeToHost)\" ip saddr \(EdgeLink.range) masquerade"
        try tools.nft(
            """
            add table ip apus
            delete table ip apus
            add table ip apus
            add chain ip apus nat_out { type nat hook postrouting priority srcnat; }
            add rule ip apus nat_out \(masquerade)

            """, in: edge)
    }

    /// Whether the uplink forwarded before we came; asked of the kernel once and of the memory afterwards.
    private func rememberForwarding(of uplink: String) throws(NetworkFabricError) -> Bool {
        let remembered = SmallFile.read(memoryPath)?.split(separator: " ") ?? []
        if remembered.count == 2, remembered[0] == uplink { return remembered[1] == "1" }
        if remembered.count == 2 { try closeUplink() }
        try tools.enter(tools.host)
        let now = SmallFile.read("/proc/sys/net/ipv4/conf/\(uplink)/forwarding")?.first == "1"
        do {
            try SmallFile.makeFolder(configuration.runtimePath)
            try SmallFile.replace(memoryPath, with: "\(uplink) \(now ? 1 : 0)")
        } catch {
            throw .hostFailed("\(error)")
        }
        return now
    }

    /// Guests out and answers in, behind the uplink's address. What did not pass the uplink before still does not.
    private func hostRules(_ uplink: String, didForward: Bool) -> String {
        let (table, link) = ("inet \(names.hostTable)", names.hostLink)
        let back = "iifname \"\(uplink)\" oifname \"\(link)\" ct state established,related accept"
        let others = didForward ? "" : "add rule \(table) forward iifname \"\(uplink)\" drop\n"
        return """
            add table \(table)
            delete table \(table)
            add table \(table)
            add chain \(table) forward { type filter hook forward priority filter; policy accept; }
            add chain \(table) nat_out { type nat hook postrouting priority srcnat; }
            add rule \(table) forward iifname "\(link)" oifname "\(uplink)" accept
            add rule \(table) forward \(back)
            add rule \(table) forward iifname "\(link)" drop
            add rule \(table) forward oifname "\(link)" drop
            \(others)add rule \(table) nat_out ip saddr \(configuration.publicPool) oifname "\(uplink)" masquerade

            """
    }

    /// Takes back what `openUplink` did, in this run or an earlier one.
    private func closeUplink() throws(NetworkFabricError) {
        guard let text = SmallFile.read(memoryPath) else { return }
        let parts = text.split(separator: " ").map(String.init)
        let table = "inet \(names.hostTable)"
        try tools.nft("add table \(table)\ndelete table \(table)\n", in: tools.host)
        if parts.count == 2, parts[1] == "0", try tools.linkNames(in: tools.host).contains(parts[0]) {
            try tools.set([("ipv4/conf/\(parts[0])/forwarding", "0")], in: tools.host)
        }
        if let edge = HostTools.openNamespace(names.edgeNamespace) {
            try tools.nft("add table ip apus\ndelete table ip apus\n", in: edge)
        }
        SmallFile.remove(memoryPath)
    }
}
