// The instances of an account in the order in which answers show them, kept until an instance changes.

import CloudTypes
import ControlPlane
import Synchronization

final class InstanceOrder: Sendable {
    static let shared = InstanceOrder()

    private struct Kept {
        let stamp: TableStamp
        let instances: [Versioned<InstanceRecord>]
    }

    /// More accounts than this are not remembered at once.
    private static let mostAccounts = 16
    private let kept = Mutex<[AccountID: Kept]>([:])

    func all(of account: AccountID, in table: Table<InstanceRecord>) -> [Versioned<InstanceRecord>] {
        if let known = kept.withLock({ $0[account] }), known.stamp == table.stamp { return known.instances }
        let instances = table.allVersioned(where: IndexKey(.account, account))
            .sorted { $0.record.isShown(before: $1.record) }
        kept.withLock { kept in
            if kept.count >= InstanceOrder.mostAccounts { kept = [:] }
            kept[account] = Kept(stamp: table.stamp, instances: instances)
        }
        return instances
    }
}
