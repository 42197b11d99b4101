// Every way a store refuses or fails.

package enum StoreError: Error, Equatable, Sendable {
    /// A precondition did not hold; the commit changed nothing. `nil` stands for "no such record".
    case preconditionFailed(RecordKey, expected: Revision?, found: Revision?)
    /// The commit was to follow one that failed; it changed nothing.
    case predecessorFailed
    /// The commit's data are more than a commit may carry (`CommitLimit`); it changed nothing.
    case tooLarge(bytes: Int)
    /// No space left for the commit; it changed nothing.
    case full
    /// Reading or writing failed. A commit that ends so was rolled back, but a crash right after may still reveal it.
    case inputOutput(code: Int32, message: String)
    /// The files are not what this store wrote. Nothing was changed in them.
    case damaged(String)
    /// Another process has the store open; its process id where it could be told.
    case alreadyInUse(pid: Int32?)
    /// The files were written by a newer version of Apus; the names are of migrations that this one doesn't know.
    case newerSchema([String])
    /// The store could not be opened or created.
    case cannotOpen(path: String, errno: Int32)
    /// The changes asked for are no longer kept; load everything again. Tells the oldest revision to watch from.
    case compacted(oldest: Revision)
    /// The store was closed; a commit that ends so changed nothing.
    case closed
}
