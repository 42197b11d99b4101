// Values of requests about network interfaces, checked: the private address, the description.

import AWSWire
import CloudTypes
import ControlPlane

enum InterfaceText {
    /// The primary address, by its own member or as the primary one of the list; nil: any.
    ///
    /// - Throws: `InvalidParameterCombination`, `InvalidParameterValue`, `UnsupportedOperation` for secondary ones.
    static func privateAddress(
        _ text: String?, listed: [EC2.PrivateIpAddressSpecification]
    ) throws(EC2Error) -> IPv4Address? {
        guard text == nil || listed.isEmpty else {
            throw .invalidParameterCombination(
                "The parameters privateIpAddress and privateIpAddresses may not be specified together")
        }
        guard listed.allSatisfy({ $0.primary == true }) else {
            throw .unsupported(
                "Secondary private IP addresses are not supported by this cloud: an interface has one address.")
        }
        guard listed.count <= 1 else {
            throw .invalidParameterCombination("Only one private IP address of an interface can be the primary one")
        }
        guard let text = text ?? listed.first?.privateIPAddress else { return nil }
        return try CIDRText.address(text, named: "PrivateIpAddress")
    }

    /// - Throws: `InvalidParameterValue` above 255 characters.
    static func description(_ text: String?) throws(EC2Error) -> String {
        let text = text ?? ""
        guard text.unicodeScalars.count <= 255 else {
            throw .invalidParameterValue("The description must be at most 255 characters long.")
        }
        return text
    }
}

extension EC2.EnaSrdSpecification {
    var isWanted: Bool { enaSrdEnabled == true || enaSrdUDPSpecification?.enaSrdUDPEnabled == true }
}

extension EC2.EnaSrdSpecificationRequest {
    var isWanted: Bool { enaSrdEnabled == true || enaSrdUDPSpecification?.enaSrdUDPEnabled == true }
}
