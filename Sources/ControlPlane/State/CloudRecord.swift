// What every kind of record has, and the key by which the store knows it.

package import CloudTypes

/// Where a kind of record lives in memory.
package typealias TablePath<Record: CloudRecord> = any (WritableKeyPath<CloudTables, Table<Record>> & Sendable)

/// A typed value that the store keeps.
package protocol CloudRecord: Codable, Sendable, Identifiable
where ID: Hashable & Sendable & Comparable & LosslessRecordID {
    /// The store's word for the kind; never changes once released.
    static var kind: String { get }
    /// Where the kind lives in memory.
    static var table: TablePath<Self> { get }
    var id: ID { get }
    var account: AccountID { get }
    /// What the record is looked up by besides its id and account: ids of what it belongs to, names, addresses.
    var indexKeys: [IndexKey] { get }
    /// What the record takes of the host; the sum over all records of the kind is always at hand.
    var weight: HostShare { get }
    /// What of its weight another record's weight stands for already; the sum is always at hand too.
    var coveredWeight: HostShare { get }
    /// What quotas count of the record; the sums over the records of each account are always at hand.
    var uses: [CountedUse: Int] { get }
}

extension CloudRecord {
    package var indexKeys: [IndexKey] { [] }
    package var weight: HostShare { .zero }
    package var coveredWeight: HostShare { .zero }
    package var uses: [CountedUse: Int] { [:] }
}

/// An id that is stored as text.
package protocol LosslessRecordID: CustomStringConvertible {}
extension ResourceID: LosslessRecordID {}
extension AccountID: LosslessRecordID {}
extension String: LosslessRecordID {}

/// A secondary key: `vpc` = `vpc-…`, `name` = `web`.
package struct IndexKey: Hashable, Sendable {
    package enum Name: UInt8, Sendable {
        case account, vpc, subnet, instance, volume, snapshot, image, interface, group, reservation, name, publicAddress
        case privateAddress, internetGateway, dhcpOptions, allocation, keyPair, launchTemplate, market, placementGroup
        case capacityReservation, tenancy
    }
    private let name: Name
    // Of an id its digits alone: nearly all keys are ids, and are made again for each look-up.
    private let digits: ResourceDigits?
    private let address: IPv4Address?
    private let text: String

    package init(_ name: Name, _ id: ResourceID<some ResourceKind>) {
        (self.name, digits, address, text) = (name, id.digits, nil, "")
    }

    /// - Parameter text: a name; the text of an id would find nothing.
    package init(_ name: Name, text: String) {
        (self.name, digits, address, self.text) = (name, nil, nil, text)
    }

    package init(_ name: Name, _ account: AccountID) { self.init(name, text: account.description) }

    package init(_ name: Name, _ address: IPv4Address) {
        (self.name, digits, self.address, text) = (name, nil, address, "")
    }

    /// An address within a subnet.
    package init(_ name: Name, _ subnet: SubnetID, _ address: IPv4Address) {
        (self.name, digits, self.address, text) = (name, subnet.digits, address, "")
    }
}

/// A record that carries the caller's tags.
package protocol TaggedRecord: CloudRecord {
    /// As `DescribeTags` prints it.
    static var resourceType: String { get }
    var tags: [String: String] { get set }
}

extension TaggedRecord where ID: ResourceIDProtocol {
    package static var resourceType: String { ID.resourceType }
}

/// Any `ResourceID`, whatever its kind.
package protocol ResourceIDProtocol {
    static var resourceType: String { get }
}
extension ResourceID: ResourceIDProtocol {
    package static var resourceType: String { Kind.resourceType }
}
