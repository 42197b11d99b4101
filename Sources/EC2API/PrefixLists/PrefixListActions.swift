// Prefix lists: this cloud has none. Those that AWS manages stand for services and gateway endpoints that are not here.

import APIGateway
import AWSWire
import CloudTypes

extension EC2Actions {
    static let prefixLists: [Action] = [
        Action(DescribePrefixLists.self), Action(DescribeManagedPrefixLists.self),
    ]
}

enum NoPrefixLists {
    /// - Throws: `InvalidPrefixListID.NotFound` if any list is named, since there is none; `InvalidParameterValue` for
    ///   a filter that prefix lists do not have.
    static func check(
        ids: [String], filters: [EC2.Filter], known: Set<String>
    ) throws(EC2Error) {
        for id in ids {
            guard id.hasPrefix("pl-") else {
                throw EC2Error("InvalidPrefixListId.Malformed", "Invalid id: \"\(id)\" (expecting \"pl-...\")")
            }
            throw EC2Error("InvalidPrefixListID.NotFound", "The prefix list ID '\(id)' does not exist")
        }
        for filter in filters where !known.contains(filter.name ?? "") {
            throw .invalidParameterValue("The filter '\(filter.name ?? "")' is invalid")
        }
    }
}
