// The instances of an account in the order in which answers show them, kept until an instance changes; and all of them as
// XML, kept until anything changes that they are shown from.

import CloudTypes
import ControlPlane
import Synchronization

final class InstanceOrder: Sendable {
    static let shared = InstanceOrder()

    private struct Kept {
        let stamp: TableStamp
        let instances: [Versioned<InstanceRecord>]
        var text: KeptText?
    }

    private struct KeptText {
        let stamps: [TableStamp]
        let rope: ByteRope
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

    /// What `write` makes of all instances of the account, as of these tables.
    func text(
        of account: AccountID, in table: Table<InstanceRecord>, _ stamps: [TableStamp], _ write: () -> ByteRope
    ) -> ByteRope {
        let known = kept.withLock { $0[account] }
        guard let known, known.stamp == table.stamp else { return write() }
        if let text = known.text, text.stamps == stamps { return text.rope }
        let rope = write()
        kept.withLock { kept in
            guard kept[account]?.stamp == table.stamp else { return }
            kept[account]?.text = KeptText(stamps: stamps, rope: rope)
        }
        return rope
    }
}
