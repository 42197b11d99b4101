// From the records to what a VPC should be: who is on it, what may reach whom, and where packets go.
// Pure; the cost follows the VPC's interfaces and their groups, not the cloud.

package import CloudTypes
internal import InstanceTypeCatalogue
package import NodeContract

extension VPCNetwork {
    /// What the records want of the VPC; nil where there is none.
    package init?(of id: VPCID, in state: CloudState, settings: CloudSettings) {
        guard let vpc = state.vpcs[id] else { return nil }
        let interfaces = state.networkInterfaces.allVersioned(where: IndexKey(.vpc, id)).filter {
            state.reachesNetwork($0.record)
        }
        let gateway = state.internetGateway(of: id)
        self.init(id: id, cidrBlocks: [vpc.cidrBlock])
        let planner = InterfacePlanner(state)
        self.interfaces = interfaces.map { planner.plan($0).named(for: $0.record, in: state) }
        subnets = state.subnets.all(where: IndexKey(.vpc, id)).map { subnet in
            Subnet(id: subnet.id, cidrBlock: subnet.cidrBlock, routes: VPCNetwork.routes(of: subnet, vpc, in: state))
        }
        groups = VPCNetwork.groups(of: self.interfaces).sorted().compactMap { state.securityGroups[$0].map(Group.init) }
        naming = Naming(of: vpc, in: state, settings: settings)
        hasInternetGateway = gateway != nil
    }

    private static func groups(of interfaces: [Interface]) -> Set<SecurityGroupID> {
        var groups: Set<SecurityGroupID> = []
        var last: [SecurityGroupID] = []
        // Interfaces that were launched together are in the same groups.
        for interface in interfaces where interface.groups != last {
            last = interface.groups
            groups.formUnion(last)
        }
        return groups
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

/// Plans interfaces, or finds what was planned of the same record before.
private struct InterfacePlanner {
    private let state: CloudState
    private let addresses: TableStamp

    private final class Planned: RecordDerivation {
        let interface: VPCNetwork.Interface
        let addresses: TableStamp
        init(_ interface: VPCNetwork.Interface, _ addresses: TableStamp) {
            (self.interface, self.addresses) = (interface, addresses)
        }
    }

    init(_ state: CloudState) { (self.state, addresses) = (state, state.addresses.stamp) }

    func plan(_ record: Versioned<NetworkInterfaceRecord>) -> VPCNetwork.Interface {
        var interface = interface(record)
        // Of the instance, not of the interface: another type has another.
        let instance = record.record.attachment.flatMap { state.instances.versioned($0.instance)?.record }
        interface.share = instance.flatMap { NetworkShare(ofInstanceType: $0.instanceType) }
        return interface
    }

    private func interface(_ record: Versioned<NetworkInterfaceRecord>) -> VPCNetwork.Interface {
        if let planned = record.derivation as? Planned, planned.addresses == addresses { return planned.interface }
        let interface = VPCNetwork.Interface(record.record, in: state)
        record.derivation = Planned(interface, addresses)
        return interface
    }
}

extension NetworkShare {
    /// nil where the catalogue does not tell.
    package init?(ofInstanceType name: String) {
        guard let network = InstanceTypeCatalogue.facts(of: name)?.network,
            let peak = network.peakGbps ?? network.baselineGbps
        else { return nil }
        func bits(_ gigabits: Double) -> Int { Int((gigabits * 1e9).rounded()) }
        self.init(baseline: bits(network.baselineGbps ?? peak), peak: bits(peak))
    }
}

extension VPCNetwork.Interface {
    /// With the name of the instance whose primary interface it is, where the instance is to be found by it.
    fileprivate func named(for record: NetworkInterfaceRecord, in state: CloudState) -> Self {
        guard let attachment = record.attachment, attachment.deviceIndex == 0,
            let instance = state.instances.versioned(attachment.instance)?.record, instance.resourceNameDNSA
        else { return self }
        var named = self
        (named.resourceName, named.isCalledByResourceName) = (
            instance.id.description, instance.isNamedByResource
        )
        return named
    }

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
