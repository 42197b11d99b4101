import CloudStore
import CloudTypes
import ControlPlane
import Logging
import Simulation
import Testing

@Suite("Opening a cloud")
struct RecordLoadingTests {
    private let caller = Caller(account: TestRecords.account, accessKeyID: "AKIAIOSFODNN7EXAMPLE")

    private func open(_ contents: MemoryStore.Contents) async throws -> Cloud {
        try await Cloud.open(
            MemoryStore(on: contents), settings: TestRecords.settings, log: Logger(label: "test"), time: SystemTime())
    }

    private func key(_ number: Int) -> KeyPairRecord {
        var generator = SystemRandomNumberGenerator()
        return KeyPairRecord(
            id: KeyPairID(from: &generator), account: TestRecords.account, name: "key-\(number)", keyType: .ed25519,
            fingerprint: "", publicKey: "", createdAt: Timestamp(milliseconds: Int64(number)))
    }

    @Test("finds every record of every kind, however many, under all its keys")
    func everything() async throws {
        let contents = MemoryStore.Contents()
        let first = try await open(contents)
        let keys = (0..<3000).map(key)
        try await first.transact(as: caller) { transaction throws(EC2Error) in
            transaction.put(
                AccountRecord(id: caller.account, name: "test", createdAt: transaction.now))
            for key in keys { transaction.put(key) }
        }
        try await first.prepareAccount(of: caller)
        await first.close()

        let again = try await open(contents)
        let (before, after) = (first.records, again.records)
        let names = before.keyPairs.all(of: caller.account).map(\.name)
        #expect(after.keyPairs.all(of: caller.account).map(\.name) == names)
        #expect(after.keyPairs.count == 3000)
        for key in keys {
            #expect(after.keyPairs.first(where: KeyPairRecord.nameKey(key.name, of: key.account))?.id == key.id)
        }
        #expect(after.subnets.ids(where: IndexKey(.account, caller.account)).count == 3)
        #expect(after.accounts.count == 1)
        #expect(!again.hasUnreadable(KeyPairRecord.self))
        await again.close()
    }

    @Test("leaves alone what it cannot read, among thousands that it can, and what it does not know")
    func unreadable() async throws {
        let contents = MemoryStore.Contents()
        let first = try await open(contents)
        let keys = (0..<2000).map(key)
        try await first.transact(as: caller) { transaction throws(EC2Error) in
            for key in keys { transaction.put(key) }
        }
        await first.close()
        let damaged = keys[1234].id
        let stranger = RecordKey(kind: "unheard-of", id: "1")
        let store = MemoryStore(on: contents)
        _ = try await store.commit(
            [RecordKey(kind: KeyPairRecord.kind, id: damaged.description), stranger].map {
                .put($0, account: "", formatVersion: 1, data: [0xFF])
            })
        await store.close()

        let again = try await open(contents)
        #expect(again.records.keyPairs.count == 1999)
        #expect(again.isUnreadable(damaged, KeyPairRecord.self) && !again.isUnreadable(keys[0].id, KeyPairRecord.self))
        #expect(again.records.keyPairs[damaged] == nil)
        await again.close()
        let kept = MemoryStore(on: contents)
        #expect(try await kept.read(stranger)?.data == [0xFF])
        await kept.close()
    }
}
