// The one owner of a VPC on this host: its namespace, links, routes, rules and resolver.
// Every method runs to its end on the actor's own thread, so that no two changes of a VPC ever mix.
// What is in force is remembered; after a failure, or at first sight, nothing is, and the next change makes all of it
// anew: atomically, and without cutting a tracked connection.

import Backends
import CloudTypes
import HostSystem
import NodeContract

actor VPCNamespace {
    private let vpc: VPCID
    private let configuration: KernelNetwork.Configuration
    private let names: Names
    let tools: HostTools
    private let executor: ThreadExecutor
    private var namespace: OwnedDescriptor?
    /// The edge that our link led to; another one means that the link is gone.
    private var edge: OwnedDescriptor?
    private var applied: VPCPlan?
    /// What interfaces that burst carried, and may carry.
    var traffic: [String: PortTraffic] = [:]
    private var resolver: Resolver
    /// The resolver's process while it is wanted: should it end, another is started.
    private var resolverWatch: ProcessWatch?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ vpc: VPCID, _ configuration: KernelNetwork.Configuration, tools: HostTools) throws(SystemError) {
        self.vpc = vpc
        self.configuration = configuration
        self.tools = tools
        names = configuration.names
        resolver = Resolver(
            folder: "\(configuration.runtimePath)/\(vpc)", user: configuration.resolverUser, tools: tools)
        executor = try ThreadExecutor()
    }

    /// Makes the VPC so. The fingerprint is committed last, together with the rules.
    func apply(_ network: VPCNetwork, at attachment: EdgeNamespace.Attachment) throws(NetworkFabricError) {
        let plan = VPCPlan(network, link: attachment.link, configuration: configuration, after: applied)
        let isNew = HostTools.openNamespace(names.namespace(of: vpc)) == nil
        if isNew {
            (namespace, applied) = (nil, nil)
            // One of a namespace that is gone by name serves nobody, and keeps what is left of it.
            resolverWatch = nil
            resolver.stop()
        }
        if edge !== attachment.edge { (edge, applied) = (attachment.edge, nil) }
        let namespace = try open()
        if applied == nil, !isNew, try isInForce(plan, in: namespace, at: attachment) {
            // An earlier run may have been cut off between its rules and this.
            try forgetTranslations(otherThan: plan, in: namespace)
            applied = plan
        }
        if applied?.fingerprint != plan.fingerprint {
            try change(to: plan, isNew: isNew, in: namespace, at: attachment)
        }
        try resolver.ensure(plan.resolver, in: namespace)
        watchResolver()
    }

    private func change(
        to plan: VPCPlan, isNew: Bool, in namespace: OwnedDescriptor, at attachment: EdgeNamespace.Attachment
    ) throws(NetworkFabricError) {
        let before = applied
        applied = nil
        let old: Routing
        if let before {
            old = before.routing
        } else {
            let links = try lay(attachment, in: namespace)
            old = isNew ? Routing() : try Routing.present(in: namespace, links: links, tools: tools)
        }
        try changeLinks(to: plan.routing, from: old, in: namespace)
        try shape(plan.routing, from: old, in: namespace)
        try changePublicRoutes(to: plan, from: before, at: attachment)
        if !isNew { try forgetConnections(takenBy: plan, from: before, in: namespace) }
        let script = before.map { plan.ruleset.changes(from: $0.ruleset) } ?? plan.ruleset.replacement()
        try tools.nft(script, in: namespace)
        if !isNew, before?.hasTranslations(otherThan: plan) ?? true {
            try forgetTranslations(otherThan: plan, in: namespace)
        }
        applied = plan
    }

    /// Of an address that goes to another, or to nobody, no connection may live on: what is tracked passes unjudged.
    /// Here, because its routes are changed and its new owner has no rules yet, none can come back. The rules that go
    /// in afterwards forget who had it, so that what is cut off before is done by the next run.
    private func forgetConnections(
        takenBy plan: VPCPlan, from before: VPCPlan?, in namespace: OwnedDescriptor
    ) throws(NetworkFabricError) {
        let taken: Set<IPv4Address>
        if let before {
            taken = plan.addressesTaken(from: before.sources)
        } else if let sources = try sourcesInForce(in: namespace) {
            taken = plan.addressesTaken(from: sources)
        } else {
            // Without rules anyone may have said anything.
            taken = plan.sourceAddresses
        }
        try tools.forgetConnections(of: taken, in: namespace)
    }

    /// What is tracked keeps its translation for as long as it lives, so it may not outlive the translation.
    private func forgetTranslations(
        otherThan plan: VPCPlan, in namespace: OwnedDescriptor
    ) throws(NetworkFabricError) {
        let translations = plan.translations.compactMap { key, value in
            IPv4Address(key).flatMap { key in IPv4Address(value).map { (key, $0) } }
        }
        try tools.forgetOtherTranslations(than: Dictionary(translations) { $1 }, in: namespace)
    }

    /// The keys of the kernel's map of sources, as an earlier run made it; nil where there is none.
    private func sourcesInForce(in namespace: OwnedDescriptor) throws(NetworkFabricError) -> [String]? {
        let arguments = ["nft", "list", "map", "inet", "apus", RulesetPlan.sources]
        let outcome = try tools.attempt(arguments, in: namespace)
        guard outcome.isSuccess else { return nil }
        return VPCPlan.keys(ofMap: outcome.outputText)
    }

    /// Whether the kernel says that an earlier run made exactly this, and its links are there.
    private func isInForce(
        _ plan: VPCPlan, in namespace: OwnedDescriptor, at attachment: EdgeNamespace.Attachment
    ) throws(NetworkFabricError) -> Bool {
        let marker = VPCPlan.marker(plan.fingerprint)
        guard try tools.attempt(["nft", "list", "chain", "inet", "apus", marker], in: namespace).isSuccess else {
            return false
        }
        let expected = plan.routing.ports.union(plan.routing.shares.keys.map(Shaping.funnel(ofPort:)))
            .union([Names.uplink, Names.service])
        guard try tools.linkNames(in: namespace).isSuperset(of: expected) else { return false }
        return try tools.linkNames(in: attachment.edge).contains(names.edgeLink(of: vpc))
    }

    /// Of what is in force, interfaces whose peak is beyond their baseline.
    var bursting: [String: NetworkShare] {
        applied?.routing.shares.filter { $0.value.peak > $0.value.baseline } ?? [:]
    }

    var openedNamespace: OwnedDescriptor? { namespace }

    private func open() throws(NetworkFabricError) -> OwnedDescriptor {
        if let namespace { return namespace }
        let opened = try tools.makeNamespace(names.namespace(of: vpc))
        namespace = opened
        return opened
    }
}

// Links and routes.
extension VPCNamespace {
    /// The namespace's own settings and its link to the edge; as often as asked. Answers the links that were there.
    private func lay(
        _ attachment: EdgeNamespace.Attachment, in namespace: OwnedDescriptor
    ) throws(NetworkFabricError) -> Set<String> {
        // Set before any link is made, so that each link begins with them.
        let settings = [
            ("ipv4/conf/all/rp_filter", "0"), ("ipv4/conf/default/rp_filter", "0"),
            ("ipv4/conf/default/proxy_arp", "1"),
        ]
        try tools.set(HostTools.routerSettings + settings, in: namespace)
        let (link, mtu) = (names.edgeLink(of: vpc), configuration.mtu)
        let inside = try tools.linkNames(in: namespace)
        var edgeLines: [String] = []
        let isLinked = inside.contains(Names.uplink)
        let isLinkedAtEdge = try tools.linkNames(in: attachment.edge).contains(link)
        if !isLinked || !isLinkedAtEdge {
            // Half a link may be going by itself just now, with the namespace at its other end.
            try tools.batchLeniently(isLinked ? ["link del \(Names.uplink)"] : [], in: namespace)
            try tools.batchLeniently(isLinkedAtEdge ? ["link del \(link)"] : [], in: attachment.edge)
            let peer = "peer name \(Names.uplink) mtu \(mtu) netns \(names.namespace(of: vpc))"
            edgeLines.append("link add \(link) mtu \(mtu) type veth \(peer)")
        }
        edgeLines += [
            "link set dev \(link) up",
            "addr replace \(attachment.link.edge) peer \(attachment.link.vpc)/32 dev \(link)",
        ]
        try tools.batch(edgeLines, in: attachment.edge)
        var lines = inside.contains(Names.service) ? [] : ["tuntap add dev \(Names.service) mode tun"]
        lines += [
            "link set dev lo up", "link set dev \(Names.service) up", "link set dev \(Names.uplink) up",
            "addr replace \(attachment.link.vpc) peer \(attachment.link.edge)/32 dev \(Names.uplink)",
        ]
        try tools.batch(lines, in: namespace)
        try tools.set([("ipv4/conf/\(Names.uplink)/proxy_arp", "0")], in: namespace)
        return inside
    }

    private func changeLinks(
        to routing: Routing, from old: Routing, in namespace: OwnedDescriptor
    ) throws(NetworkFabricError) {
        let lines = routing.changes(from: old, kind: configuration.portKind, mtu: configuration.mtu)
        try tools.batch(lines, in: namespace)
        // Linux else waits up to 0.8 s before it answers ARP for another.
        let added = routing.ports.subtracting(old.ports).sorted()
        try tools.set(added.map { ("ipv4/neigh/\($0)/proxy_delay", "0") }, in: namespace)
    }

    /// Routes of the edge that lead here. An address that moved to another VPC is that one's already: its route is
    /// no longer on our link, and so is not ours to remove.
    private func changePublicRoutes(
        to plan: VPCPlan, from before: VPCPlan?, at attachment: EdgeNamespace.Attachment
    ) throws(NetworkFabricError) {
        let link = names.edgeLink(of: vpc)
        let old: Set<IPv4Address>
        if let before {
            old = before.publicAddresses
        } else {
            let output = try tools.run(["ip", "-j", "-4", "route", "show", "dev", link], in: attachment.edge)
            let blocks = try IPRoute.list(output.standardOutput).filter { $0.proto != "kernel" }.compactMap(\.block)
            old = Set(blocks.map(\.address))
        }
        let gateway = "via \(attachment.link.vpc) dev \(link) onlink"
        let added = plan.publicAddresses.subtracting(old).sorted()
        try tools.batch(added.map { "route replace \($0)/32 \(gateway)" }, in: attachment.edge)
        let gone = old.subtracting(plan.publicAddresses).sorted()
        try tools.batchLeniently(gone.map { "route del \($0)/32 dev \(link)" }, in: attachment.edge)
    }
}

// The resolver's life.
extension VPCNamespace {
    /// How long a resolver has to live to be started again at once, and how long another one waits.
    private static let shortestLife = Duration.seconds(2)

    private func watchResolver() {
        guard let process = resolver.running, resolverWatch?.pid != process.pid || resolverWatch?.end != nil,
            let watch = try? ProcessWatch(process)
        else { return }
        resolverWatch = watch
        let began = ContinuousClock.now
        Task { [weak self] in
            _ = await watch.waitForEnd()
            let lived = began.duration(to: .now)
            if lived < VPCNamespace.shortestLife { try? await Task.sleep(for: VPCNamespace.shortestLife - lived) }
            await self?.restartResolver(insteadOf: watch)
        }
    }

    /// What fails is tried again; a change of the VPC tells why it does.
    private func restartResolver(insteadOf dead: ProcessWatch) {
        guard resolverWatch === dead, resolver.isWanted, let namespace, let plan = applied else { return }
        do {
            try resolver.ensure(plan.resolver, in: namespace)
            watchResolver()
        } catch {
            Task { [weak self] in
                try? await Task.sleep(for: VPCNamespace.shortestLife)
                await self?.restartResolver(insteadOf: dead)
            }
        }
    }
}

// What others need of the namespace, and its end.
extension VPCNamespace {
    func openPort(_ interface: NetworkInterfaceID) throws(NetworkFabricError) -> Int32 {
        let port = Names.port(of: interface)
        let namespace = try existing()
        try tools.enter(namespace)
        do {
            return try NetworkNamespace.openTap(port).release()
        } catch {
            if error.number == 19 { throw .noSuchInterface(interface) }
            throw .hostFailed("\(error)")
        }
    }

    func openMetadataListener() throws(NetworkFabricError) -> Int32 {
        let namespace = try existing()
        try tools.enter(namespace)
        do {
            return try NetworkNamespace.listen(address: VPCNetwork.metadataAddress.number, port: 80).release()
        } catch {
            throw .hostFailed("\(error)")
        }
    }

    private func existing() throws(NetworkFabricError) -> OwnedDescriptor {
        if let namespace, applied != nil { return namespace }
        guard let opened = HostTools.openNamespace(names.namespace(of: vpc)) else { throw .noSuchNetwork(vpc) }
        return opened
    }

    /// Removes all that the VPC has on this host; done at once if nothing is left.
    func remove() throws(NetworkFabricError) {
        applied = nil
        resolverWatch = nil
        resolver.remove()
        let name = names.namespace(of: vpc)
        if let namespace = HostTools.openNamespace(name) {
            let pids = try tools.attempt(["ip", "netns", "pids", name], in: tools.host).outputText
            for pid in pids.split(separator: "\n").compactMap({ Int32($0) }) {
                ProcessIdentity(of: pid)?.endBlocking()
            }
            // An open listener would keep the namespace, and its links, for as long as it is open.
            let links = try tools.linkNames(in: namespace).subtracting(["lo"]).sorted()
            try tools.batchLeniently(links.map { "link del \($0)" }, in: namespace)
        }
        // One that was being started wrote its files until it was ended with all else in the namespace.
        resolver.remove()
        namespace = nil
        if let edge = HostTools.openNamespace(names.edgeNamespace) {
            let link = names.edgeLink(of: vpc)
            if try tools.linkNames(in: edge).contains(link) { try tools.batchLeniently(["link del \(link)"], in: edge) }
        }
        try tools.deleteNamespace(name)
    }
}
