// A power cut leaves the end of the write-ahead log missing or wrong: the store then holds exactly the commits before.

import CloudStore
import Foundation
import SQLiteStore
import StoreCrashProbe
import Testing

@Suite("A store whose write-ahead log")
struct TornLogTests {
    /// A store as its files lie on the disk, and how long the log was after each commit.
    private struct Files {
        let folder: TemporaryFolder
        let database: Data
        let log: Data
        let base: Revision
        let logLengths: [Int]

        /// The newest commit that lies wholly before this byte of the log.
        func newest(before byte: Int) -> Revision {
            base + Revision(logLengths.prefix { $0 <= byte }.count)
        }

        /// Lays the files out as if they had been found so, with this log.
        func layOut(log: Data) throws -> String {
            let path = folder.path + "/" + UUID().uuidString
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try database.write(to: URL(fileURLWithPath: path + "/records.sqlite"))
            try log.write(to: URL(fileURLWithPath: path + "/records.sqlite-wal"))
            return path
        }
    }

    private func makeFiles() async throws -> Files {
        let folder = try TemporaryFolder()
        let first = try SQLiteStore(directory: folder.store)
        for number in Revision(1)...5 { _ = try await first.commit(CrashWorkload.writes(ofCommit: number)) }
        await first.close()
        // The file's length tells how long the log is.
        var options = SQLiteStore.Options()
        options.preparedLogBytes = 0
        let store = try SQLiteStore(directory: folder.store, options: options)
        var lengths: [Int] = []
        for number in Revision(6)...30 {
            _ = try await store.commit(CrashWorkload.writes(ofCommit: number))
            let size = try FileManager.default.attributesOfItem(atPath: folder.log)[.size]
            lengths.append(try #require(size as? Int))
        }
        let files = Files(
            folder: folder, database: try #require(FileManager.default.contents(atPath: folder.database)),
            log: try #require(FileManager.default.contents(atPath: folder.log)), base: 5, logLengths: lengths)
        await store.close()
        return files
    }

    @Test("is cut short anywhere holds every commit before the cut, whole, and nothing after")
    func truncated() async throws {
        let files = try await makeFiles()
        for cut in stride(from: 0, through: files.log.count, by: files.log.count / 23) {
            let revision = try await expectPrefix(in: files.layOut(log: files.log.prefix(cut)))
            #expect(revision == files.newest(before: cut), "cut at \(cut)")
        }
    }

    @Test("has a wrong bit anywhere holds every commit before it, whole, and nothing after")
    func flipped() async throws {
        let files = try await makeFiles()
        for place in stride(from: 3, to: files.log.count, by: files.log.count / 19) {
            var log = files.log
            log[place] ^= 0x10
            let revision = try await expectPrefix(in: files.layOut(log: log))
            #expect(revision == files.newest(before: place), "bit at \(place)")
        }
    }

    @Test("ends in zeros, which were there before it, holds every commit")
    func prepared() async throws {
        let files = try await makeFiles()
        let log = files.log + Data(count: 100_000)
        #expect(try await expectPrefix(in: files.layOut(log: log)) == 30)
        #expect(try await expectPrefix(in: files.layOut(log: Data(count: 100_000))) == 5)
    }

    @Test("is missing holds what was copied into the database")
    func missing() async throws {
        let files = try await makeFiles()
        #expect(try await expectPrefix(in: files.layOut(log: Data())) == 5)
    }
}
