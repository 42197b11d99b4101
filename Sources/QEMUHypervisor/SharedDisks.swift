// A volume that several guests have: how the process that serves it exports it, and how a guest's machine connects to it.
// Follows: QEMU documentation, "block-export-add" (`writethrough`), "blockdev-reopen".

import Backends
import CloudTypes
import JSON
import QMP

extension GuestDisks {
    func isExported(_ names: BlockNames) async throws(QMPError) -> Bool {
        let exports = try await monitor.execute("query-block-exports").elements ?? []
        return exports.contains { $0["id"]?.text == names.export }
    }

    /// Every write that is acknowledged is on the disk: a guest that flushed may rely on it even if the process that served
    /// it died in between, and another guest sees it.
    func export(_ names: BlockNames) async throws(QMPError) {
        try await monitor.execute(
            "block-export-add",
            [
                "type": "nbd", "id": .string(names.export), "node-name": .string(names.top),
                "name": .string(names.export), "writable": true, "writethrough": true,
            ])
    }

    /// Hangs up on all guests, which connect again; the event of the export's end tells when nothing of theirs is under way.
    func endExport(_ names: BlockNames) async throws(QMPError) {
        try await monitor.execute("block-export-del", ["id": .string(names.export), "mode": "hard"])
    }

    /// Lets the guest see that a shared volume has grown: a connection keeps the size that it began with, so the guest gets
    /// another one. What a crash left half done is finished.
    func renew(_ names: BlockNames, _ folder: SharedVolumeFolder, toBytes size: Int64) async throws(Failure) {
        do {
            let view = try await look()
            let isUnderWay = view.nodes[names.renewed] != nil
            guard view.isPlugged(names), !view.isSevered(names), isUnderWay || view.nodes[names.data] ?? 0 < size else {
                return
            }
            let old = view.descriptors[names.use(0)] ?? []
            let descriptor = Int64(try await hand(folder, as: names))
            if view.nodes[names.data] != nil {
                if !isUnderWay {
                    try await monitor.execute("blockdev-add", names.shared(names.renewed, folder: descriptor))
                }
                try await connect(names, over: names.renewed)
                try await monitor.execute("blockdev-del", ["node-name": .string(names.data)])
            }
            try await monitor.execute("blockdev-add", names.shared(names.data, folder: descriptor))
            try await connect(names, over: names.data)
            try await monitor.execute("blockdev-del", ["node-name": .string(names.renewed)])
            for descriptor in old { try await monitor.remove(descriptor) }
            try await monitor.execute(
                "block_resize", ["node-name": .string(names.top), "size": .integer(size)], within: .seconds(60))
        } catch {
            throw Failure(error)
        }
    }

    /// What is under way is waited for.
    private func connect(_ names: BlockNames, over node: String) async throws(QMPError) {
        let limited = names.throttle(names.limited, group: names.group, over: node)
        try await monitor.execute("blockdev-reopen", ["options": .array([limited])], within: .seconds(60))
    }
}
