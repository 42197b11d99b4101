import Backends
import CloudTypes
import Crypto
import Foundation
import HostSystem
import NodeContract
import Testing

@testable import KeyRing

@Suite("The key ring of a host")
struct KeyRingTests {
    private let volume = VolumeID("vol-0123456789abcdef0")!
    private let other = VolumeID("vol-0123456789abcdef1")!
    private let key = EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")

    @Test("gives a volume one key, the same over restarts, and each volume another")
    func keys() throws {
        try Folder.with { folder in
            let ring = try KeyRing(directory: folder)
            let made = try ring.makeVolumeKey(volume, under: key)
            #expect(made.digits.count == 64)
            #expect(try ring.makeVolumeKey(volume, under: key) == made)
            #expect(try ring.makeVolumeKey(other, under: key) != made)
            let reopened = try KeyRing(directory: folder)
            #expect(try reopened.volumeKey(of: volume) == made)
            #expect(try reopened.blockSecret(of: key) == ring.makeBlockSecret(of: key))
        }
    }

    @Test("tells the account's key that a volume's is sealed with, and takes no other for it")
    func sealingKeys() throws {
        try Folder.with { folder in
            let ring = try KeyRing(directory: folder)
            #expect(throws: KeyRingError.noSuchVolumeKey(volume)) { try ring.sealingKey(of: volume) }
            _ = try ring.makeVolumeKey(volume, under: key)
            let another = EncryptionKeyID("2f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
            #expect(throws: KeyRingError.sealedWithAnother("volume \(volume)", another)) {
                try ring.makeVolumeKey(volume, under: another)
            }
            #expect(try ring.sealingKey(of: volume) == key)
        }
    }

    @Test("makes no new key in the place of one that something is sealed under")
    func lostAccountKey() throws {
        try Folder.with { folder in
            let ring = try KeyRing(directory: folder)
            #expect(throws: KeyRingError.noSuchKey(key)) { try ring.blockSecret(of: key) }
            _ = try ring.makeVolumeKey(volume, under: key)
            try FileManager.default.removeItem(atPath: "\(folder)/accounts/\(key)")
            #expect(throws: KeyRingError.noSuchKey(key)) { try ring.volumeKey(of: volume) }
            #expect(throws: KeyRingError.noSuchKey(key)) { try ring.makeVolumeKey(volume, under: key) }
            #expect(try Folder.files(folder + "/accounts").isEmpty)
        }
    }

    @Test("has nothing in the clear but the master key, and every file for its owner alone")
    func sealed() throws {
        try Folder.with { folder in
            let ring = try KeyRing(directory: folder)
            let made = try ring.makeVolumeKey(volume, under: key)
            let block = try ring.blockSecret(of: key).withUnsafeBytes { Data($0) }
            let files = try Folder.files(folder)
            #expect(files.count == 3)
            for (path, bytes) in files {
                #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
                #expect(bytes.range(of: Data(made.digits)) == nil)
                #expect(bytes.range(of: Folder.bytes(ofDigits: made.digits)) == nil)
                #expect(bytes.range(of: block) == nil)
            }
            #expect("\(made)" == "a passphrase")
            #expect(String(reflecting: VolumeFile(path: "", format: .qcow2, passphrase: made)).contains("a passphrase"))
        }
    }

    @Test("forgets a volume's key for good")
    func removal() throws {
        try Folder.with { folder in
            let ring = try KeyRing(directory: folder)
            let made = try ring.makeVolumeKey(volume, under: key)
            try ring.removeVolumeKey(of: volume)
            try ring.removeVolumeKey(of: volume)
            #expect(throws: KeyRingError.noSuchVolumeKey(volume)) { try ring.volumeKey(of: volume) }
            #expect(try ring.makeVolumeKey(volume, under: key) != made)
        }
    }

    @Test("does not open with another master key, and makes none where sealed keys wait for theirs")
    func wrongMaster() throws {
        try Folder.with { folder in
            _ = try KeyRing(directory: folder).makeVolumeKey(volume, under: key)
            try Data(repeating: 7, count: 32).write(to: URL(filePath: folder + "/master"))
            #expect(throws: KeyRingError.cannotOpen("account \(key)")) { try KeyRing(directory: folder) }
            try FileManager.default.removeItem(atPath: folder + "/master")
            #expect(throws: KeyRingError.self) { try KeyRing(directory: folder) }
            #expect(!FileManager.default.fileExists(atPath: folder + "/master"))
        }
    }

    @Test("takes the operator's master key from where it lies, and never makes one there")
    func operatorsMaster() throws {
        try Folder.with { folder in
            let path = folder + "-master"
            defer { try? FileManager.default.removeItem(atPath: path) }
            #expect(throws: KeyRingError.self) { try KeyRing(directory: folder, masterKeyPath: path) }
            #expect(!FileManager.default.fileExists(atPath: path))
            try Data(repeating: 7, count: 31).write(to: URL(filePath: path))
            #expect(throws: KeyRingError.masterKeyUnusable(path)) {
                try KeyRing(directory: folder, masterKeyPath: path)
            }
            try Data(repeating: 7, count: 32).write(to: URL(filePath: path))
            _ = try KeyRing(directory: folder, masterKeyPath: path).makeVolumeKey(volume, under: key)
            #expect(!FileManager.default.fileExists(atPath: folder + "/master"))
        }
    }

    @Test("refuses a key that was put in another volume's place, and one that is damaged")
    func moved() throws {
        try Folder.with { folder in
            let ring = try KeyRing(directory: folder)
            _ = try ring.makeVolumeKey(volume, under: key)
            let (mine, theirs) = ("\(folder)/volumes/\(volume)", "\(folder)/volumes/\(other)")
            try FileManager.default.copyItem(atPath: mine, toPath: theirs)
            #expect(throws: KeyRingError.cannotOpen("volume \(other) \(key)")) { try ring.volumeKey(of: other) }
            var bytes = try Data(contentsOf: URL(filePath: mine))
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: URL(filePath: mine))
            #expect(throws: KeyRingError.cannotOpen("volume \(volume) \(key)")) { try ring.volumeKey(of: volume) }
        }
    }

    @Test("keeps a base's key apart from volumes', bound to its base, and removes it with it")
    func bases() throws {
        try Folder.with { folder in
            let (first, second) = (
                try #require(SnapshotID("snap-0123456789abcdef0")), try #require(SnapshotID("snap-0123456789abcdef1"))
            )
            let ring = try KeyRing(directory: folder)
            let made = try ring.makeBaseKey(first, under: key)
            #expect(try ring.makeBaseKey(first, under: key) == made && ring.makeBaseKey(second, under: key) != made)
            let again = try KeyRing(directory: folder)
            #expect(try again.baseKey(of: first) == made)
            try FileManager.default.removeItem(atPath: "\(folder)/bases/\(second)")
            try FileManager.default.copyItem(
                atPath: "\(folder)/bases/\(first)", toPath: "\(folder)/bases/\(second)")
            #expect(throws: KeyRingError.cannotOpen("base \(second) \(key)")) { try again.baseKey(of: second) }
            try again.removeBaseKey(of: first)
            try again.removeBaseKey(of: first)
            #expect(throws: KeyRingError.noSuchBaseKey(first)) { try again.baseKey(of: first) }
        }
    }

    @Test("removes what a crash left half written")
    func drafts() throws {
        try Folder.with { folder in
            _ = try KeyRing(directory: folder)
            try Data([1]).write(to: URL(filePath: "\(folder)/volumes/.\(volume).draft"))
            let ring = try KeyRing(directory: folder)
            #expect(try Folder.files(folder).count == 1)
            #expect(throws: KeyRingError.noSuchVolumeKey(volume)) { try ring.volumeKey(of: volume) }
        }
    }

    @Test(
        "takes no id that is no UUID", arguments: ["", "../master", "1F0E5C1A-2F3B-4C5D-8E9F-0A1B2C3D4E5F", "alias/x"])
    func names(_ text: String) throws {
        try Folder.with { folder in
            let ring = try KeyRing(directory: folder)
            let id = EncryptionKeyID(text)
            #expect(throws: KeyRingError.unusableID(id)) { try ring.makeVolumeKey(volume, under: id) }
        }
    }
}

private enum Folder {
    static func with(_ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "apus-keys-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    static func files(_ folder: String) throws -> [(String, Data)] {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return try names.map { "\(folder)/\($0)" }.filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
        }.map { ($0, try Data(contentsOf: URL(filePath: $0))) }
    }

    static func bytes(ofDigits digits: [UInt8]) -> Data {
        let text = String(decoding: digits, as: UTF8.self)
        return Data(
            stride(from: 0, to: 64, by: 2).compactMap { place in
                UInt8(text.dropFirst(place).prefix(2), radix: 16)
            })
    }
}
