// More commits than the write-ahead log may hold: it is copied meanwhile, stays bounded, and nothing is lost.

import CloudStore
import Foundation
import SQLiteStore
import Testing

@Suite("A store that is written to for long")
struct LongRunTests {
    private func put(_ number: Int, of kind: String) -> RecordWrite {
        let data = withUnsafeBytes(of: number) { [UInt8]($0) } + [UInt8](repeating: 9, count: 6000)
        return .put(RecordKey(kind: kind, id: "\(number % 400)"), account: "", formatVersion: 1, data: data)
    }

    @Test("keeps its log and its change log bounded, every record, and every commit in order")
    func bounded() async throws {
        let folder = try TemporaryFolder()
        var options = SQLiteStore.Options()
        options.keptCommits = 50
        let store = try SQLiteStore(directory: folder.store, options: options)
        let count = 6000
        var tickets: [CommitTicket] = []
        for number in 0..<count {
            tickets.append(store.submit([put(number, of: "a"), put(number, of: "b")]))
            if number % 64 == 63 { _ = try await tickets[number].durable() }
        }
        for (number, ticket) in tickets.enumerated() { #expect(try await ticket.durable() == Revision(number + 1)) }
        let logBytes = try FileManager.default.attributesOfItem(atPath: folder.log)[.size] as? Int
        #expect(try #require(logBytes) < 80 << 20)
        let databaseBytes = try FileManager.default.attributesOfItem(atPath: folder.database)[.size] as? Int
        #expect(try #require(databaseBytes) < 40 << 20)
        await store.close()

        let again = try SQLiteStore(directory: folder.store, options: options)
        var found: [Int] = []
        #expect(
            try await again.load { found.append($0.data.withUnsafeBytes { $0.loadUnaligned(as: Int.self) }) } == 6000)
        #expect(found.sorted() == (count - 400..<count).flatMap { [$0, $0] })
        #expect(try await again.problems() == [])
        await again.close()
    }
}
