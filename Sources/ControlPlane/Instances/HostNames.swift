// What an instance is called inside its VPC: by its address or by its id, and which of both the resolver knows.
// Source: EC2 User Guide, "EC2 instance hostnames and domains".

package import CloudTypes

extension InstanceRecord {
    package static let resourceName = "resource-name"

    /// Whether its hostname is made of its id.
    var isNamedByResource: Bool { hostNameType == InstanceRecord.resourceName }

    func isNamed(like other: InstanceRecord) -> Bool {
        hostNameType == other.hostNameType && resourceNameDNSA == other.resourceNameDNSA
    }

    /// `i-0123456789abcdef0.ec2.internal`, or `ip-10-0-1-4.ec2.internal`.
    ///
    /// - Parameter address: the primary one.
    package func privateDNSName(at address: IPv4Address, in settings: CloudSettings) -> String {
        isNamedByResource ? "\(id).\(settings.internalDomain)" : settings.privateDNSName(of: address)
    }
}

/// What a caller wants of an instance's names; nil: as they are, or at a launch as the subnet says.
package struct HostNameWish: Sendable, Equatable {
    /// `ip-name` or `resource-name`.
    package var type: String?
    /// Whether the resolver knows the name that is made of the id.
    package var answersForResourceName: Bool?
    package init(type: String? = nil, answersForResourceName: Bool? = nil) {
        (self.type, self.answersForResourceName) = (type, answersForResourceName)
    }
}

extension Transaction {
    /// - Throws: `InvalidInstanceID.NotFound`, `IncorrectInstanceState`: a guest takes its name when it boots.
    package mutating func setHostNames(of id: InstanceID, _ wish: HostNameWish) throws(EC2Error) {
        let instance: InstanceRecord = try owned(id)
        try checkChangeable(instance)
        if let type = wish.type, type != instance.hostNameType { try checkStopped(instance) }
        update(id) { (instance: inout InstanceRecord) in
            instance.hostNameType = wish.type ?? instance.hostNameType
            instance.resourceNameDNSA = wish.answersForResourceName ?? instance.resourceNameDNSA
        }
    }
}
