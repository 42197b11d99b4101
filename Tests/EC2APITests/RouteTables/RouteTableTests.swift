import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("A route table")
struct RouteTableTests {
    private var cloud: TestCloud
    private let vpc: String
    private let subnet: String
    private let table: String

    init() throws {
        var cloud = try TestCloud { $0.quotas.routeTablesPerVPC = 3 }
        vpc = try #require(try cloud.perform(CreateVpc.self, .init(cidrBlock: "10.0.0.0/16")).vpc?.vpcID)
        let made = try cloud.perform(CreateSubnet.self, .init(cidrBlock: "10.0.0.0/24", vpcID: vpc))
        subnet = try #require(made.subnet?.subnetID)
        table = try #require(try cloud.perform(CreateRouteTable.self, .init(vpcID: vpc)).routeTable?.routeTableID)
        self.cloud = cloud
    }

    private mutating func associate(with table: String? = nil) throws -> String {
        let input = EC2.AssociateRouteTableRequest(subnetID: subnet, routeTableID: table ?? self.table)
        return try #require(try cloud.perform(AssociateRouteTable.self, input).associationID)
    }

    private mutating func secondTable() throws -> String {
        try #require(try cloud.perform(CreateRouteTable.self, .init(vpcID: vpc)).routeTable?.routeTableID)
    }

    private mutating func found(_ name: String, _ value: String) throws -> [String] {
        let filters = [EC2.Filter(name: name, values: [value]), EC2.Filter(name: "vpc-id", values: [vpc])]
        return try cloud.perform(DescribeRouteTables.self, .init(filters: filters)).routeTables
            .compactMap(\.routeTableID)
    }

    private var main: String {
        VPCID(vpc).flatMap { cloud.state.vpcs[$0] }?.mainRouteTable.description ?? ""
    }

    @Test("is made with the local route and no association")
    mutating func made() throws {
        let shown = try cloud.perform(DescribeRouteTables.self, .init(routeTableIDs: [table])).routeTables
        #expect(shown.first?.routes.map(\.destinationCIDRBlock) == ["10.0.0.0/16"])
        #expect(shown.first?.associations == [] && shown.first?.vpcID == vpc)
    }

    @Test("is followed by a subnet, which asked again gets the same answer")
    mutating func associated() throws {
        let association = try associate()
        #expect(try associate() == association)
        let shown = try cloud.perform(DescribeRouteTables.self, .init(routeTableIDs: [table])).routeTables
        #expect(shown.first?.associations.map(\.subnetID) == [subnet])
        #expect(shown.first?.associations.map(\.main) == [false])
        #expect(shown.first?.associations.map(\.associationState?.state) == [.associated])
        let second = EC2.AssociateRouteTableRequest(subnetID: subnet, routeTableID: try secondTable())
        #expect(cloud.refusal(of: AssociateRouteTable.self, second) == "Resource.AlreadyAssociated")
    }

    @Test("is found by each filter")
    mutating func filters() throws {
        let association = try associate()
        #expect(try found("association.route-table-association-id", association) == [table])
        #expect(try found("association.route-table-id", table) == [table])
        #expect(try found("association.subnet-id", subnet) == [table])
        #expect(try found("association.main", "true") == [main])
        #expect(try found("association.main", "false") == [table])
        #expect(try found("route-table-id", table) == [table])
        #expect(try found("owner-id", "123456789012").count == 2)
        #expect(try found("route.gateway-id", "local").count == 2)
        #expect(try found("route.destination-cidr-block", "10.0.0.0/16").count == 2)
        #expect(try found("route.origin", "CreateRouteTable").count == 2)
        #expect(try found("route.state", "active").count == 2)
        #expect(try found("route.nat-gateway-id", "nat-1").isEmpty)
    }

    @Test("is not deleted while it is followed or the main one")
    mutating func deleted() throws {
        let association = try associate()
        #expect(cloud.refusal(of: DeleteRouteTable.self, .init(routeTableID: table)) == "DependencyViolation")
        #expect(cloud.refusal(of: DeleteRouteTable.self, .init(routeTableID: main)) == "DependencyViolation")
        try cloud.perform(DisassociateRouteTable.self, .init(associationID: association))
        #expect(
            cloud.refusal(of: DisassociateRouteTable.self, .init(associationID: association))
                == "InvalidAssociationID.NotFound")
        try cloud.perform(DeleteRouteTable.self, .init(routeTableID: table))
        #expect(cloud.refusal(of: DeleteRouteTable.self, .init(routeTableID: table)) == "InvalidRouteTableID.NotFound")
    }

    @Test("becomes the main one by taking over its association")
    mutating func newMain() throws {
        let old = main
        let record = try #require(RouteTableID(old).flatMap { cloud.state.routeTables[$0] })
        let association = try #require(record.associations.first).id.description
        #expect(
            cloud.refusal(of: DisassociateRouteTable.self, .init(associationID: association))
                == "InvalidParameterValue")
        let input = EC2.ReplaceRouteTableAssociationRequest(associationID: association, routeTableID: table)
        let moved = try cloud.perform(ReplaceRouteTableAssociation.self, input).newAssociationID
        #expect(moved != association && main == table)
        #expect(try found("association.main", "true") == [table])
        try cloud.perform(DeleteRouteTable.self, .init(routeTableID: old))
        try cloud.perform(CreateRouteTable.self, .init(vpcID: vpc))
    }

    @Test("takes a subnet over from another")
    mutating func replaced() throws {
        let association = try associate()
        let second = try secondTable()
        let input = EC2.ReplaceRouteTableAssociationRequest(associationID: association, routeTableID: second)
        let moved = try cloud.perform(ReplaceRouteTableAssociation.self, input).newAssociationID
        #expect(moved != association)
        #expect(try found("association.subnet-id", subnet) == [second])
        #expect(cloud.refusal(of: ReplaceRouteTableAssociation.self, input) == "InvalidAssociationID.NotFound")
    }

    @Test("is refused across VPCs, with gateways, without a subnet, and beyond the quota")
    mutating func refusals() throws {
        let foreign = cloud.defaultSubnet.id.description
        #expect(
            cloud.refusal(of: AssociateRouteTable.self, .init(subnetID: foreign, routeTableID: table))
                == "InvalidParameterValue")
        #expect(
            cloud.refusal(of: AssociateRouteTable.self, .init(gatewayID: "igw-12345678", routeTableID: table))
                == "UnsupportedOperation")
        #expect(cloud.refusal(of: AssociateRouteTable.self, .init(routeTableID: table)) == "MissingParameter")
        let association = try associate()
        let other = cloud.defaultVPC.mainRouteTable.description
        #expect(
            cloud.refusal(
                of: ReplaceRouteTableAssociation.self, .init(associationID: association, routeTableID: other))
                == "InvalidParameterValue")
        _ = try secondTable()
        #expect(cloud.refusal(of: CreateRouteTable.self, .init(vpcID: vpc)) == "RouteTableLimitExceeded")
    }
}
