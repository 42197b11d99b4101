// A DHCP option set as EC2 shows it, and what it can be filtered by.

import AWSWire
import CloudTypes
import ControlPlane

extension EC2.DhcpOptions {
    init(_ options: DHCPOptionsRecord) {
        let configurations = options.options.sorted { $0.key < $1.key }.map { key, values in
            EC2.DhcpConfiguration(key: key, values: values.map { EC2.AttributeValue(value: $0) })
        }
        self.init(
            ownerID: options.account.description, tags: EC2.Tag.list(options.tags),
            dhcpOptionsID: options.id.description, dhcpConfigurations: configurations)
    }
}

enum DHCPOptionsFilters {
    static let table = FilterTable<DHCPOptionsRecord>(
        [
            "dhcp-options-id": { options, _ in [options.id.description] },
            "key": { options, _ in Array(options.options.keys) },
            "value": { options, _ in options.options.values.flatMap { $0 } },
            "owner-id": { options, _ in [options.account.description] },
        ], tags: \.tags)
}
