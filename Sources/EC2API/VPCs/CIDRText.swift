// CIDR blocks and addresses as callers send them.

import CloudTypes

enum CIDRText {
    /// - Throws: `MissingParameter`, `InvalidParameterValue` for what is no IPv4 block.
    static func block(_ text: String?, named name: String) throws(EC2Error) -> CIDRBlock {
        guard let text, !text.isEmpty else { throw .missingParameter(name) }
        guard let block = CIDRBlock(text) else {
            throw .invalidParameterValue(name: name, value: text, reason: "This is not a valid CIDR block.")
        }
        return block
    }

    /// - Throws: `InvalidParameterValue` for what is no IPv4 address.
    static func address(_ text: String, named name: String) throws(EC2Error) -> IPv4Address {
        guard let address = IPv4Address(text) else {
            throw .invalidParameterValue(name: name, value: text, reason: "This is not a valid IPv4 address.")
        }
        return address
    }
}
