// Prefix lists: this cloud has none. Those that AWS manages stand for services and gateway endpoints that are not here.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

extension EC2Actions {
    static let prefixLists: [Action] = [
        Action(DescribePrefixLists.self), Action(DescribeManagedPrefixLists.self),
    ]
}

enum NoPrefixLists {
    /// - Throws: `InvalidPrefixListID.NotFound` if any list is named, since there is none; what filters are refused with.
    static func check(
        ids: [String], filters: [EC2.Filter], known: Set<String>, in transaction: Transaction
    ) throws(EC2Error) {
        for id in ids {
            guard id.hasPrefix("pl-") else {
                throw EC2Error("InvalidPrefixListId.Malformed", "Invalid id: \"\(id)\" (expecting \"pl-...\")")
            }
            throw EC2Error("InvalidPrefixListID.NotFound", "The prefix list ID '\(id)' does not exist")
        }
        let columns = known.map { ($0, { _, _ in [] } as FilterTable<EC2.PrefixList>.Values) }
        _ = try FilterTable<EC2.PrefixList>(Dictionary(uniqueKeysWithValues: columns))
            .select([], by: filters, in: transaction.state)
    }
}
