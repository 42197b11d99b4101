// What network interfaces can be filtered by.

import AWSWire
import CloudTypes
import ControlPlane

enum NetworkInterfaceFilters {
    private typealias Item = NetworkInterfaceRecord
    private typealias Values = FilterTable<NetworkInterfaceRecord>.Values

    static func table(_ settings: CloudSettings) -> FilterTable<NetworkInterfaceRecord> {
        let columns = [ownColumns, attachmentColumns, publicColumns(settings), namedColumns(settings), absentColumns]
            .reduce(into: [:]) { all, columns in all.merge(columns) { first, _ in first } }
        return FilterTable(columns, tags: \.tags)
    }

    private static let ownColumns: [String: Values] = [
        "addresses.primary": { interface, _ in interface.addresses.indices.map { "\($0 == 0)" } },
        "addresses.private-ip-address": { interface, _ in interface.addresses.map(\.privateAddress.description) },
        "availability-zone": { interface, _ in [interface.availabilityZone] },
        "description": { interface, _ in [interface.description] },
        "group-id": { interface, _ in interface.groups.map(\.description) },
        "group-name": { interface, state in interface.groups.compactMap { state.securityGroups[$0]?.name } },
        "interface-type": { _, _ in ["interface"] },
        "mac-address": { interface, _ in [interface.macAddress.description] },
        "network-interface-id": { interface, _ in [interface.id.description] },
        "operator.managed": { _, _ in ["false"] },
        "owner-id": { interface, _ in [interface.account.description] },
        "private-ip-address": { interface, _ in interface.primaryAddress.map { [$0.description] } ?? [] },
        "requester-managed": { interface, _ in ["\(interface.isRequesterManaged)"] },
        "source-dest-check": { interface, _ in ["\(interface.sourceDestinationCheck)"] },
        "status": { interface, _ in [interface.attachment == nil ? "available" : "in-use"] },
        "subnet-id": { interface, _ in [interface.subnet.description] },
        "vpc-id": { interface, _ in [interface.vpc.description] },
    ]

    private static let attachmentColumns: [String: Values] = [
        "attachment.attach-time": of { attachment, _ in "\(attachment.attachedAt)" },
        "attachment.attachment-id": of { attachment, _ in attachment.id.description },
        "attachment.delete-on-termination": of { attachment, _ in "\(attachment.deleteOnTermination)" },
        "attachment.device-index": of { attachment, _ in "\(attachment.deviceIndex)" },
        "attachment.instance-id": of { attachment, _ in attachment.instance.description },
        "attachment.instance-owner-id": of { _, interface in interface.account.description },
        "attachment.status": of { attachment, _ in attachment.status },
    ]

    private static func of(
        _ value: @escaping @Sendable (NetworkInterfaceRecord.Attachment, Item) -> String
    ) -> Values {
        { interface, _ in interface.attachment.map { [value($0, interface)] } ?? [] }
    }

    private static func publicColumns(_ settings: CloudSettings) -> [String: Values] {
        @Sendable func mappings(_ interface: Item, _ state: CloudState) -> [PublicMapping] {
            interface.addresses.compactMap { PublicMapping(of: $0, on: interface, in: state, settings) }
        }
        @Sendable func primary(_ interface: Item, _ state: CloudState) -> PublicMapping? {
            interface.addresses.first.flatMap { PublicMapping(of: $0, on: interface, in: state, settings) }
        }
        return [
            "addresses.association.public-ip": { mappings($0, $1).map(\.publicAddress.description) },
            "addresses.association.owner-id": { mappings($0, $1).map(\.owner) },
            "association.allocation-id": { primary($0, $1)?.elastic.map { [$0.id.description] } ?? [] },
            "association.association-id": { interface, state in
                primary(interface, state)?.elastic?.association.map { [$0.id.description] } ?? []
            },
            "association.ip-owner-id": { primary($0, $1).map { [$0.owner] } ?? [] },
            "association.public-ip": { primary($0, $1).map { [$0.publicAddress.description] } ?? [] },
            "association.public-dns-name": { primary($0, $1)?.dnsName.map { [$0] } ?? [] },
        ]
    }

    private static func namedColumns(_ settings: CloudSettings) -> [String: Values] {
        [
            "availability-zone-id": { interface, _ in
                settings.zoneID(ofZone: interface.availabilityZone).map { [$0] } ?? []
            },
            "private-dns-name": { interface, state in
                let name = interface.addresses.first.flatMap { interface.privateDNSName(of: $0, in: state, settings) }
                return name.map { [$0] } ?? []
            },
        ]
    }

    /// Properties that no interface here has.
    private static let absentColumns = Dictionary(
        uniqueKeysWithValues: [
            "attachment.nat-gateway-id", "ipv6-addresses.ipv6-address", "ipv6-addresses.is-primary-ipv6",
            "operator.principal", "requester-id",
        ].map { ($0, { _, _ in [] } as Values) })
}
