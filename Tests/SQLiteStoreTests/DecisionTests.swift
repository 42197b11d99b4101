// When the write-ahead log is copied, and what the change log keeps: the decisions alone.

import CloudStore
import Testing

@testable import SQLiteStore

@Suite("The write-ahead log")
struct CheckpointTests {
    @Test("is left alone while it is short, then copied beside the commits, once at a time")
    func background() {
        var checkpoints = Checkpoints()
        #expect(checkpoints.decide(pages: Checkpoints.softLimitPages - 1) == .none)
        #expect(checkpoints.decide(pages: Checkpoints.softLimitPages) == .inBackground)
        #expect(checkpoints.decide(pages: Checkpoints.softLimitPages + 1) == .none)
    }

    @Test("that grew little meanwhile is copied to its end before the next commit")
    func fewLeft() {
        var checkpoints = Checkpoints()
        #expect(checkpoints.decide(pages: 2100) == .inBackground)
        #expect(checkpoints.decide(pages: 2190) == .none)
        checkpoints.copied(2100, inBackground: true)
        #expect(checkpoints.decide(pages: 2200) == .now(waiting: false))
        checkpoints.copied(2200, inBackground: false)
        #expect(checkpoints.decide(pages: 5) == .none)
    }

    @Test("that grew much meanwhile is copied beside the commits as long as that leaves less and less")
    func catchingUp() {
        var checkpoints = Checkpoints()
        var copied = 2100
        #expect(checkpoints.decide(pages: copied) == .inBackground)
        for left in [1400, 700, 380] {
            #expect(checkpoints.decide(pages: copied + left - 1) == .none)
            checkpoints.copied(copied, inBackground: true)
            copied += left
            #expect(checkpoints.decide(pages: copied) == .inBackground)
        }
        #expect(checkpoints.decide(pages: copied + 300) == .none)
        checkpoints.copied(copied, inBackground: true)
        #expect(checkpoints.decide(pages: copied + 301) == .now(waiting: false))
        checkpoints.copied(copied + 301, inBackground: false)
        #expect(checkpoints.decide(pages: 5) == .none)
    }

    @Test("that a reader keeps from beginning anew is copied no more often than every few pages")
    func reader() {
        var checkpoints = Checkpoints()
        #expect(checkpoints.decide(pages: 3000) == .inBackground)
        checkpoints.copied(1000, inBackground: true)
        #expect(checkpoints.decide(pages: 3010) == .inBackground)
        checkpoints.copied(1000, inBackground: true)
        #expect(checkpoints.decide(pages: 3020) == .now(waiting: false))
        checkpoints.copied(1000, inBackground: false)
        #expect(checkpoints.decide(pages: 3030) == .none)
        #expect(checkpoints.decide(pages: 3020 + Checkpoints.softLimitPages) == .inBackground)
    }

    @Test("that was copied whole while nobody wrote begins anew with the next commit")
    func idle() {
        var checkpoints = Checkpoints()
        #expect(checkpoints.decide(pages: 3000) == .inBackground)
        checkpoints.copied(3000, inBackground: true)
        #expect(checkpoints.decide(pages: 4) == .none)
    }

    @Test("never outgrows its bound: then commits wait")
    func bound() {
        var checkpoints = Checkpoints()
        #expect(checkpoints.decide(pages: 3000) == .inBackground)
        #expect(checkpoints.decide(pages: Checkpoints.hardLimitPages) == .now(waiting: true))
    }

    @Test("that could not be copied is tried again when it has grown as much again")
    func failure() {
        var checkpoints = Checkpoints()
        #expect(checkpoints.decide(pages: 3000) == .inBackground)
        checkpoints.copied(0, inBackground: true)
        #expect(checkpoints.decide(pages: 3001) == .none)
        #expect(checkpoints.decide(pages: 3000 + Checkpoints.softLimitPages) == .inBackground)
    }
}

@Suite("The change log")
struct RetentionTests {
    @Test("keeps at least the number asked for, and less than twice that")
    func count() {
        var retention = ChangeLogRetention(keptCommits: 10, keptBytes: 1_000_000)
        var oldest: Revision = 1
        for revision in Revision(1)...1000 {
            retention.add(revision, bytes: 10)
            if let last = retention.trim() { oldest = last + 1 }
            #expect(revision < 10 || (10..<20).contains(revision - oldest + 1))
        }
    }

    @Test("keeps less than that when the commits are large, but always the newest")
    func bytes() {
        var retention = ChangeLogRetention(keptCommits: 10, keptBytes: 1000)
        for revision in Revision(1)...5 { retention.add(revision, bytes: 200) }
        #expect(retention.trim() == nil)
        retention.add(6, bytes: 500)
        #expect(retention.trim() == 3)
        retention.add(7, bytes: 5000)
        #expect(retention.trim() == 6)
        #expect(retention.trim() == nil)
    }
}
