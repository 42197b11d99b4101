// Members of requests that AWS has and this cloud cannot obey: refused by name, never passed over.

import CloudTypes

enum UnservedMembers {
    /// - Parameter members: what the caller may have sent, by its name on the wire, and whether it did.
    /// - Throws: `UnsupportedOperation` for the first one that was sent.
    static func refuse(_ members: KeyValuePairs<String, Bool>, because reason: String) throws(EC2Error) {
        for (name, isGiven) in members where isGiven {
            throw .unsupported("The parameter \(name) is not supported by this cloud: \(reason)")
        }
    }

    static let noIPv6 = "interfaces have no IPv6 addresses."
    static let noIPAM = "it has no IP address manager."
    static let noOutposts = "it has no Outposts."
    static let noDedicatedHosts = "it has no dedicated hosts."
}
