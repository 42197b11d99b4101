// Route tables and which subnets follow them.
// Source: Amazon VPC User Guide, "Configure route tables".

package import CloudTypes

extension Transaction {
    /// A table with the local route alone.
    ///
    /// - Throws: `RouteTableLimitExceeded`.
    package mutating func createRouteTable(
        in vpc: VPCRecord, tags: [String: String]
    ) throws(EC2Error) -> RouteTableRecord {
        guard state.routeTables.count(where: IndexKey(.vpc, vpc.id)) < settings.quotas.routeTablesPerVPC else {
            throw EC2Error("RouteTableLimitExceeded", "The maximum number of route tables has been reached.")
        }
        var table = RouteTableRecord(id: newID(), account: account, vpc: vpc.id)
        table.tags = tags
        put(table)
        return table
    }

    /// - Throws: `…NotFound`, `DependencyViolation` while it is the main table or a subnet follows it.
    package mutating func deleteRouteTable(_ id: RouteTableID) throws(EC2Error) {
        let table: RouteTableRecord = try owned(id)
        guard table.associations.isEmpty else {
            throw .dependencyViolation("The routeTable '\(id)' has dependencies and cannot be deleted.")
        }
        delete(table.id, RouteTableRecord.self)
    }

    /// Lets the subnet follow the table. Again with the same table changes nothing.
    ///
    /// - Throws: `…NotFound`, `InvalidParameterValue` across VPCs, `Resource.AlreadyAssociated`.
    package mutating func associate(
        _ subnetID: SubnetID, with id: RouteTableID
    ) throws(EC2Error) -> RouteTableAssociationID {
        var table: RouteTableRecord = try owned(id)
        let subnet: SubnetRecord = try owned(subnetID)
        guard table.vpc == subnet.vpc else {
            throw .invalidParameterValue("Route table \(id) and subnet \(subnetID) belong to different networks")
        }
        if let present = table.associations.first(where: { $0.subnet == subnetID }) { return present.id }
        guard !state.routeTables.contains(IndexKey(.subnet, subnetID)) else {
            throw EC2Error(
                "Resource.AlreadyAssociated",
                "the specified association for route table \(id) conflicts with an existing association")
        }
        let association = RouteTableRecord.Association(id: newID(), subnet: subnetID)
        table.associations.append(association)
        put(table)
        return association.id
    }

    /// Lets the subnet follow the main table again.
    ///
    /// - Throws: `InvalidAssociationID.NotFound`, `InvalidParameterValue` for the main table's association.
    package mutating func disassociateRouteTable(_ id: RouteTableAssociationID) throws(EC2Error) {
        var table = try routeTable(holding: id)
        guard table.associations.contains(where: { $0.id == id && $0.subnet != nil }) else {
            throw .invalidParameterValue("cannot disassociate the main route table association \(id)")
        }
        table.associations.removeAll { $0.id == id }
        put(table)
    }

    /// Moves the association, of a subnet or of the whole VPC, to another table.
    ///
    /// - Returns: the association's new id.
    /// - Throws: `…NotFound`, `InvalidParameterValue` across VPCs.
    package mutating func replaceAssociation(
        _ id: RouteTableAssociationID, with newTable: RouteTableID
    ) throws(EC2Error) -> RouteTableAssociationID {
        var old = try routeTable(holding: id)
        let target: RouteTableRecord = try owned(newTable)
        guard old.vpc == target.vpc else {
            throw .invalidParameterValue(
                "Route table \(newTable) and route table association \(id) belong to different networks")
        }
        guard let moved = old.associations.first(where: { $0.id == id }) else { throw .notFound(id) }
        if old.id == newTable { return id }
        old.associations.removeAll { $0.id == id }
        put(old)
        let association = RouteTableRecord.Association(id: newID(), subnet: moved.subnet)
        update(newTable) { (table: inout RouteTableRecord) in table.associations.append(association) }
        if moved.subnet == nil {
            update(target.vpc) { (vpc: inout VPCRecord) in vpc.mainRouteTable = newTable }
        }
        return association.id
    }

    private func routeTable(holding id: RouteTableAssociationID) throws(EC2Error) -> RouteTableRecord {
        let table = state.routeTables.all(of: account).first { table in table.associations.contains { $0.id == id } }
        guard let table else { throw .notFound(id) }
        return table
    }
}
