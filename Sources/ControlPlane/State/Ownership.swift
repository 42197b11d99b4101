// Records as their owner may see them: another account's are not there.

package import CloudTypes

extension Transaction {
    /// The caller's own record with the id.
    ///
    /// - Throws: `…NotFound`, also for what is another account's.
    package func owned<Record: CloudRecord, Kind: ResourceKind>(
        _ id: Record.ID, _ type: Record.Type = Record.self
    ) throws(EC2Error) -> Record where Record.ID == ResourceID<Kind> {
        guard let record = state[id, of: Record.self], record.account == account else { throw .notFound(id) }
        return record
    }
}
