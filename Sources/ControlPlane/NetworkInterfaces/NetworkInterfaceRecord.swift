// Network interfaces and Elastic IP addresses as the store keeps them.

package import CloudTypes

package struct NetworkInterfaceRecord: TaggedRecord, Equatable {
    package static let kind = "network-interface"
    package static let table: TablePath<Self> = \.networkInterfaces

    package var id: NetworkInterfaceID
    package var account: AccountID
    package var vpc: VPCID
    package var subnet: SubnetID
    package var availabilityZone: String
    package var macAddress: MACAddress
    package var description = ""
    package var groups: [SecurityGroupID]
    package var sourceDestinationCheck = true
    /// The first is the primary one.
    package var addresses: [Address]
    package var attachment: Attachment?
    /// Whether the first address gets a public one from the pool whenever the guest is up and no Elastic IP stands
    /// for it.
    package var wantsPublicAddress = false
    package var isRequesterManaged = false
    package var createdAt: Timestamp
    package var tags: [String: String] = [:]

    package struct Address: Sendable, Codable, Equatable {
        package var privateAddress: IPv4Address
        /// Auto-assigned at launch and start, released at stop; an Elastic IP goes before it.
        package var autoPublicAddress: IPv4Address?
        package init(privateAddress: IPv4Address, autoPublicAddress: IPv4Address? = nil) {
            (self.privateAddress, self.autoPublicAddress) = (privateAddress, autoPublicAddress)
        }
    }

    package struct Attachment: Sendable, Codable, Equatable {
        package var id: ResourceID<NetworkInterfaceAttachmentKind>
        package var instance: InstanceID
        package var deviceIndex: Int
        package var attachedAt: Timestamp
        package var deleteOnTermination: Bool
        /// `attaching`, `attached`
        package var status: String
        package init(
            id: ResourceID<NetworkInterfaceAttachmentKind>, instance: InstanceID, deviceIndex: Int,
            attachedAt: Timestamp, deleteOnTermination: Bool, status: String
        ) {
            (self.id, self.instance, self.deviceIndex) = (id, instance, deviceIndex)
            (self.attachedAt, self.deleteOnTermination, self.status) = (attachedAt, deleteOnTermination, status)
        }
    }

    package init(
        id: NetworkInterfaceID, account: AccountID, vpc: VPCID, subnet: SubnetID, availabilityZone: String,
        macAddress: MACAddress, groups: [SecurityGroupID], addresses: [Address], createdAt: Timestamp
    ) {
        (self.id, self.account, self.vpc, self.subnet) = (id, account, vpc, subnet)
        (self.availabilityZone, self.macAddress, self.groups) = (availabilityZone, macAddress, groups)
        (self.addresses, self.createdAt) = (addresses, createdAt)
    }

    package var primaryAddress: IPv4Address? { addresses.first?.privateAddress }

    package var indexKeys: [IndexKey] {
        var keys = [IndexKey(.vpc, vpc), IndexKey(.subnet, subnet)]
        keys += groups.map { IndexKey(.group, $0) }
        for address in addresses {
            keys.append(IndexKey(.privateAddress, subnet, address.privateAddress))
            if let auto = address.autoPublicAddress { keys.append(IndexKey(.publicAddress, auto)) }
        }
        if let attachment { keys.append(IndexKey(.instance, attachment.instance)) }
        return keys
    }
}

package struct AddressRecord: TaggedRecord {
    package static let kind = "address"
    package static let table: TablePath<Self> = \.addresses

    package var id: AllocationID
    package var account: AccountID
    package var publicAddress: IPv4Address
    package var networkBorderGroup: String
    package var association: Association?
    package var tags: [String: String] = [:]

    /// Since when its present use counts; nil: nothing is metered.
    package var reading: UsageReading?

    package struct Association: Sendable, Codable, Equatable {
        package var id: AddressAssociationID
        package var interface: NetworkInterfaceID
        package var privateAddress: IPv4Address
        package init(id: AddressAssociationID, interface: NetworkInterfaceID, privateAddress: IPv4Address) {
            (self.id, self.interface, self.privateAddress) = (id, interface, privateAddress)
        }
    }

    package init(id: AllocationID, account: AccountID, publicAddress: IPv4Address, networkBorderGroup: String) {
        (self.id, self.account, self.publicAddress) = (id, account, publicAddress)
        self.networkBorderGroup = networkBorderGroup
    }

    package var indexKeys: [IndexKey] {
        [IndexKey(.publicAddress, publicAddress)] + (association.map { [IndexKey(.interface, $0.interface)] } ?? [])
    }
}
