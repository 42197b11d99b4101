// Snapshots as a node keeps them, under keys that the control plane names and never sees.

import BlockStore
import CloudTypes
import Crypto
import Foundation
import HostSystem
import KeyRing
import Logging
import NodeContract
import Testing

@testable import NodeAgent

@Suite("A sealed snapshot on a node")
struct SealedSnapshotTests {
    private let key = EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
    private let other = EncryptionKeyID("2f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
    private let id = SnapshotID("snap-0123456789abcdef0")!
    private let copyID = SnapshotID("snap-0123456789abcdef1")!
    private let pattern = [UInt8](repeating: 0x5a, count: Block.byteCount)

    @Test("is written, put together and read under its key, and is nowhere in the clear")
    func life() async throws {
        try await Store.with { store, folder in
            let sealed = SnapshotBytes(id, key: key)
            try await store.make(sealed, [3: pattern])
            #expect(try await store.figures(of: sealed) == StoredSnapshot(fullBytes: Block.byteCount))
            #expect(try await store.read(sealed, at: 3) == pattern)
            #expect(try await store.verify(sealed) == SnapshotCheck(blocks: 1, damaged: []))
            #expect(try Store.places(of: pattern[..<512], in: folder) == [])
        }
    }

    @Test("is not read with no key or another, also while it is open, and nothing is made anew")
    func wrongKey() async throws {
        try await Store.with { store, folder in
            let sealed = SnapshotBytes(id, key: key)
            try await store.make(sealed, [0: pattern])
            _ = try await store.read(sealed, at: 0)
            try await store.make(SnapshotBytes(copyID, key: other), [:])
            for wrong in [nil, other] {
                await #expect(throws: NodeError.hostFailed("\(id) is not sealed with the key that was named for it")) {
                    try await store.read(SnapshotBytes(id, key: wrong), at: 0)
                }
            }
            try FileManager.default.removeItem(atPath: "\(folder)/keys/accounts/\(key)")
            await #expect(throws: NodeError.hostFailed("\(id): The key \(key) is gone.")) {
                try await store.verify(sealed)
            }
            #expect(SmallFile.names(in: "\(folder)/keys/accounts") == [other.description])
        }
    }

    @Test("is copied under the same key without a byte more, and under any other whole")
    func copies() async throws {
        try await Store.with { store, folder in
            let sealed = SnapshotBytes(id, key: key)
            try await store.make(sealed, [3: pattern])
            let once = try await store.space().all.blocks
            let same = SnapshotBytes(copyID, key: key)
            try await store.copy(sealed, to: same)
            #expect(try await store.space().all.blocks == once)
            #expect(try await store.read(same, at: 3) == pattern)
            for (number, target) in [other, nil].enumerated() {
                let copy = SnapshotBytes(try #require(SnapshotID("snap-0000000\(number)")), key: target)
                try await store.copy(sealed, to: copy)
                #expect(try await store.read(copy, at: 3) == pattern)
                #expect(try await store.verify(copy) == SnapshotCheck(blocks: 1, damaged: []))
            }
        }
    }

    @Test("leaves as a file that is sealed still, and comes back where its key is")
    func transfer() async throws {
        try await Store.with { store, folder in
            let sealed = SnapshotBytes(id, key: key)
            try await store.make(sealed, [3: pattern])
            try await store.export(sealed, to: "\(folder)/exported")
            #expect(try Store.places(of: pattern[..<512], in: folder) == [])
            try await Store.with { stranger, _ in
                try await stranger.make(SnapshotBytes(id, key: other), [:])
                let reason = "This host has no key that opens \(folder)/exported."
                await #expect(throws: NodeError.hostFailed("\(copyID): \(reason)")) {
                    try await stranger.import(copyID, from: "\(folder)/exported")
                }
                #expect(stranger.known() == [id])
            }
            try await store.make(SnapshotBytes(try #require(SnapshotID("snap-00000000")), key: other), [:])
            let again = try await store.import(copyID, from: "\(folder)/exported")
            #expect(again.snapshot == SnapshotBytes(copyID, key: key))
            #expect(again.volumeBytes == 1 << 30)
            #expect(try await store.read(again.snapshot, at: 3) == pattern)
        }
    }
}

extension SnapshotStore {
    fileprivate func make(_ snapshot: SnapshotBytes, _ blocks: [Int: [UInt8]]) async throws {
        try await call(snapshot.id) { _ throws(BlockStoreError) in
            for (index, block) in blocks {
                let draft = try self.draft(of: snapshot, volumeBytes: 1 << 30, parent: nil)
                try draft.put(block, at: index)
                try draft.flush()
            }
            try self.draft(of: snapshot, volumeBytes: 1 << 30, parent: nil).commit()
        }
    }

    fileprivate func read(_ snapshot: SnapshotBytes, at index: Int) async throws -> [UInt8] {
        try await call(snapshot.id) { _ throws(BlockStoreError) in try self.snapshot(snapshot).read(at: index) }
    }
}

private enum Store {
    static func with(_ body: (SnapshotStore, String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "apus-sealed-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try SnapshotStore(
            directory: "\(folder)/snapshots", keys: try KeyRing(directory: "\(folder)/keys"),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await body(store, folder)
    }

    /// Files that hold the bytes, or their SHA-256 as part of a name or content.
    static func places(of bytes: ArraySlice<UInt8>, in folder: String) throws -> [String] {
        let checksum = Data(SHA256.hash(data: [UInt8](repeating: 0x5a, count: Block.byteCount)))
        return try FileManager.default.subpathsOfDirectory(atPath: folder).filter { name in
            guard let contents = FileManager.default.contents(atPath: "\(folder)/\(name)") else { return false }
            return contents.range(of: Data(bytes)) != nil || contents.range(of: checksum) != nil
        }
    }
}
