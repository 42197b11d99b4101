// Two ascending lists of rows walked together: a draft over its parent, and what changed between two snapshots.

/// The rows that a draft leaves when it is committed.
struct MergedRows {
    private var parent: ManifestRows?
    private var draft: DraftRows
    private var below: BlockRow?
    private var above: (index: Int, row: DraftRow)?
    private let blockCount: Int

    init(_ open: OpenDraft) throws(BlockStoreError) {
        parent = try open.parent?.rows()
        draft = open.file.rows()
        blockCount = open.file.header.blockCount
        below = try parent?.next()
        above = try draft.next()
    }

    mutating func next() throws(BlockStoreError) -> BlockRow? {
        while true {
            // A smaller volume has no block behind its end.
            if let index = below?.index, index >= blockCount { below = nil }
            if let draftRow = above, draftRow.index <= below?.index ?? Int.max {
                if below?.index == draftRow.index { below = try parent?.next() }
                above = try draft.next()
                if case .block(let id) = draftRow.row { return BlockRow(index: draftRow.index, id: id) }
                continue
            }
            defer { if below == nil { parent = nil } }
            guard let row = below else { return nil }
            below = try parent?.next()
            return row
        }
    }
}

/// A block that is not the same in two snapshots; nil: zeros there.
package struct BlockChange: Equatable, Sendable {
    package var index: Int
    package var first: BlockID?
    package var second: BlockID?

    package init(index: Int, first: BlockID?, second: BlockID?) {
        (self.index, self.first, self.second) = (index, first, second)
    }
}

/// Walks over what changed, in ascending order.
package struct BlockChanges: Sendable {
    private var first: ManifestRows
    private var second: ManifestRows
    private var left: BlockRow?
    private var right: BlockRow?
    /// Two that are not sealed with one key, so that names tell nothing.
    private let snapshots: (Snapshot, Snapshot)?

    init(
        _ first: ManifestRows, _ second: ManifestRows, reading snapshots: (Snapshot, Snapshot)?
    ) throws(BlockStoreError) {
        (self.first, self.second, self.snapshots) = (first, second, snapshots)
        left = try self.first.next()
        right = try self.second.next()
    }

    package mutating func next() throws(BlockStoreError) -> BlockChange? {
        while true {
            let index = min(left?.index ?? Int.max, right?.index ?? Int.max)
            if index == Int.max { return nil }
            var change = BlockChange(index: index, first: nil, second: nil)
            if let row = left, row.index == index {
                change.first = row.id
                left = try first.next()
            }
            if let row = right, row.index == index {
                change.second = row.id
                right = try second.next()
            }
            if try !isSame(change) { return change }
        }
    }

    private func isSame(_ change: BlockChange) throws(BlockStoreError) -> Bool {
        guard let snapshots, let first = change.first, let second = change.second else {
            return change.first == change.second
        }
        return try snapshots.0.checksum(of: first) == snapshots.1.checksum(of: second)
    }
}
