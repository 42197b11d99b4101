// What a restart of the program does to packets, and what is left when all is removed: nothing, both times.

import CloudTypes
import Glibc
import HostSystem
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("The life of a network on a real kernel", .enabled(if: labObstacle == nil, "\(labObstacle ?? "")"))
struct LifetimeTests {
    private func busy() -> VPCNetwork {
        var network = VPCNetwork.sample()
        network.groups[0].ingress = [.tcp(22, from: .block(block("198.18.0.0/16")))]
        network.add(1, "10.0.1.10", public: "198.18.0.10")
        network.add(2, "10.0.2.20")
        return network
    }

    @Test("a new run that wants the same touches nothing; one that wants more cuts nothing")
    func adoption() async throws {
        try await Lab.run { lab in
            var network = busy()
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(network.interfaces[0], of: network)
            let listener = try await Wire.server(in: guest.namespace, port: 22)
            let near = try #require(try await Wire.connect(from: lab.host, to: ip("198.18.0.10"), 22))
            let far = try #require(listener.accept()).0

            let before = try await lab.state(of: network.id)
            let again = try lab.anotherRun()
            #expect(try await again.present() == [network.id])
            try await again.apply(network)
            #expect(try await lab.state(of: network.id) == before)

            let third = try lab.anotherRun()
            network.add(3, "10.0.1.30", public: "198.18.0.30")
            network.interfaces.remove(at: 1)
            network.groups[0].ingress = []
            try await third.apply(network)
            near.send("still")
            #expect(far.receive() == "still")
            let links = try await lab.run("ip", "-o", "link", in: lab.inside(network.id))
            #expect(links.contains(Names.port(of: theID(3))) && !links.contains(Names.port(of: theID(2))))
        }
    }

    @Test("a rebuilt network is what a fresh one would be")
    func rebuilt() async throws {
        try await Lab.run { lab in
            var network = busy()
            network.subnets.append(.init(id: theID(3), cidrBlock: block("10.0.3.0/24"), routes: []))
            network.add(4, "10.0.3.40", public: "198.18.0.40", groups: [])
            try await lab.fabric.apply(network)
            network.interfaces.removeLast()
            network.subnets.removeLast()
            try await lab.anotherRun().apply(network)
            let rebuilt = try await lab.routing(of: network.id)
            try await lab.fabric.remove(network.id)
            try await lab.fabric.apply(network)
            #expect(try await lab.routing(of: network.id) == rebuilt)
        }
    }

    @Test("a resolver that died is back after the next apply, also when nothing else changed")
    func resolverDied() async throws {
        try await Lab.run { lab in
            let network = busy()
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(network.interfaces[0], of: network)
            let name = lab.configuration.names.namespace(of: network.id)
            let pids = try await lab.run("ip", "netns", "pids", name, in: lab.host)
            let pid = try #require(Int32(pids.dropLast()))
            let watch = try ProcessWatch(pid)
            watch.signal(SIGKILL)
            _ = await watch.waitForEnd()
            try await lab.fabric.apply(network)
            let client = try await Wire(Int32(SOCK_DGRAM.rawValue), in: guest.namespace)
            client.send(DNS.query("ip-10-0-1-10.ec2.internal"), to: ip("10.0.0.2"), 53)
            #expect(client.receiveFrom() != nil)
        }
    }

    @Test("an apply that failed half way is made good by the next")
    func failed() async throws {
        try await Lab.run { lab in
            var network = busy()
            try await lab.fabric.apply(network)
            // Someone takes a port away, so that the next change of it fails.
            try await lab.run("ip", "link", "del", Names.port(of: theID(2)), in: lab.inside(network.id))
            network.interfaces.removeLast()
            await #expect(throws: (any Error).self) { try await lab.fabric.apply(network) }
            try await lab.fabric.apply(network)
            let server = try await lab.guest(network.interfaces[0], of: network)
            let listener = try await Wire.server(in: server.namespace, port: 22)
            #expect(try await reaches(ip("198.18.0.10"), 22, from: lab.host))
            #expect(listener.accept() != nil)
        }
    }

    @Test("what someone else removed is made again", arguments: [true, false])
    func tampered(edge: Bool) async throws {
        try await Lab.run { lab in
            let (network, names) = (busy(), lab.configuration.names)
            try await lab.fabric.apply(network)
            let name = edge ? names.edgeNamespace : names.namespace(of: network.id)
            try await lab.run("ip", "netns", "del", name, in: lab.host)
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(network.interfaces[0], of: network)
            let listener = try await Wire.server(in: guest.namespace, port: 22)
            #expect(try await reaches(ip("198.18.0.10"), 22, from: lab.host))
            #expect(listener.accept() != nil)
        }
    }

    @Test("two of us on one host do not meet")
    func twoOfUs() async throws {
        try await Lab.run { lab in
            let other = try lab.anotherRun {
                $0.stateDirectory += "-other"
                $0.runtimeDirectory = $0.runtimePath + "-other"
                $0.publicPool = block("198.19.0.0/16")
            }
            let network = busy()
            try await lab.fabric.apply(network)
            try await other.apply(.sample(5))
            #expect(try await other.present() == [theID(5)])
            #expect(try await lab.fabric.present() == [theID(1)])
            try await other.removeEverything()
            let guest = try await lab.guest(network.interfaces[0], of: network)
            let listener = try await Wire.server(in: guest.namespace, port: 22)
            #expect(try await reaches(ip("198.18.0.10"), 22, from: lab.host))
            #expect(listener.accept() != nil)
        }
    }

    @Test("when all is removed nothing is left: no namespace, link, route, rule, process or file")
    func removal() async throws {
        try await Lab.run { lab in
            let (network, prefix) = (busy(), lab.configuration.names.prefix)
            let before = try await lab.hostState()
            try await lab.fabric.apply(network)
            try await lab.fabric.apply(.sample(2))
            let held = try await Wire(lab.fabric.openMetadataListener(in: network.id))
            #expect(try await lab.hostState() != before)
            try await lab.anotherRun().removeEverything()
            #expect(try await lab.hostState() == before)
            #expect(!SmallFile.names(in: "/run/netns").contains { $0.hasPrefix(prefix) })
            #expect(SmallFile.names(in: lab.configuration.runtimePath).isEmpty)
            #expect(!lab.isMentionedByAProcess)
            #expect(try await lab.fabric.present().isEmpty)
            _ = held
        }
    }

    @Test("files of a VPC whose namespace is gone are removed with all else")
    func filesAlone() async throws {
        try await Lab.run { lab in
            try await lab.fabric.apply(busy())
            let folder = "\(lab.configuration.runtimePath)/\(theID(9) as VPCID)"
            try SmallFile.makeFolder(folder)
            try SmallFile.replace(folder + "/names", with: "")
            try await lab.anotherRun().removeEverything()
            #expect(SmallFile.names(in: lab.configuration.runtimePath).isEmpty)
            #expect(access(lab.configuration.runtimePath, F_OK) != 0)
        }
    }

    @Test("a VPC that everybody left keeps its namespace, without ports, and takes the next guest in")
    func emptied() async throws {
        try await Lab.run { lab in
            let network = busy()
            try await lab.fabric.apply(network)
            var emptied = network
            emptied.interfaces = []
            try await lab.fabric.apply(emptied)
            #expect(try await lab.fabric.present() == [network.id])
            #expect(!(try await lab.routing(of: network.id)).contains("10.0.1.10"))
            try await lab.fabric.apply(network)
            let guest = try await lab.guest(network.interfaces[0], of: network)
            let listener = try await Wire.server(in: guest.namespace, port: 22)
            #expect(try await reaches(ip("198.18.0.10"), 22, from: lab.host))
            #expect(listener.accept() != nil)
        }
    }

    @Test("a removed VPC leaves the others alone and may come back")
    func comesBack() async throws {
        try await Lab.run { lab in
            let network = busy()
            try await lab.fabric.apply(network)
            try await lab.fabric.apply(.sample(2))
            try await lab.fabric.remove(theID(2))
            try await lab.fabric.remove(theID(2))
            #expect(try await lab.fabric.present() == [network.id])
            let guest = try await lab.guest(network.interfaces[0], of: network)
            let listener = try await Wire.server(in: guest.namespace, port: 22)
            #expect(try await reaches(ip("198.18.0.10"), 22, from: lab.host))
            #expect(listener.accept() != nil)
            try await lab.fabric.apply(.sample(2))
            #expect(try await lab.fabric.present() == [network.id, theID(2)])
        }
    }
}

extension Lab {
    /// Everything the kernel has of a VPC, with the handles that change when something is replaced.
    fileprivate func state(of vpc: VPCID) async throws -> [String] {
        [
            try await run("nft", "-a", "list", "ruleset", in: inside(vpc)), try await routing(of: vpc),
            try await run("ip", "netns", "pids", configuration.names.namespace(of: vpc), in: host),
        ]
    }

    /// In no order that the kernel's memory would decide, and without what depends on who holds a link.
    fileprivate func routing(of vpc: VPCID) async throws -> String {
        let inside = try inside(vpc)
        let rules = try await run("ip", "rule", in: inside)
        let routes = try await run("ip", "route", "show", "table", "all", "type", "unicast", in: inside)
        let others = try await run("ip", "route", "show", "table", "all", "type", "throw", in: inside)
        let neighbours = try await run("ip", "neigh", "show", "nud", "permanent", in: inside)
        let text = rules + routes.replacing("linkdown ", with: "") + others + neighbours
        return text.split(separator: "\n").sorted().joined(separator: "\n")
    }

    fileprivate func hostState() async throws -> [String] {
        [
            try await run("ip", "-br", "link", in: host),
            try await run("ip", "route", "show", "table", "all", in: host),
            try await run("nft", "list", "ruleset", in: host),
        ]
    }

    fileprivate var isMentionedByAProcess: Bool {
        SmallFile.names(in: "/proc").filter { Int32($0) != nil }.contains { pid in
            SmallFile.read("/proc/\(pid)/cmdline")?.contains(configuration.runtimePath + "/") ?? false
        }
    }
}
