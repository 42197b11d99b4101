// Every quota by the name that operators know it by: where its bound stands, and what an account has of it.

package import CloudTypes

package struct QuotaEntry: Sendable {
    package typealias Bound = any (WritableKeyPath<CloudSettings.Quotas, Int> & Sendable)

    /// `vpcs`, `vcpus-standard`
    package let name: String
    package let bound: Bound
    /// What the account has; of what is bounded for each resource, the most of any.
    package let use: @Sendable (CloudState, AccountID) -> Int

    init(_ name: String, _ bound: Bound, _ use: @escaping @Sendable (CloudState, AccountID) -> Int) {
        (self.name, self.bound, self.use) = (name, bound, use)
    }

    package static let all = records + perResource + counted

    private static let records = [
        QuotaEntry("vpcs", \.vpcs) { $0.vpcs.count(of: $1) },
        QuotaEntry("internet-gateways", \.internetGateways) { $0.internetGateways.count(of: $1) },
        QuotaEntry("elastic-addresses", \.elasticAddresses) { $0.addresses.count(of: $1) },
        QuotaEntry("security-groups", \.securityGroups) { $0.securityGroups.count(of: $1) },
        QuotaEntry("key-pairs", \.keyPairs) { $0.keyPairs.count(of: $1) },
        QuotaEntry("network-interfaces", \.networkInterfaces) { $0.networkInterfaces.count(of: $1) },
        QuotaEntry("instances", \.instances) { $0.instances.count(of: $1) },
        QuotaEntry("snapshots", \.snapshots) { $0.snapshots.count(of: $1) },
        QuotaEntry("launch-templates", \.launchTemplates) { $0.launchTemplates.count(of: $1) },
        QuotaEntry("encryption-keys", \.encryptionKeys) { $0.encryptionKeys.count(of: $1) },
        QuotaEntry("placement-groups", \.placementGroups) { $0.placementGroups.count(of: $1) },
        QuotaEntry("volume-copies", \.volumeCopies) { state, account in
            state.volumes.all(of: account).count { $0.source != nil && $0.needsSnapshot }
        },
        QuotaEntry("fast-restored-snapshots", \.fastRestoredSnapshots) { state, account in
            Set(state.fastRestores.all(of: account).filter(\.state.isWanted).map(\.snapshot)).count
        },
    ]

    private static let perResource = [
        QuotaEntry("subnets-per-vpc", \.subnetsPerVPC) { state, account in
            state.vpcs.all(of: account).map { state.subnets.count(where: IndexKey(.vpc, $0.id)) }.max() ?? 0
        },
        QuotaEntry("route-tables-per-vpc", \.routeTablesPerVPC) { state, account in
            state.vpcs.all(of: account).map { state.routeTables.count(where: IndexKey(.vpc, $0.id)) }.max() ?? 0
        },
        QuotaEntry("routes-per-table", \.routesPerTable) { state, account in
            state.routeTables.all(of: account).map(\.routes.count).max() ?? 0
        },
        QuotaEntry("rules-per-group", \.rulesPerGroupAndDirection) { state, account in
            state.securityGroups.all(of: account).map { group in
                let egress = group.rules.count { $0.isEgress }
                return max(egress, group.rules.count - egress)
            }.max() ?? 0
        },
        QuotaEntry("groups-per-interface", \.groupsPerInterface) { state, account in
            state.networkInterfaces.all(of: account).map(\.groups.count).max() ?? 0
        },
        QuotaEntry("versions-per-launch-template", \.versionsPerLaunchTemplate) { state, account in
            state.launchTemplates.all(of: account).map {
                state.launchTemplateVersions.count(where: IndexKey(.launchTemplate, $0.id))
            }.max() ?? 0
        },
        QuotaEntry("tags-per-resource", \.tagsPerResource) { $0.mostTags(of: $1) },
    ]

    private static let counted =
        VCPUClass.allCases.map { kind in
            QuotaEntry("vcpus-\(kind.rawValue)", \.[vCPUs: kind]) { $0.instances.use(.vCPUs(kind), by: $1) }
        }
        + VolumeTypeRules.all.keys.sorted().map { type in
            QuotaEntry("storage-gib-\(type)", \.[storageGiB: type]) { $0.volumes.use(.storageGiB(type), by: $1) }
        }
        + ["io1", "io2"].map { type in
            QuotaEntry("iops-\(type)", \.[iops: type]) { $0.volumes.use(.iops(type), by: $1) }
        }
}

extension Table {
    fileprivate func count(of account: AccountID) -> Int { count(where: IndexKey(.account, account)) }
}

extension CloudState {
    /// Of all that the account has, the most that one thing carries.
    fileprivate func mostTags(of account: AccountID) -> Int {
        TagRules.kinds.map { mostTags(of: account, on: $0) }.max() ?? 0
    }

    private func mostTags<Record: TaggedRecord>(of account: AccountID, on kind: Record.Type) -> Int {
        table(of: kind).all(of: account).map(\.tags.count).max() ?? 0
    }
}
