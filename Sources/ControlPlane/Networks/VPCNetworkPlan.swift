// From the records to what a VPC should be: who is on it, what may reach whom, and where packets go.
// Pure; the cost follows the VPC's interfaces and their groups, not the cloud.

package import CloudTypes
package import NodeContract

extension VPCNetwork {
    /// What the records want of the VPC; nil where there is none.
    package init?(of id: VPCID, in state: CloudState, settings: CloudSettings) {
        guard let vpc = state.vpcs[id] else { return nil }
        let interfaces = state.networkInterfaces.allVersioned(where: IndexKey(.vpc, id)).lazy.map(\.record)
            .filter(state.reachesNetwork)
        let gateway = state.internetGateway(of: id)
        self.init(id: id, cidrBlocks: [vpc.cidrBlock])
        self.interfaces = interfaces.map { Interface($0, in: state) }
        subnets = state.subnets.all(where: IndexKey(.vpc, id)).map { subnet in
            Subnet(id: subnet.id, cidrBlock: subnet.cidrBlock, routes: VPCNetwork.routes(of: subnet, vpc, in: state))
        }
        groups = Set(interfaces.flatMap(\.groups)).sorted().compactMap { state.securityGroups[$0].map(Group.init) }
        naming = Naming(of: vpc, in: state, settings: settings)
        hasInternetGateway = gateway != nil
    }

    private static func routes(of subnet: SubnetRecord, _ vpc: VPCRecord, in state: CloudState) -> [Route] {
        let local = Route(destination: vpc.cidrBlock, target: .local)
        guard let table = state.routeTable(of: subnet) else { return [local] }
        return [local]
            + table.routes.map { route in
                Route(destination: route.destination, target: target(of: route, in: table, state))
            }
    }

    private static func target(
        of route: RouteTableRecord.Route, in table: RouteTableRecord, _ state: CloudState
    ) -> Route.Target {
        guard state.isActive(route, in: table) else { return .blackhole }
        switch route.target {
        case .internetGateway: return .internetGateway
        case .networkInterface(let interface): return .interface(interface)
        }
    }
}

extension VPCNetwork.Interface {
    fileprivate init(_ record: NetworkInterfaceRecord, in state: CloudState) {
        let addresses = record.addresses.map { address in
            VPCNetwork.Address(
                privateAddress: address.privateAddress,
                publicAddress: state.publicAddress(of: address, on: record.id))
        }
        self.init(
            id: record.id, macAddress: record.macAddress, subnet: record.subnet, addresses: addresses,
            groups: record.groups, sourceDestinationCheck: record.sourceDestinationCheck)
    }
}

extension CloudState {
    /// Whether a guest is, or is about to be, at the interface.
    package func reachesNetwork(_ interface: NetworkInterfaceRecord) -> Bool {
        guard let attachment = interface.attachment else { return false }
        return instances.versioned(attachment.instance)?.record.state.isOnNetwork == true
    }

    /// `active`, or else a `blackhole`: a route whose target is gone, detached or stopped.
    package func isActive(_ route: RouteTableRecord.Route, in table: RouteTableRecord) -> Bool {
        switch route.target {
        case .internetGateway(let gateway):
            return internetGateways[gateway]?.vpc == table.vpc
        case .networkInterface(let id):
            guard let interface = networkInterfaces[id] else { return false }
            return interface.vpc == table.vpc && reachesNetwork(interface)
        }
    }
}
