// The names that a VPC's resolver knows for addresses.
// Source: Amazon VPC User Guide, "DNS attributes for your VPC"; EC2 User Guide, "EC2 instance hostnames and domains".

package import CloudTypes

extension CloudSettings {
    /// `ip-10-0-1-4.ec2.internal`
    package func privateDNSName(of address: IPv4Address) -> String { "ip-\(address.dashed).\(internalDomain)" }

    /// `ec2-198-18-0-7.compute-1.amazonaws.com`
    package func publicDNSName(of address: IPv4Address) -> String { "ec2-\(address.dashed).\(publicDomain)" }
}
