// The whole cloud in memory, as one value. Copying it costs nothing; the store's records rebuild it at start.

package struct CloudState: Sendable {
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

    package init() {}

    /// Every kind of record there is; the one list that loading goes by.
    static let kinds: [any CloudRecord.Type] = [
        AccountRecord.self, AccessKeyRecord.self, InstanceRecord.self, VolumeRecord.self, SnapshotRecord.self,
        ImageRecord.self, KeyPairRecord.self, VPCRecord.self, SubnetRecord.self, InternetGatewayRecord.self,
        RouteTableRecord.self, NetworkACLRecord.self, DHCPOptionsRecord.self, SecurityGroupRecord.self,
        NetworkInterfaceRecord.self, AddressRecord.self, RequestTokenRecord.self,
    ]

    package subscript<Record: CloudRecord>(id: Record.ID, of type: Record.Type = Record.self) -> Record? {
        self[keyPath: Record.table][id]
    }
}
