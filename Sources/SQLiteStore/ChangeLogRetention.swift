// Which commits the change log keeps: enough for a watcher to catch up, bounded in number and bytes. Decides only.

import CloudStore

/// The sizes of the entries in the change log, and the rule for dropping the oldest.
struct ChangeLogRetention: Sendable {
    /// At least so many of the newest commits are kept, unless they are too large.
    let keptCommits: Int
    let keptBytes: Int

    private var entries: [(revision: Revision, bytes: Int)] = []
    private var totalBytes = 0

    init(keptCommits: Int, keptBytes: Int) {
        self.keptCommits = max(1, keptCommits)
        self.keptBytes = keptBytes
    }

    mutating func add(_ revision: Revision, bytes: Int) {
        entries.append((revision, bytes))
        totalBytes += bytes
    }

    /// Drops what is too much. Waits until that is worth a write: twice the number, or an eighth above the bytes.
    ///
    /// - Returns: the newest revision to delete, along with all before it; nil: none. The newest of all always stays.
    mutating func trim() -> Revision? {
        guard entries.count >= 2 * keptCommits || totalBytes > keptBytes + keptBytes / 8 else { return nil }
        var count = 0
        while count < entries.count - 1, entries.count - count > keptCommits || totalBytes > keptBytes {
            totalBytes -= entries[count].bytes
            count += 1
        }
        guard count > 0 else { return nil }
        let last = entries[count - 1].revision
        entries.removeFirst(count)
        return last
    }
}
