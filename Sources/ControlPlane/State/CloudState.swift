// The whole cloud in memory, as one value. Copying it costs nothing; the store's records rebuild it at start.

/// One table for each kind of record.
package struct CloudTables: Sendable {
    package var accounts = Table<AccountRecord>()
    package var accessKeys = Table<AccessKeyRecord>()
    package var instances = Table<InstanceRecord>()
    package var volumes = Table<VolumeRecord>()
    package var snapshots = Table<SnapshotRecord>()
    package var images = Table<ImageRecord>()
    package var keyPairs = Table<KeyPairRecord>()
    package var vpcs = Table<VPCRecord>()
    package var subnets = Table<SubnetRecord>()
    package var internetGateways = Table<InternetGatewayRecord>()
    package var routeTables = Table<RouteTableRecord>()
    package var networkACLs = Table<NetworkACLRecord>()
    package var dhcpOptions = Table<DHCPOptionsRecord>()
    package var securityGroups = Table<SecurityGroupRecord>()
    package var networkInterfaces = Table<NetworkInterfaceRecord>()
    package var addresses = Table<AddressRecord>()
    package var requestTokens = Table<RequestTokenRecord>()
    package var secrets = Table<SecretRecord>()
    package var retentionRules = Table<RetentionRuleRecord>()
    package var rootTasks = Table<RootTaskRecord>()
    package var fastRestores = Table<FastRestoreRecord>()
    package var encryptionKeys = Table<EncryptionKeyRecord>()
    package var launchTemplates = Table<LaunchTemplateRecord>()
    package var launchTemplateVersions = Table<LaunchTemplateVersionRecord>()
    package var statusChecks = Table<StatusChecks>()
    package var usage = Table<UsageRecord>()
    package var cpuCredits = Table<CPUCreditRecord>()
    package var fleets = Table<FleetRecord>()
    package var spotRequests = Table<SpotRequestRecord>()
    package var placementGroups = Table<PlacementGroupRecord>()
    package var capacityReservations = Table<CapacityReservationRecord>()
    package var eventWindows = Table<EventWindowRecord>()

    init() {}
}

package struct CloudState: Sendable {
    /// Changed only while one state alone refers to it: a copy of a state is one reference, however many tables there are.
    private final class Content: @unchecked Sendable {
        var tables: CloudTables
        init(_ tables: CloudTables) { self.tables = tables }
    }

    private var content = Content(CloudTables())

    package init() {}

    package func table<Record: CloudRecord>(of type: Record.Type) -> Table<Record> {
        content.tables[keyPath: Record.table]
    }

    package subscript<Record: CloudRecord>(id: Record.ID, of type: Record.Type = Record.self) -> Record? {
        content.tables[keyPath: Record.table][id]
    }

    mutating func put<Record: CloudRecord>(_ record: Record) {
        own()
        content.tables[keyPath: Record.table].put(record)
    }

    /// Takes a whole table at once.
    mutating func set<Record: CloudRecord>(_ table: Table<Record>) {
        own()
        content.tables[keyPath: Record.table] = table
    }

    mutating func remove<Record: CloudRecord>(_ id: Record.ID, _ type: Record.Type) {
        own()
        content.tables[keyPath: Record.table].remove(id)
    }

    private mutating func own() {
        if !isKnownUniquelyReferenced(&content) { content = Content(content.tables) }
    }

    /// Every kind of record there is; the one list that loading goes by.
    static let kinds: [RecordKind] = [
        RecordKind(AccountRecord.self), RecordKind(AccessKeyRecord.self), RecordKind(InstanceRecord.self),
        RecordKind(VolumeRecord.self), RecordKind(SnapshotRecord.self), RecordKind(ImageRecord.self),
        RecordKind(KeyPairRecord.self), RecordKind(VPCRecord.self), RecordKind(SubnetRecord.self),
        RecordKind(InternetGatewayRecord.self), RecordKind(RouteTableRecord.self), RecordKind(NetworkACLRecord.self),
        RecordKind(DHCPOptionsRecord.self), RecordKind(SecurityGroupRecord.self),
        RecordKind(NetworkInterfaceRecord.self), RecordKind(AddressRecord.self), RecordKind(RequestTokenRecord.self),
        RecordKind(SecretRecord.self), RecordKind(RetentionRuleRecord.self), RecordKind(RootTaskRecord.self),
        RecordKind(FastRestoreRecord.self), RecordKind(EncryptionKeyRecord.self),
        RecordKind(LaunchTemplateRecord.self), RecordKind(LaunchTemplateVersionRecord.self),
        RecordKind(StatusChecks.self), RecordKind(UsageRecord.self), RecordKind(FleetRecord.self),
        RecordKind(SpotRequestRecord.self), RecordKind(CPUCreditRecord.self),
        RecordKind(PlacementGroupRecord.self), RecordKind(CapacityReservationRecord.self),
        RecordKind(EventWindowRecord.self),
    ]
}

// Each table by name, lent rather than copied.
extension CloudState {
    package var accounts: Table<AccountRecord> { _read { yield content.tables.accounts } }
    package var accessKeys: Table<AccessKeyRecord> { _read { yield content.tables.accessKeys } }
    package var instances: Table<InstanceRecord> { _read { yield content.tables.instances } }
    package var volumes: Table<VolumeRecord> { _read { yield content.tables.volumes } }
    package var snapshots: Table<SnapshotRecord> { _read { yield content.tables.snapshots } }
    package var images: Table<ImageRecord> { _read { yield content.tables.images } }
    package var keyPairs: Table<KeyPairRecord> { _read { yield content.tables.keyPairs } }
    package var vpcs: Table<VPCRecord> { _read { yield content.tables.vpcs } }
    package var subnets: Table<SubnetRecord> { _read { yield content.tables.subnets } }
    package var internetGateways: Table<InternetGatewayRecord> { _read { yield content.tables.internetGateways } }
    package var routeTables: Table<RouteTableRecord> { _read { yield content.tables.routeTables } }
    package var networkACLs: Table<NetworkACLRecord> { _read { yield content.tables.networkACLs } }
    package var dhcpOptions: Table<DHCPOptionsRecord> { _read { yield content.tables.dhcpOptions } }
    package var securityGroups: Table<SecurityGroupRecord> { _read { yield content.tables.securityGroups } }
    package var networkInterfaces: Table<NetworkInterfaceRecord> { _read { yield content.tables.networkInterfaces } }
    package var addresses: Table<AddressRecord> { _read { yield content.tables.addresses } }
    package var requestTokens: Table<RequestTokenRecord> { _read { yield content.tables.requestTokens } }
    package var secrets: Table<SecretRecord> { _read { yield content.tables.secrets } }
    package var retentionRules: Table<RetentionRuleRecord> { _read { yield content.tables.retentionRules } }
    package var rootTasks: Table<RootTaskRecord> { _read { yield content.tables.rootTasks } }
    package var fastRestores: Table<FastRestoreRecord> { _read { yield content.tables.fastRestores } }
    package var encryptionKeys: Table<EncryptionKeyRecord> { _read { yield content.tables.encryptionKeys } }
    package var launchTemplates: Table<LaunchTemplateRecord> { _read { yield content.tables.launchTemplates } }
    package var spotRequests: Table<SpotRequestRecord> { _read { yield content.tables.spotRequests } }
    package var fleets: Table<FleetRecord> { _read { yield content.tables.fleets } }
    package var launchTemplateVersions: Table<LaunchTemplateVersionRecord> {
        _read { yield content.tables.launchTemplateVersions }
    }
    package var cpuCredits: Table<CPUCreditRecord> { _read { yield content.tables.cpuCredits } }
    package var usage: Table<UsageRecord> { _read { yield content.tables.usage } }
    package var statusChecks: Table<StatusChecks> { _read { yield content.tables.statusChecks } }
    package var placementGroups: Table<PlacementGroupRecord> { _read { yield content.tables.placementGroups } }
    package var eventWindows: Table<EventWindowRecord> { _read { yield content.tables.eventWindows } }
    package var capacityReservations: Table<CapacityReservationRecord> {
        _read { yield content.tables.capacityReservations }
    }
}
