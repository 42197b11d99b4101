// A route table as EC2 shows it: the local route first, each route with its state.

import AWSWire
import CloudTypes
import ControlPlane

extension EC2.RouteTable {
    init(_ table: RouteTableRecord, in state: CloudState) {
        self.init(
            associations: table.associations.map { EC2.RouteTableAssociation($0, of: table) },
            routeTableID: table.id.description, routes: ShownRoute.all(of: table, in: state).map { EC2.Route($0) },
            tags: EC2.Tag.list(table.tags), vpcID: table.vpc.description, ownerID: table.account.description)
    }
}

extension EC2.RouteTableAssociation {
    fileprivate init(_ association: RouteTableRecord.Association, of table: RouteTableRecord) {
        self.init(
            main: association.subnet == nil, routeTableAssociationID: association.id.description,
            routeTableID: table.id.description, subnetID: association.subnet?.description,
            associationState: EC2.RouteTableAssociationState(state: .associated))
    }
}

extension EC2.Route {
    fileprivate init(_ route: ShownRoute) {
        self.init(
            destinationCIDRBlock: route.destination.description, gatewayID: route.gateway,
            instanceID: route.instance?.description, instanceOwnerID: route.instanceOwner?.description,
            networkInterfaceID: route.interface?.description, origin: EC2.RouteOrigin(rawValue: route.origin),
            state: route.isActive ? .active : .blackhole)
    }
}

/// A route with what follows from the rest of the records.
struct ShownRoute {
    var destination: CIDRBlock
    /// `local` or an internet gateway's id.
    var gateway: String?
    var interface: NetworkInterfaceID?
    var instance: InstanceID?
    var instanceOwner: AccountID?
    var origin: String
    var isActive: Bool

    static func all(of table: RouteTableRecord, in state: CloudState) -> [ShownRoute] {
        let local = state.vpcs[table.vpc].map { vpc in
            ShownRoute(destination: vpc.cidrBlock, gateway: "local", origin: "CreateRouteTable", isActive: true)
        }
        return (local.map { [$0] } ?? []) + table.routes.map { ShownRoute($0, of: table, in: state) }
    }
}

extension ShownRoute {
    private init(_ route: RouteTableRecord.Route, of table: RouteTableRecord, in state: CloudState) {
        self.init(
            destination: route.destination, origin: route.origin, isActive: state.isActive(route, in: table))
        switch route.target {
        case .internetGateway(let id): gateway = id.description
        case .networkInterface(let id):
            interface = id
            let present = state.networkInterfaces[id]
            instance = present?.attachment?.instance
            instanceOwner = instance == nil ? nil : present?.account
        }
    }
}
