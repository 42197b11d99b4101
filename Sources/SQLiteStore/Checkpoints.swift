// When the write-ahead log is copied into the database. That syncs twice, so it is done beside the commits as far as
// possible; commits wait only for the last few pages, so that the log begins anew, or when the log outgrows its bound.
// Decides only.

/// What is known of the write-ahead log, and what to do about its length.
///
///     short ──soft limit──▶ copying beside commits ──▶ few pages left? ──yes──▶ copy them now, begin anew
///                                   ▲──────────────────────no─┘
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
    /// What commits may wait for.
    static let fewPages = 128
    static let pageBytes = 4096

    private var isRunning = false
    private var copiedPages = 0

    /// - Parameter pages: the length of the write-ahead log after the last commit.
    mutating func decide(pages: Int) -> Action {
        if pages < copiedPages { copiedPages = 0 }
        if pages >= Self.hardLimitPages { return .now(waiting: true) }
        if isRunning || (copiedPages == 0 && pages < Self.softLimitPages) { return .none }
        if copiedPages > 0, pages - copiedPages <= Self.fewPages { return .now(waiting: false) }
        isRunning = true
        return .inBackground
    }

    /// - Parameters:
    ///   - pages: how far the log is now in the database.
    ///   - total: the length of the log.
    mutating func copied(_ pages: Int, of total: Int, inBackground: Bool) {
        if inBackground { isRunning = false }
        // A log that is copied whole begins anew with the next commit.
        copiedPages = pages == total ? 0 : pages
    }
}
