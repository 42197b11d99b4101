// What instances can be filtered by of their network interfaces.
// Source: EC2 API Reference, "DescribeInstances".

import CloudTypes
import ControlPlane

enum InstanceInterfaceFilters {
    typealias Values = FilterTable<InstanceView>.Values

    static let columns: [String: Values] = [plain, attached, mapped, absent].reduce(into: [:]) { all, columns in
        for (name, values) in columns { all["network-interface.\(name)"] = values }
    }

    private static func each(
        _ values: @escaping @Sendable (NetworkInterfaceRecord, CloudState, CloudSettings) -> [String]
    ) -> Values {
        { view, state in
            state.interfaces(of: view.instance.id).flatMap { values($0, state, view.settings) }
        }
    }

    private static let plain: [String: Values] = [
        "addresses.private-dns-name": each { interface, state, settings in
            interface.addresses.compactMap { interface.privateDNSName(of: $0, in: state, settings) }
        },
        "addresses.primary": each { interface, _, _ in interface.addresses.indices.map { "\($0 == 0)" } },
        "addresses.private-ip-address": each { interface, _, _ in
            interface.addresses.map(\.privateAddress.description)
        },
        "availability-zone": each { interface, _, _ in [interface.availabilityZone] },
        "availability-zone-id": each { interface, _, settings in
            settings.zoneID(ofZone: interface.availabilityZone).map { [$0] } ?? []
        },
        "description": each { interface, _, _ in [interface.description] },
        "group-id": each { interface, _, _ in interface.groups.map(\.description) },
        "group-name": each { interface, state, _ in
            interface.groups.compactMap { state.securityGroups[$0]?.name }
        },
        "mac-address": each { interface, _, _ in [interface.macAddress.description] },
        "network-interface-id": each { interface, _, _ in [interface.id.description] },
        "operator.managed": each { _, _, _ in ["false"] },
        "owner-id": each { interface, _, _ in [interface.account.description] },
        "private-dns-name": each { interface, state, settings in
            let name = interface.addresses.first.flatMap { interface.privateDNSName(of: $0, in: state, settings) }
            return name.map { [$0] } ?? []
        },
        "private-ip-address": each { interface, _, _ in interface.primaryAddress.map { ["\($0)"] } ?? [] },
        "requester-managed": each { interface, _, _ in ["\(interface.isRequesterManaged)"] },
        "source-dest-check": each { interface, _, _ in ["\(interface.sourceDestinationCheck)"] },
        "status": each { _, _, _ in ["in-use"] },
        "subnet-id": each { interface, _, _ in [interface.subnet.description] },
        "tag-key": each { interface, _, _ in Array(interface.tags.keys) },
        "tag-value": each { interface, _, _ in Array(interface.tags.values) },
        "vpc-id": each { interface, _, _ in [interface.vpc.description] },
    ]

    private static func of(
        _ value: @escaping @Sendable (NetworkInterfaceRecord.Attachment, NetworkInterfaceRecord) -> String
    ) -> Values {
        each { interface, _, _ in interface.attachment.map { [value($0, interface)] } ?? [] }
    }

    private static let attached: [String: Values] = [
        "attachment.attach-time": of { attachment, _ in attachment.attachedAt.description },
        "attachment.attachment-id": of { attachment, _ in attachment.id.description },
        "attachment.delete-on-termination": of { attachment, _ in "\(attachment.deleteOnTermination)" },
        "attachment.device-index": of { attachment, _ in "\(attachment.deviceIndex)" },
        "attachment.instance-id": of { attachment, _ in attachment.instance.description },
        "attachment.instance-owner-id": of { _, interface in interface.account.description },
        "attachment.network-card-index": of { _, _ in "0" },
        "attachment.status": of { attachment, _ in attachment.status },
    ]

    private static func mapping(
        _ value: @escaping @Sendable (PublicMapping) -> String?
    ) -> Values {
        each { interface, state, settings in
            interface.addresses.compactMap {
                PublicMapping(of: $0, on: interface, in: state, settings).flatMap(value)
            }
        }
    }

    private static let mapped: [String: Values] = [
        "addresses.association.allocation-id": mapping { $0.elastic?.id.description },
        "addresses.association.association-id": mapping { $0.elastic?.association?.id.description },
        "addresses.association.ip-owner-id": mapping { $0.owner },
        "addresses.association.public-dns-name": mapping { $0.dnsName },
        "addresses.association.public-ip": mapping { $0.publicAddress.description },
        "association.allocation-id": mapping { $0.elastic?.id.description },
        "association.association-id": mapping { $0.elastic?.association?.id.description },
        "association.ip-owner-id": mapping { $0.owner },
        "association.public-dns-name": mapping { $0.dnsName },
        "public-dns-name": mapping { $0.dnsName },
        "association.public-ip": mapping { $0.publicAddress.description },
    ]

    /// Properties that no interface here has.
    private static let absent = Dictionary(
        uniqueKeysWithValues: [
            "addresses.association.carrier-ip", "addresses.association.customer-owned-ip", "association.carrier-ip",
            "association.customer-owned-ip", "deny-all-igw-traffic", "ipv6-addresses.ipv6-address",
            "ipv6-addresses.is-primary-ipv6",
            "ipv6-address", "ipv6-native", "ipv4-prefixes.ipv4-prefix", "ipv6-prefixes.ipv6-prefix",
            "operator.principal", "outpost-arn", "requester-id",
        ].map { ($0, { _, _ in [] } as Values) })
}
