import CloudTypes
import ControlPlane
import NodeContract
import Testing

@Suite("What a VPC's network should be")
struct VPCNetworkPlanTests {
    private var transaction: Transaction
    init() throws { transaction = try TestRecords.transaction() }

    private var plan: VPCNetwork {
        get throws {
            try #require(
                VPCNetwork(
                    of: transaction.defaultVPC.id, in: transaction.state, settings: transaction.settings))
        }
    }

    @Test("is nothing for a VPC that is not there")
    mutating func none() {
        #expect(VPCNetwork(of: transaction.newID(), in: transaction.state, settings: transaction.settings) == nil)
    }

    @Test("has the subnets with the routes that they follow")
    mutating func routes() throws {
        let (vpc, subnet) = (transaction.defaultVPC, transaction.defaultSubnet)
        let table = try transaction.createRouteTable(in: vpc, tags: [:])
        _ = try transaction.associate(subnet.id, with: table.id)
        let plan = try plan
        #expect(plan.cidrBlocks == [vpc.cidrBlock] && plan.hasInternetGateway)
        let local = VPCNetwork.Route(destination: vpc.cidrBlock, target: .local)
        let out = VPCNetwork.Route(destination: .everything, target: .internetGateway)
        #expect(plan.subnets.count == 3)
        for planned in plan.subnets {
            #expect(planned.routes == (planned.id == subnet.id ? [local] : [local, out]))
        }
    }

    @Test("drops at routes whose target is gone or down")
    mutating func blackholes() throws {
        let (vpc, gateway) = (
            transaction.defaultVPC, try #require(transaction.state.internetGateway(of: transaction.defaultVPC.id))
        )
        let router = try transaction.addGuest(in: transaction.defaultSubnet)
        let block = try #require(CIDRBlock("192.0.2.0/24"))
        try transaction.createRoute(block, to: .networkInterface(router), in: vpc.mainRouteTable)
        #expect(try plan.subnets[0].routes.map(\.target) == [.local, .internetGateway, .interface(router)])
        try transaction.detachInternetGateway(gateway.id, from: vpc.id)
        let instance = try #require(transaction.state.networkInterfaces[router]?.attachment?.instance)
        transaction.update(instance) { (instance: inout InstanceRecord) in instance.state = .stopped }
        #expect(try plan.subnets[0].routes.map(\.target) == [.local, .blackhole, .blackhole])
        #expect(try plan.hasInternetGateway == false)
    }

    @Test("has the interfaces of guests that are there, and of no others")
    mutating func interfaces() throws {
        let subnet = transaction.defaultSubnet
        _ = try transaction.createInterface(in: subnet, privateAddress: nil, groups: [])
        var present: Set<NetworkInterfaceID> = []
        for state in InstanceState.allCases {
            let id = try transaction.addGuest(in: subnet, state: state)
            if ![.stopped, .terminated].contains(state) { present.insert(id) }
        }
        #expect(Set(try plan.interfaces.map(\.id)) == present)
    }

    @Test("has the share of its instance's type, and another where the type is another")
    mutating func shares() throws {
        let id = try transaction.addGuest(in: transaction.defaultSubnet)
        #expect(try plan.interfaces.first?.share == NetworkShare(baseline: 64_000_000, peak: 5_000_000_000))
        let instance = try #require(transaction.state.networkInterfaces[id]?.attachment?.instance)
        transaction.update(instance) { (instance: inout InstanceRecord) in instance.instanceType = "m5.24xlarge" }
        #expect(try plan.interfaces.first?.share == NetworkShare(baseline: 25_000_000_000, peak: 25_000_000_000))
        transaction.update(instance) { (instance: inout InstanceRecord) in instance.instanceType = "x.unknown" }
        #expect(try plan.interfaces.first?.share == nil)
    }

    @Test("says with each interface what it may send and by what it is reached")
    mutating func interface() throws {
        let id = try transaction.addGuest(in: transaction.defaultSubnet)
        try transaction.assignPublicAddress(to: id)
        transaction.update(id) { (interface: inout NetworkInterfaceRecord) in
            interface.sourceDestinationCheck = false
        }
        let record = try #require(transaction.state.networkInterfaces[id])
        let planned = try #require(try plan.interfaces.first)
        #expect(planned.macAddress == record.macAddress && planned.subnet == record.subnet)
        #expect(planned.addresses.map(\.privateAddress) == [record.primaryAddress])
        #expect(planned.addresses.map(\.publicAddress) == [record.addresses[0].autoPublicAddress])
        #expect(planned.groups == [transaction.defaultVPC.defaultGroup] && !planned.sourceDestinationCheck)
        let elastic = try transaction.allocateElasticAddress()
        _ = try transaction.associate(elastic.id, with: id, privateAddress: nil, reassociates: true)
        #expect(try plan.interfaces.first?.addresses.map(\.publicAddress) == [elastic.publicAddress])
    }

    @Test("has the groups that interfaces are in, and no others")
    mutating func groups() throws {
        #expect(try plan.groups.isEmpty)
        _ = try transaction.addGuest(in: transaction.defaultSubnet)
        let group = transaction.defaultVPC.defaultGroup
        let expected = VPCNetwork.Group(
            id: group, ingress: [VPCNetwork.Rule(traffic: .all, peer: .members(of: group))],
            egress: [VPCNetwork.Rule(traffic: .all, peer: .block(.everything))])
        #expect(try plan.groups == [expected])
    }

    @Test(
        "has each rule as packets are judged",
        arguments: [
            ("tcp", 22, 80, .tcp(22...80)), ("6", 22, 22, .tcp(22...22)), ("udp", nil, nil, .udp(0...65535)),
            ("tcp", -1, -1, .tcp(0...65535)), ("icmp", -1, -1, .icmp(type: nil, code: nil)),
            ("icmp", 8, -1, .icmp(type: 8, code: nil)), ("1", 3, 4, .icmp(type: 3, code: 4)), ("-1", nil, nil, .all),
            ("50", nil, nil, .other(50)), ("icmpv6", -1, -1, nil), ("58", nil, nil, nil),
        ] as [(String, Int?, Int?, VPCNetwork.Rule.Traffic?)])
    mutating func rules(ipProtocol: String, from: Int?, to: Int?, traffic: VPCNetwork.Rule.Traffic?) throws {
        _ = try transaction.addGuest(in: transaction.defaultSubnet)
        let rule = SecurityGroupRecord.Rule(
            id: transaction.newID(), isEgress: false, ipProtocol: ipProtocol, fromPort: from, toPort: to,
            peer: .ipv4(.everything))
        transaction.update(transaction.defaultVPC.defaultGroup) { (group: inout SecurityGroupRecord) in
            group.rules = [rule]
        }
        let planned = try plan.groups.first?.ingress.map(\.traffic)
        #expect(planned == [traffic].compactMap { $0 })
    }

    @Test("leaves out rules for IPv6, which no guest has")
    mutating func ipv6() throws {
        _ = try transaction.addGuest(in: transaction.defaultSubnet)
        let rule = SecurityGroupRecord.Rule(
            id: transaction.newID(), isEgress: true, ipProtocol: "-1", fromPort: nil, toPort: nil,
            peer: .ipv6(try #require(IPv6Block("::/0"))))
        transaction.update(transaction.defaultVPC.defaultGroup) { (group: inout SecurityGroupRecord) in
            group.rules = [rule]
        }
        #expect(try plan.groups.first?.egress == [])
    }
}

@Suite("How a VPC's guests learn names")
struct NamingPlanTests {
    private var transaction: Transaction
    init() throws { transaction = try TestRecords.transaction() }

    private mutating func naming(_ options: [String: [String]]?) throws -> VPCNetwork.Naming {
        let id = options.map { transaction.createDHCPOptions($0, tags: [:]).id }
        try transaction.useDHCPOptions(id, in: transaction.defaultVPC.id)
        return try shown()
    }

    private func shown() throws -> VPCNetwork.Naming {
        try #require(
            VPCNetwork(of: transaction.defaultVPC.id, in: transaction.state, settings: transaction.settings)
        ).naming
    }

    @Test("is by default from the VPC's own resolver, in the region's domain")
    func byDefault() throws {
        let naming = try shown()
        #expect(naming.hasResolver && naming.announcesNameServers && naming.nameServers.isEmpty)
        #expect(naming.domainName == "ec2.internal" && naming.internalDomain == "ec2.internal")
    }

    @Test("follows the VPC's DHCP options")
    mutating func options() throws {
        let naming = try naming([
            "domain-name": ["corp.example"], "domain-name-servers": ["10.9.9.9", "AmazonProvidedDNS"],
            "ntp-servers": ["10.9.9.1"], "netbios-name-servers": ["10.9.9.2"], "netbios-node-type": ["2"],
        ])
        #expect(naming.domainName == "corp.example" && naming.internalDomain == "ec2.internal")
        #expect(naming.nameServers.map(\.description) == ["10.9.9.9", "172.31.0.2"])
        #expect(naming.timeServers.map(\.description) == ["10.9.9.1"])
        #expect(naming.netbiosNameServers.map(\.description) == ["10.9.9.2"] && naming.netbiosNodeType == 2)
    }

    @Test("is nothing under the option set `default`, though the resolver answers who asks it")
    mutating func nothing() throws {
        let naming = try naming(nil)
        #expect(!naming.announcesNameServers && naming.domainName.isEmpty && naming.hasResolver)
    }

    @Test("has no resolver where DNS support is off")
    mutating func off() throws {
        transaction.update(transaction.defaultVPC.id) { (vpc: inout VPCRecord) in vpc.enableDNSSupport = false }
        #expect(try shown().hasResolver == false)
    }
}
