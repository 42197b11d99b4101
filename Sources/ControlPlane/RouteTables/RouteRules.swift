// Routes: what may be a destination, what a target, and what a table already has.
// The local route is in every table and no record.
// Source: Amazon VPC User Guide, "Route table concepts"; EC2 API Reference, "CreateRoute".

package import CloudTypes

extension Transaction {
    /// - Throws: `…NotFound`, `RouteAlreadyExists`, `RouteLimitExceeded`, `InvalidParameterValue`.
    package mutating func createRoute(
        _ destination: CIDRBlock, to target: RouteTableRecord.Route.Target, in id: RouteTableID
    ) throws(EC2Error) {
        var table: RouteTableRecord = try owned(id)
        let vpc: VPCRecord = try owned(table.vpc)
        guard destination != vpc.cidrBlock, !table.routes.contains(where: { $0.destination == destination }) else {
            throw EC2Error("RouteAlreadyExists", "The route identified by \(destination) already exists.")
        }
        try check(destination, target, in: table, vpc)
        guard table.routes.count < settings.quotas.routesPerTable else {
            throw EC2Error("RouteLimitExceeded", "The maximum number of routes has been reached.")
        }
        table.routes.append(RouteTableRecord.Route(destination: destination, target: target))
        table.routes.sort { $0.destination < $1.destination }
        put(table)
    }

    /// Gives a route that exists another target.
    ///
    /// - Parameter target: nil: the local target, which the local route alone can have.
    /// - Throws: `…NotFound`, `InvalidParameterValue`, `UnsupportedOperation`.
    package mutating func replaceRoute(
        _ destination: CIDRBlock, to target: RouteTableRecord.Route.Target?, in id: RouteTableID
    ) throws(EC2Error) {
        var table: RouteTableRecord = try owned(id)
        let vpc: VPCRecord = try owned(table.vpc)
        if destination == vpc.cidrBlock {
            guard target != nil else { return }
            throw .unsupported("The local route \(destination) cannot get another target in this cloud.")
        }
        guard let position = table.routes.firstIndex(where: { $0.destination == destination }) else {
            throw .invalidParameterValue(
                "There is no route defined for '\(destination)' in the route table. Use CreateRoute instead.")
        }
        guard let target else {
            throw .invalidParameterValue("The local target can only be used for the local route \(vpc.cidrBlock).")
        }
        try check(destination, target, in: table, vpc)
        table.routes[position] = RouteTableRecord.Route(destination: destination, target: target)
        put(table)
    }

    /// - Throws: `…NotFound`, `InvalidRoute.NotFound`, `InvalidParameterValue` for the local route.
    package mutating func deleteRoute(_ destination: CIDRBlock, from id: RouteTableID) throws(EC2Error) {
        var table: RouteTableRecord = try owned(id)
        let vpc: VPCRecord = try owned(table.vpc)
        guard destination != vpc.cidrBlock else {
            throw .invalidParameterValue("cannot remove local route \(destination) in route table \(id)")
        }
        guard let position = table.routes.firstIndex(where: { $0.destination == destination }) else {
            throw EC2Error(
                "InvalidRoute.NotFound", "no route with destination-cidr-block \(destination) in route table \(id)")
        }
        table.routes.remove(at: position)
        put(table)
    }

    private func check(
        _ destination: CIDRBlock, _ target: RouteTableRecord.Route.Target, in table: RouteTableRecord, _ vpc: VPCRecord
    ) throws(EC2Error) {
        guard !RouteDestination.reserved.contains(destination) else {
            throw .invalidParameterValue("The destination CIDR block \(destination) is reserved.")
        }
        let isInsideVPC = vpc.cidrBlock.contains(destination)
        switch target {
        case .internetGateway(let id):
            if isInsideVPC {
                throw .invalidParameterValue(
                    "The destination CIDR block \(destination) is equal to or more specific than one of this VPC's "
                        + "CIDR blocks. This route can target only an interface or an instance.")
            }
            try check(id, reaches: table)
        case .networkInterface(let id):
            if isInsideVPC, !isSubnet(destination, of: vpc) {
                throw .invalidParameterValue(
                    "The destination CIDR block \(destination) is more specific than one of this VPC's CIDR blocks and "
                        + "must be the CIDR block of a subnet.")
            }
            let interface: NetworkInterfaceRecord = try owned(id)
            guard interface.vpc == table.vpc else {
                throw .invalidParameterValue("route table \(table.id) and interface \(id) belong to different networks")
            }
        }
    }

    /// Traffic within the VPC may be led through a guest, a whole subnet at a time.
    private func isSubnet(_ block: CIDRBlock, of vpc: VPCRecord) -> Bool {
        state.subnets.all(where: IndexKey(.vpc, vpc.id)).contains { $0.cidrBlock == block }
    }

    private func check(_ id: InternetGatewayID, reaches table: RouteTableRecord) throws(EC2Error) {
        guard let gateway = state.internetGateways[id], gateway.account == account else {
            throw EC2Error("InvalidGatewayID.NotFound", "The gateway ID '\(id)' does not exist")
        }
        guard gateway.vpc == table.vpc else {
            throw .invalidParameterValue(
                "route table \(table.id) and network gateway \(id) belong to different networks")
        }
    }
}

private enum RouteDestination {
    /// Where the metadata service, the resolver and the clock are.
    static let reserved = CIDRBlock(IPv4Address(0xA9FE_A800), prefix: 22)
}
