// From the texts that a caller sends to ids and records that the caller may see.

package import CloudTypes
package import ControlPlane

package enum Lookup {
    /// - Throws: `Invalid…ID.Malformed` for the first text that is no id of the kind.
    package static func id<Kind: ResourceKind>(
        _ text: String, _ kind: Kind.Type = Kind.self
    ) throws(EC2Error) -> ResourceID<Kind> {
        guard let id = ResourceID<Kind>(text) else { throw .malformedID(text, kind) }
        return id
    }

    package static func id<Kind: ResourceKind>(
        _ text: String?, named name: String, _ kind: Kind.Type = Kind.self
    ) throws(EC2Error) -> ResourceID<Kind> {
        guard let text, !text.isEmpty else { throw .missingParameter(name) }
        return try id(text, kind)
    }

    /// Repeated ids count once, as on AWS.
    package static func ids<Kind: ResourceKind>(
        _ texts: [String], _ kind: Kind.Type = Kind.self
    ) throws(EC2Error) -> [ResourceID<Kind>] {
        if texts.count == 1 { return [try id(texts[0], kind)] }
        var seen: Set<ResourceID<Kind>> = []
        var ids: [ResourceID<Kind>] = []
        for text in texts {
            let id = try id(text, kind)
            if seen.insert(id).inserted { ids.append(id) }
        }
        return ids
    }

    /// The caller's own records with the ids, or all of the caller's when none is named, in the order of their ids.
    ///
    /// - Throws: `…NotFound`, naming every id that is not there or is another account's.
    package static func owned<Record: CloudRecord, Kind: ResourceKind>(
        _ texts: [String], _ type: Record.Type = Record.self, in transaction: Transaction
    ) throws(EC2Error) -> [Record] where Record.ID == ResourceID<Kind> {
        let table = transaction.state.table(of: Record.self)
        guard !texts.isEmpty else { return table.all(of: transaction.account) }
        var records: [Record] = []
        var missing: [Record.ID] = []
        for id in try ids(texts, Kind.self) {
            if let record = table[id], record.account == transaction.account {
                records.append(record)
            } else {
                missing.append(id)
            }
        }
        guard missing.isEmpty else { throw .notFound(missing) }
        return records.sorted { $0.id < $1.id }
    }
}
