// When the write-ahead log is copied into the database. That syncs twice, so it is done beside the commits as far as
// possible; commits wait only for the last few pages, so that the log begins anew, or when the log outgrows its bound.
// Decides only.

/// What is known of the write-ahead log, and what to do about its length.
///
///     short ──soft limit──▶ copy beside commits, as long as that leaves less ──▶ copy the rest now, begin anew
///
/// Commits go on while the log is copied, so it is never copied whole beside them; but each time there is less to do.
struct Checkpoints: Sendable {
    enum Action: Equatable {
        case none
        /// Copy beside the commits, then tell `copied`.
        case inBackground
        /// Copy before the next commit, then tell `copied`; `waiting`: even if others read, who are waited for.
        case now(waiting: Bool)
    }

    /// 8 MiB: what is copied in one go.
    static let softLimitPages = 2048
    /// 64 MiB: how long the log may become.
    static let hardLimitPages = 16_384
    /// What commits may wait for without another thought: a millisecond or two.
    static let fewPages = 256
    static let pageBytes = 4096

    private var isRunning = false
    /// How many pages were left to copy when the log was last copied beside the commits; nil: it was not.
    private var leftBefore: Int?
    private var copiedPages = 0
    private var lastPages = 0
    /// The length before which nothing is tried again, after a copy that failed or that a reader held up.
    private var restsUntil = 0

    /// - Parameter pages: the length of the write-ahead log after the last commit.
    mutating func decide(pages: Int) -> Action {
        if pages < lastPages { beginAnew() }
        lastPages = pages
        if pages < restsUntil { return .none }
        if pages >= Self.hardLimitPages { return .now(waiting: true) }
        if isRunning { return .none }
        let left = pages - copiedPages
        if let leftBefore {
            if left <= Self.fewPages || left > leftBefore / 4 * 3 { return .now(waiting: false) }
        } else if pages < Self.softLimitPages {
            return .none
        }
        leftBefore = left
        isRunning = true
        return .inBackground
    }

    /// - Parameter pages: how far the log is now in the database; 0: that failed.
    mutating func copied(_ pages: Int, inBackground: Bool) {
        if inBackground { isRunning = false }
        copiedPages = pages
        if pages >= lastPages {
            // A log that is copied whole begins anew with the next commit.
            beginAnew()
        } else if !inBackground || pages == 0 {
            beginAnew()
            restsUntil = lastPages + Self.softLimitPages
        }
    }

    private mutating func beginAnew() {
        (leftBefore, copiedPages, restsUntil) = (nil, 0, 0)
    }
}
