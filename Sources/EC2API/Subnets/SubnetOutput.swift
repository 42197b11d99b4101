// A subnet as EC2 shows it, and what it can be filtered by.

import AWSWire
import CloudTypes
import ControlPlane

extension EC2.Subnet {
    init(_ subnet: SubnetRecord, in transaction: Transaction) {
        let settings = transaction.settings
        let naming = EC2.PrivateDnsNameOptionsOnLaunch(
            hostnameType: EC2.HostnameType(rawValue: subnet.hostNameType),
            enableResourceNameDNSARecord: subnet.resourceNameDNSA,
            enableResourceNameDNSAAAARecord: subnet.resourceNameDNSAAAA)
        self.init(
            availabilityZoneID: settings.zoneID(ofZone: subnet.availabilityZone), mapCustomerOwnedIPOnLaunch: false,
            ownerID: subnet.account.description, assignIPv6AddressOnCreation: false,
            tags: EC2.Tag.list(subnet.tags), subnetARN: settings.arn(of: subnet), enableDNS64: false,
            ipv6Native: false, privateDNSNameOptionsOnLaunch: naming,
            blockPublicAccessStates: EC2.BlockPublicAccessStates(internetGatewayBlockMode: .off),
            subnetID: subnet.id.description, state: .available, vpcID: subnet.vpc.description,
            cidrBlock: subnet.cidrBlock.description,
            availableIPAddressCount: transaction.state.freeAddressCount(of: subnet),
            availabilityZone: subnet.availabilityZone, defaultForAZ: subnet.isDefaultForZone,
            mapPublicIPOnLaunch: subnet.mapsPublicAddress)
    }
}

extension CloudSettings {
    func zoneID(ofZone name: String) -> String? { zones.first { $0.name == name }?.id }

    func arn(of subnet: SubnetRecord) -> String { "arn:aws:ec2:\(region):\(subnet.account):subnet/\(subnet.id)" }
}

enum SubnetFilters {
    typealias Values = FilterTable<SubnetRecord>.Values

    static func table(_ settings: CloudSettings) -> FilterTable<SubnetRecord> {
        var columns = columns
        let zoneID: Values = { subnet, _ in settings.zoneID(ofZone: subnet.availabilityZone).map { [$0] } ?? [] }
        columns["availability-zone-id"] = zoneID
        columns["availabilityZoneId"] = zoneID
        columns["subnet-arn"] = { subnet, _ in [settings.arn(of: subnet)] }
        return FilterTable(columns, tags: \.tags)
    }

    private static let columns: [String: Values] = {
        var columns = ownColumns
        for name in ["availability-zone", "availabilityZone"] {
            columns[name] = { subnet, _ in [subnet.availabilityZone] }
        }
        for name in ["cidr-block", "cidr", "cidrBlock"] {
            columns[name] = { subnet, _ in [subnet.cidrBlock.description] }
        }
        for name in ["default-for-az", "defaultForAz"] {
            columns[name] = { subnet, _ in ["\(subnet.isDefaultForZone)"] }
        }
        for name in absent { columns[name] = { _, _ in [] } }
        for name in alwaysFalse { columns[name] = { _, _ in ["false"] } }
        return columns
    }()

    private static let ownColumns: [String: Values] = [
        "available-ip-address-count": { subnet, state in ["\(state.freeAddressCount(of: subnet))"] },
        "map-public-ip-on-launch": { subnet, _ in ["\(subnet.mapsPublicAddress)"] },
        "owner-id": { subnet, _ in [subnet.account.description] },
        "private-dns-name-options-on-launch.hostname-type": { subnet, _ in [subnet.hostNameType] },
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record": { subnet, _ in
            ["\(subnet.resourceNameDNSA)"]
        },
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record": { subnet, _ in
            ["\(subnet.resourceNameDNSAAAA)"]
        },
        "state": { _, _ in ["available"] },
        "subnet-id": { subnet, _ in [subnet.id.description] },
        "vpc-id": { subnet, _ in [subnet.vpc.description] },
    ]

    /// Properties that no subnet here has.
    private static let absent = [
        "customer-owned-ipv4-pool", "enable-lni-at-device-index", "ipv6-cidr-block-association.association-id",
        "ipv6-cidr-block-association.ipv6-cidr-block", "ipv6-cidr-block-association.state", "outpost-arn",
    ]
    private static let alwaysFalse = [
        "assign-ipv6-address-on-creation", "enable-dns64", "ipv6-native", "map-customer-owned-ip-on-launch",
    ]
}
