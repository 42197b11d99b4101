import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("A route")
struct RouteTests {
    private var cloud: TestCloud
    private let table: String
    private let gateway: String

    init() throws {
        let cloud = try TestCloud { $0.quotas.routesPerTable = 3 }
        table = cloud.defaultVPC.mainRouteTable.description
        gateway = try #require(cloud.state.internetGateway(of: cloud.defaultVPC.id)).id.description
        self.cloud = cloud
    }

    private func request(_ destination: String?, gateway: String? = nil) -> EC2.CreateRouteRequest {
        EC2.CreateRouteRequest(
            routeTableID: table, destinationCIDRBlock: destination, gatewayID: gateway)
    }

    private mutating func shown(_ destination: String) throws -> EC2.Route? {
        try cloud.perform(DescribeRouteTables.self, .init(routeTableIDs: [table])).routeTables.first?.routes
            .first { $0.destinationCIDRBlock == destination }
    }

    @Test("leads through an internet gateway; its destination is canonical")
    mutating func throughGateway() throws {
        #expect(try cloud.perform(CreateRoute.self, request("192.0.2.7/24", gateway: gateway)).return == true)
        let route = try #require(try shown("192.0.2.0/24"))
        #expect(route.gatewayID == gateway && route.state == .active && route.origin == .createRoute)
    }

    @Test("leads through an instance, and is a black hole when the guest is down")
    mutating func throughInstance() throws {
        let guest = try cloud.guest()
        var input = request("192.0.2.0/24")
        input.instanceID = guest.instance.description
        try cloud.perform(CreateRoute.self, input)
        let route = try #require(try shown("192.0.2.0/24"))
        #expect(route.instanceID == guest.instance.description && route.instanceOwnerID == "123456789012")
        #expect(route.networkInterfaceID == guest.interface.description && route.state == .active)
        let filter = EC2.Filter(name: "route.instance-id", values: [guest.instance.description])
        #expect(try cloud.perform(DescribeRouteTables.self, .init(filters: [filter])).routeTables.count == 1)
        cloud.transaction.update(guest.instance) { (instance: inout InstanceRecord) in instance.state = .stopped }
        #expect(try shown("192.0.2.0/24")?.state == .blackhole)
        cloud.transaction.deleteInterface(guest.interface)
        let orphan = try #require(try shown("192.0.2.0/24"))
        #expect(orphan.state == .blackhole && orphan.instanceID == nil)
        #expect(orphan.networkInterfaceID == guest.interface.description)
    }

    @Test("is a black hole when its gateway is detached")
    mutating func detached() throws {
        let vpc = cloud.defaultVPC.id.description
        try cloud.perform(DetachInternetGateway.self, .init(internetGatewayID: gateway, vpcID: vpc))
        #expect(try shown("0.0.0.0/0")?.state == .blackhole)
        #expect(
            cloud.refusal(of: CreateRoute.self, request("192.0.2.0/24", gateway: gateway)) == "InvalidParameterValue")
    }

    @Test("gets another target, and goes")
    mutating func changed() throws {
        let guest = try cloud.guest()
        let replace = EC2.ReplaceRouteRequest(
            routeTableID: table, destinationCIDRBlock: "0.0.0.0/0", networkInterfaceID: guest.interface.description)
        try cloud.perform(ReplaceRoute.self, replace)
        #expect(try shown("0.0.0.0/0")?.networkInterfaceID == guest.interface.description)
        let delete = EC2.DeleteRouteRequest(routeTableID: table, destinationCIDRBlock: "0.0.0.0/0")
        try cloud.perform(DeleteRoute.self, delete)
        #expect(try shown("0.0.0.0/0") == nil)
        #expect(cloud.refusal(of: DeleteRoute.self, delete) == "InvalidRoute.NotFound")
        #expect(cloud.refusal(of: ReplaceRoute.self, replace) == "InvalidParameterValue")
    }

    @Test("within the VPC leads a whole subnet through a guest, and nothing else")
    mutating func withinVPC() throws {
        let guest = try cloud.guest()
        var input = request("172.31.16.0/20")
        input.networkInterfaceID = guest.interface.description
        try cloud.perform(CreateRoute.self, input)
        input.destinationCIDRBlock = "172.31.16.0/21"
        #expect(cloud.refusal(of: CreateRoute.self, input) == "InvalidParameterValue")
        #expect(
            cloud.refusal(of: CreateRoute.self, request("172.31.32.0/20", gateway: gateway)) == "InvalidParameterValue")
    }

    @Test("cannot stand for the local route, which can only be set back")
    mutating func local() throws {
        #expect(cloud.refusal(of: CreateRoute.self, request("172.31.0.0/16", gateway: gateway)) == "RouteAlreadyExists")
        #expect(
            cloud.refusal(of: DeleteRoute.self, .init(routeTableID: table, destinationCIDRBlock: "172.31.0.0/16"))
                == "InvalidParameterValue")
        var input = EC2.ReplaceRouteRequest(
            localTarget: true, routeTableID: table, destinationCIDRBlock: "172.31.0.0/16")
        try cloud.perform(ReplaceRoute.self, input)
        input.localTarget = nil
        input.gatewayID = gateway
        #expect(cloud.refusal(of: ReplaceRoute.self, input) == "UnsupportedOperation")
        input.localTarget = true
        #expect(cloud.refusal(of: ReplaceRoute.self, input) == "InvalidParameterCombination")
        input.gatewayID = nil
        input.destinationCIDRBlock = "0.0.0.0/0"
        #expect(cloud.refusal(of: ReplaceRoute.self, input) == "InvalidParameterValue")
    }

    @Test("is refused with no target, with two, with a wrong one, and where there is one already")
    mutating func refusals() throws {
        #expect(cloud.refusal(of: CreateRoute.self, request("192.0.2.0/24")) == "MissingParameter")
        #expect(cloud.refusal(of: CreateRoute.self, request(nil, gateway: gateway)) == "MissingParameter")
        #expect(cloud.refusal(of: CreateRoute.self, request("0.0.0.0/0", gateway: gateway)) == "RouteAlreadyExists")
        #expect(cloud.refusal(of: CreateRoute.self, request("x", gateway: gateway)) == "InvalidParameterValue")
        #expect(
            cloud.refusal(of: CreateRoute.self, request("169.254.169.254/32", gateway: gateway))
                == "InvalidParameterValue")
        #expect(
            cloud.refusal(of: CreateRoute.self, request("192.0.2.0/24", gateway: "igw-12345678"))
                == "InvalidGatewayID.NotFound")
        #expect(
            cloud.refusal(of: CreateRoute.self, request("192.0.2.0/24", gateway: "local")) == "InvalidParameterValue")
        var two = request("192.0.2.0/24", gateway: gateway)
        two.instanceID = "i-12345678"
        #expect(cloud.refusal(of: CreateRoute.self, two) == "InvalidParameterCombination")
        two.gatewayID = nil
        #expect(cloud.refusal(of: CreateRoute.self, two) == "InvalidInstanceID.NotFound")
        try cloud.perform(CreateRoute.self, request("192.0.2.0/24", gateway: gateway))
        try cloud.perform(CreateRoute.self, request("198.51.100.0/24", gateway: gateway))
        #expect(
            cloud.refusal(of: CreateRoute.self, request("203.0.113.0/24", gateway: gateway)) == "RouteLimitExceeded")
    }

    @Test("is refused to another VPC's gateway or interface")
    mutating func foreign() throws {
        let vpc = try #require(try cloud.perform(CreateVpc.self, .init(cidrBlock: "10.0.0.0/16")).vpc?.vpcID)
        let tables = cloud.state.routeTables.all(where: IndexKey(.vpc, try #require(VPCID(vpc))))
        var input = request("192.0.2.0/24", gateway: gateway)
        input.routeTableID = try #require(tables.first).id.description
        #expect(cloud.refusal(of: CreateRoute.self, input) == "InvalidParameterValue")
        input.gatewayID = nil
        input.networkInterfaceID = try cloud.guest().interface.description
        #expect(cloud.refusal(of: CreateRoute.self, input) == "InvalidParameterValue")
    }

    @Test("is refused by name where destination or target is of a kind that this cloud has not")
    mutating func unserved() {
        var inputs: [EC2.CreateRouteRequest] = []
        for path: WritableKeyPath<EC2.CreateRouteRequest, String?> in [
            \.natGatewayID, \.transitGatewayID, \.vpcPeeringConnectionID, \.egressOnlyInternetGatewayID,
            \.vpcEndpointID, \.localGatewayID, \.carrierGatewayID, \.coreNetworkARN, \.destinationIPv6CIDRBlock,
            \.destinationPrefixListID,
        ] {
            var input = request("192.0.2.0/24")
            input[keyPath: path] = "x"
            inputs.append(input)
        }
        inputs.append(request("192.0.2.0/24", gateway: "vgw-12345678"))
        for input in inputs { #expect(cloud.refusal(of: CreateRoute.self, input) == "UnsupportedOperation") }
    }
}
