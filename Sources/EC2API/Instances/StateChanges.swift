// What start, stop, reboot and terminate share: the instances meant, and the answer of states before and after.

import AWSWire
import CloudTypes
import ControlPlane

enum StateChanges {
    /// The states of the instances around a change.
    static func around(
        _ ids: [InstanceID], _ transaction: inout Transaction,
        _ change: (inout Transaction) throws(EC2Error) -> Void
    ) throws(EC2Error) -> [EC2.InstanceStateChange] {
        let before = ids.map { transaction.state.instances[$0]?.state }
        try change(&transaction)
        return zip(ids, before).map { id, before in
            EC2.InstanceStateChange(
                instanceID: id.description,
                currentState: transaction.state.instances[id].map { EC2.InstanceState($0.state) },
                previousState: before.map { EC2.InstanceState($0) })
        }
    }

    /// - Throws: `…Malformed`, `…NotFound`: one id that is not right fails all.
    static func ids(_ texts: [String], in transaction: Transaction) throws(EC2Error) -> [InstanceID] {
        guard !texts.isEmpty else { throw .missingParameter("InstanceId") }
        let ids: [InstanceID] = try Lookup.ids(texts)
        let missing = ids.filter { transaction.state.instances[$0]?.account != transaction.account }
        guard missing.isEmpty else { throw .notFound(missing) }
        return ids
    }
}
