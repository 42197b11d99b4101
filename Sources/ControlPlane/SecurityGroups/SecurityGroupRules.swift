// Security groups: how they are made, found and deleted.
// Source: Amazon VPC User Guide, "Security groups"; EC2 API Reference, "CreateSecurityGroup", "DeleteSecurityGroup".

package import CloudTypes

extension Transaction {
    /// Makes a group that lets nothing in and everything out.
    ///
    /// - Parameter vpc: nil: the caller's default VPC.
    /// - Throws: `InvalidVpcID.NotFound`, `VPCIdNotSpecified`, `InvalidGroup.Duplicate`, `InvalidGroup.Reserved`,
    ///   `InvalidParameterValue`, `MissingParameter`, `SecurityGroupLimitExceeded`.
    package mutating func createSecurityGroup(
        name: String, description: String, vpc: VPCID?, tags: [String: String] = [:]
    ) throws(EC2Error) -> SecurityGroupRecord {
        let name = try SecurityGroupNames.checkedName(name)
        try SecurityGroupNames.check(description: description)
        let home = try vpcForGroup(vpc)
        guard !state.securityGroups.contains(SecurityGroupRecord.nameKey(name, in: home.id)) else {
            throw EC2Error(
                "InvalidGroup.Duplicate", "The security group '\(name)' already exists for VPC '\(home.id)'")
        }
        guard state.securityGroups.count(where: IndexKey(.account, account)) < settings.quotas.securityGroups else {
            throw EC2Error(
                "SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.")
        }
        var group = SecurityGroupRecord(
            id: newID(), account: account, vpc: home.id, name: name, description: description)
        group.tags = tags
        group.rules = [
            SecurityGroupRecord.Rule(
                id: newID(), isEgress: true, ipProtocol: "-1", fromPort: nil, toPort: nil, peer: .ipv4(.everything))
        ]
        put(group)
        return group
    }

    /// - Throws: `CannotDelete` for a VPC's default group, `DependencyViolation` while an interface is in the group or
    ///   another group's rule refers to it.
    package mutating func deleteSecurityGroup(_ group: SecurityGroupRecord) throws(EC2Error) {
        guard !group.isDefault else {
            throw EC2Error(
                "CannotDelete",
                "the specified group: \"\(group.id)\" name: \"\(group.name)\" cannot be deleted by a user")
        }
        let key = IndexKey(.group, group.id)
        let isReferenced = state.securityGroups.ids(where: key).contains { $0 != group.id }
        guard !isReferenced, !state.networkInterfaces.contains(key) else {
            throw .dependencyViolation("resource \(group.id) has a dependent object")
        }
        delete(group.id, SecurityGroupRecord.self)
    }

    /// The caller's group with the id.
    ///
    /// - Throws: `InvalidGroup.NotFound`.
    package func securityGroup(_ id: SecurityGroupID) throws(EC2Error) -> SecurityGroupRecord {
        guard let group = state.securityGroups[id], group.account == account else {
            throw .securityGroupNotFound(id.description)
        }
        return group
    }

    /// The group of the name in the caller's default VPC, the only one where names will do.
    ///
    /// - Throws: `VPCIdNotSpecified`, `InvalidGroup.NotFound`.
    package func securityGroup(named name: String) throws(EC2Error) -> SecurityGroupRecord {
        let vpc = try vpcForGroup(nil)
        guard let group = state.securityGroups.first(where: SecurityGroupRecord.nameKey(name, in: vpc.id)) else {
            throw EC2Error(
                "InvalidGroup.NotFound", "The security group '\(name)' does not exist in default VPC '\(vpc.id)'")
        }
        return group
    }

    /// The groups that a launch or an interface in the VPC asks for, each once, in the order asked.
    ///
    /// - Parameters:
    ///   - ids: of groups in `vpc`.
    ///   - names: of groups in `vpc`, which then must be the caller's default VPC.
    /// - Returns: nothing where nothing is asked for: the VPC's default group will then be taken.
    /// - Throws: `InvalidGroup.NotFound`, `InvalidParameterCombination`.
    package func groups(
        ids: [SecurityGroupID], names: [String], in vpc: VPCID
    ) throws(EC2Error) -> [SecurityGroupID] {
        var found: [SecurityGroupID] = []
        for id in ids {
            let group = try securityGroup(id)
            guard group.vpc == vpc else {
                throw EC2Error("InvalidGroup.NotFound", "The security group '\(id)' does not exist in VPC '\(vpc)'")
            }
            if !found.contains(id) { found.append(id) }
        }
        if !names.isEmpty, state.vpcs[vpc]?.isDefault != true {
            throw .invalidParameterCombination("The parameter groupName cannot be used with the parameter subnet")
        }
        for name in names {
            let group = try securityGroup(named: name)
            if !found.contains(group.id) { found.append(group.id) }
        }
        return found
    }

    private func vpcForGroup(_ id: VPCID?) throws(EC2Error) -> VPCRecord {
        if let id { return try owned(id) }
        guard let vpc = state.defaultVPC(of: account) else {
            throw EC2Error("VPCIdNotSpecified", "No default VPC for this user")
        }
        return vpc
    }
}

extension EC2Error {
    /// - Parameter text: an id or a name.
    package static func securityGroupNotFound(_ text: String) -> EC2Error {
        EC2Error("InvalidGroup.NotFound", "The security group '\(text)' does not exist")
    }
}
