// DHCP options as callers send them: which there are, and what each may say.
// Names end up in the files of a DHCP server: nothing but letters, digits, dots and hyphens passes here.
// Source: EC2 API Reference, "CreateDhcpOptions".

import AWSWire
import CloudTypes
import ControlPlane

enum DHCPOptionsText {
    /// - Throws: `MissingParameter`, `InvalidParameterValue`, `UnsupportedOperation`.
    static func options(
        _ configurations: [EC2.NewDhcpConfiguration]
    ) throws(EC2Error) -> [String: [String]] {
        var options: [String: [String]] = [:]
        for configuration in configurations {
            guard let key = configuration.key, !key.isEmpty else { throw .missingParameter("DhcpConfiguration.Key") }
            guard !configuration.values.isEmpty else { throw .missingParameter("DhcpConfiguration.Value") }
            guard options[key] == nil else {
                throw invalid(key, key, "The option is given more than once.")
            }
            try check(configuration.values, of: key)
            options[key] = configuration.values
        }
        guard !options.isEmpty else { throw .missingParameter("DhcpConfiguration") }
        return options
    }

    private static func check(_ values: [String], of key: String) throws(EC2Error) {
        switch key {
        case DHCPOption.domainName: try checkDomain(values)
        case DHCPOption.domainNameServers: try checkAddresses(values, of: key, mayBeAmazon: true)
        case DHCPOption.timeServers, DHCPOption.netbiosNameServers:
            try checkAddresses(values, of: key, mayBeAmazon: false)
        case DHCPOption.netbiosNodeType:
            guard values.count == 1, ["1", "2", "4", "8"].contains(values[0]) else {
                throw invalid(key, values.joined(separator: ", "), "It is 1, 2, 4 or 8.")
            }
        case "ipv6-address-preferred-lease-time":
            try UnservedMembers.refuse([key: true], because: UnservedMembers.noIPv6)
        default: throw invalid("DhcpConfiguration.Key", key, "Unknown DHCP option.")
        }
    }

    private static func checkDomain(_ values: [String]) throws(EC2Error) {
        guard values.count == 1, let name = values.first else {
            throw invalid(DHCPOption.domainName, values.joined(separator: ", "), "Only one value is allowed.")
        }
        if name.contains(" ") {
            throw .unsupported("Several domain names in one DHCP option are not supported by this cloud.")
        }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.allSatisfy(isLabel) else {
            throw invalid(DHCPOption.domainName, name, "This is not a valid domain name.")
        }
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.utf8.first != 45 && label.utf8.last != 45
            && label.utf8.allSatisfy { byte in
                switch byte {
                case 45, 48...57, 65...90, 97...122: true
                default: false
                }
            }
    }

    private static func checkAddresses(
        _ values: [String], of key: String, mayBeAmazon: Bool
    ) throws(EC2Error) {
        guard values.count <= 4 else {
            throw invalid(key, values.joined(separator: ", "), "At most four addresses are allowed.")
        }
        for value in values where !(mayBeAmazon && value == DHCPOption.amazonDNS) {
            if value.contains(":") {
                throw .unsupported("IPv6 addresses in DHCP options are not supported by this cloud.")
            }
            guard IPv4Address(value) != nil else { throw invalid(key, value, "This is not a valid IP address.") }
        }
    }

    private static func invalid(_ name: String, _ value: String, _ reason: String) -> EC2Error {
        .invalidParameterValue(name: name, value: value, reason: reason)
    }
}
