// The Elastic IP address that a caller means, by its allocation or by itself.

import CloudTypes
import ControlPlane

enum AddressChoice {
    /// - Throws: `InvalidAllocationID.NotFound`, `InvalidAddress.NotFound`, `MissingParameter`,
    ///   `InvalidParameterCombination`.
    static func address(
        allocation: String?, publicAddress: String?, in transaction: Transaction
    ) throws(EC2Error) -> AddressRecord {
        if allocation != nil, publicAddress != nil {
            throw .invalidParameterCombination(
                "You may specify public IP or allocation id, but not both in the same call")
        }
        if let allocation { return try transaction.owned(try Lookup.id(allocation)) }
        guard let publicAddress else { throw .missingParameter("AllocationId") }
        return try address(publicAddress, in: transaction)
    }

    /// - Throws: `InvalidAddress.NotFound`, also for another account's.
    static func address(_ text: String, in transaction: Transaction) throws(EC2Error) -> AddressRecord {
        let wanted = try CIDRText.address(text, named: "publicIp")
        guard let found = transaction.state.addresses.first(where: IndexKey(.publicAddress, wanted)),
            found.account == transaction.account
        else { throw EC2Error("InvalidAddress.NotFound", "Address '\(wanted)' not found.") }
        return found
    }
}
