import CloudTypes
import NodeContract
import Testing

@testable import KernelNetwork

@Suite("What DHCP tells guests about names")
struct ResolverPlanTests {
    private func options(_ adjust: (inout VPCNetwork.Naming) -> Void) throws -> [Substring] {
        let id = try #require(VPCID("vpc-12345678"))
        var network = VPCNetwork(id: id, cidrBlocks: [CIDRBlock(IPv4Address(0x0A00_0000), prefix: 16)])
        adjust(&network.naming)
        return ResolverPlan(network: network, mtu: 1500, upstream: []).files().configuration.split(separator: "\n")
    }

    @Test("is the VPC's own resolver and domain where its options name no other")
    func own() throws {
        let lines = try options { _ in }
        #expect(lines.contains("dhcp-option=option:dns-server,10.0.0.2"))
        #expect(lines.contains("dhcp-option=option:domain-name,ec2.internal"))
    }

    @Test("is what the VPC's options say")
    func named() throws {
        let lines = try options {
            $0.nameServers = [IPv4Address(0x0A09_0909)]
            $0.domainName = "corp.example"
        }
        #expect(lines.contains("dhcp-option=option:dns-server,10.9.9.9"))
        #expect(lines.contains("dhcp-option=option:domain-name,corp.example"))
    }

    @Test("is nothing, not even the server's own defaults, where the options say nothing")
    func nothing() throws {
        let lines = try options {
            $0.announcesNameServers = false
            $0.domainName = ""
        }
        #expect(lines.contains("dhcp-option=option:dns-server"))
        #expect(lines.contains("dhcp-option=option:domain-name"))
    }

    @Test("is the name by resource beside that by address, the guest's own first")
    func resources() {
        var network = VPCNetwork.sample()
        network.add(1, "10.0.1.10")
        network.add(2, "10.0.1.11")
        network.add(3, "10.0.1.12")
        network.interfaces[1].resourceName = "i-b"
        (network.interfaces[2].resourceName, network.interfaces[2].isCalledByResourceName) = ("i-c", true)
        let files = ResolverPlan(network: network, mtu: 1500, upstream: []).files()
        #expect(
            files.names == """
                10.0.1.10 ip-10-0-1-10.ec2.internal
                10.0.1.11 ip-10-0-1-11.ec2.internal i-b.ec2.internal
                10.0.1.12 i-c.ec2.internal ip-10-0-1-12.ec2.internal

                """)
        let called = files.leases.split(separator: "\n").map { $0.split(separator: ",").last }
        #expect(called == ["ip-10-0-1-10", "ip-10-0-1-11", "i-c"])
    }

    @Test("keeps names that cannot exist outside from the resolvers there")
    func impossible() throws {
        let id = try #require(VPCID("vpc-12345678"))
        let network = VPCNetwork(id: id, cidrBlocks: [CIDRBlock(IPv4Address(0x0A00_0000), prefix: 16)])
        let plan = ResolverPlan(network: network, mtu: 1500, upstream: [IPv4Address(0x0A09_0909)])
        let lines = plan.files().configuration.split(separator: "\n")
        #expect(lines.contains("domain-needed"))
        #expect(lines.contains("local=/invalid/"))
        #expect(lines.contains("server=10.9.9.9"))
    }
}
