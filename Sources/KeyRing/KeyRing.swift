// The keys of what lies encrypted on this host. Three layers, each sealed by the one above with AES-256-GCM:
//
//   master key, one a host ─▶ account keys, by the id that the control plane names ─▶ data keys, one a volume or base
//
// Only the master key is in the clear on the disk, in a file of ours alone or of the operator's choice: whoever loses
// it loses every encrypted volume and snapshot. A data key goes with its volume, and the volume's bytes with it.

package import Backends
package import CloudTypes
package import Crypto
import FoundationEssentials
package import HostSystem
package import NodeContract

package enum KeyRingError: Error, Equatable, Sendable {
    /// There are sealed keys, and nothing to open them with.
    case masterKeyMissing(String)
    /// The file holds no key of 32 bytes.
    case masterKeyUnusable(String)
    /// Sealed by another key, or damaged.
    case cannotOpen(String)
    case noSuchVolumeKey(VolumeID)
    case noSuchBaseKey(SnapshotID)
    /// Something is sealed under it, and its own file is gone.
    case noSuchKey(EncryptionKeyID)
    /// It has a key, which is sealed with another one than was named.
    case sealedWithAnother(String, EncryptionKeyID)
    case unusableID(EncryptionKeyID)
    case system(SystemError)
}

extension KeyRingError: CustomStringConvertible {
    /// For the operator.
    package var description: String {
        switch self {
        case .masterKeyMissing(let place):
            "The master key is not there (\(place)): without it nothing that is encrypted can be read."
        case .masterKeyUnusable(let place): "\(place): there is no master key of 32 bytes."
        case .cannotOpen(let use): "The key of \(use) is damaged, or was sealed by another master key."
        case .noSuchVolumeKey(let volume): "The key of \(volume) is gone."
        case .noSuchBaseKey(let snapshot): "The key of the base of \(snapshot) is gone."
        case .noSuchKey(let key): "The key \(key) is gone."
        case .sealedWithAnother(let use, let key):
            "The key of \(use) is not sealed with \(key), which was named for it."
        case .unusableID(let id): "'\(id)' names no key."
        case .system(let error): error.description
        }
    }
}

package struct KeyRing: Sendable {
    private let master: SymmetricKey
    private let accounts: KeyFolder
    private let volumes: KeyFolder
    private let bases: KeyFolder

    /// Opens the ring, and makes it where there is none.
    ///
    /// - Parameters:
    ///   - directory: its folder; the one above it must exist.
    ///   - masterKeyPath: where the master key lies; nil: in the ring's own folder. Elsewhere it is never made.
    package init(directory: String, masterKeyPath: String? = nil) throws(KeyRingError) {
        do throws(SystemError) {
            let folder = try KeyFolder(directory)
            accounts = try KeyFolder(directory + "/accounts")
            volumes = try KeyFolder(directory + "/volumes")
            bases = try KeyFolder(directory + "/bases")
            let path = masterKeyPath ?? "\(directory)/\(KeyRing.masterName)"
            var bytes = try KeyFolder.read(path)
            let sealed = SmallFile.names(in: accounts.path).sorted()
            if bytes == nil, masterKeyPath == nil, sealed.isEmpty {
                bytes = try folder.create(KeyRing.masterName, KeyRing.newSecret())
            }
            master = SymmetricKey(data: bytes ?? [])
            guard bytes != nil else { throw SystemError("open \(path)", number: KeyRing.missing) }
        } catch {
            throw error.number == KeyRing.missing ? .masterKeyMissing(error.call) : .system(error)
        }
        guard master.bitCount == 256 else { throw .masterKeyUnusable(masterKeyPath ?? directory) }
        // A wrong master key shows now, not when the first guest wants its disk.
        if let name = SmallFile.names(in: accounts.path).min() { _ = try accountKey(EncryptionKeyID(name)) }
    }

    private static let masterName = "master"
    private static let missing: Int32 = 2  // ENOENT

    /// What the blocks of snapshots are sealed with under an account's key, which is made where it is heard of first.
    package func makeBlockSecret(of key: EncryptionKeyID) throws(KeyRingError) -> SymmetricKey {
        KeyRing.blockSecret(under: try makeAccountKey(key))
    }

    /// - Throws: `noSuchKey` where none was made.
    package func blockSecret(of key: EncryptionKeyID) throws(KeyRingError) -> SymmetricKey {
        KeyRing.blockSecret(under: try accountKey(key))
    }

    private static func blockSecret(under key: SymmetricKey) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Array("apus key ring: snapshot blocks".utf8), outputByteCount: 32)
    }

    /// Those that were ever heard of here.
    package var keys: [EncryptionKeyID] {
        SmallFile.names(in: accounts.path).sorted().map(EncryptionKeyID.init).filter {
            (try? KeyRing.checked($0)) != nil
        }
    }

    /// The volume's data key, made where it has none. It is on the disk, sealed, when this returns.
    ///
    /// - Throws: `sealedWithAnother` where it has one under another key.
    package func makeVolumeKey(_ volume: VolumeID, under key: EncryptionKeyID) throws(KeyRingError) -> VolumePassphrase
    {
        try makeDataKey("\(volume)", "volume", in: volumes, under: key)
    }

    /// - Throws: `noSuchVolumeKey` where none was made.
    package func volumeKey(of volume: VolumeID) throws(KeyRingError) -> VolumePassphrase {
        guard let key = try dataKey("\(volume)", "volume", in: volumes) else { throw .noSuchVolumeKey(volume) }
        return key
    }

    /// The account's key that the volume's is sealed with.
    ///
    /// - Throws: `noSuchVolumeKey` where none was made.
    package func sealingKey(of volume: VolumeID) throws(KeyRingError) -> EncryptionKeyID {
        guard let kept = try found({ () throws(SystemError) in try volumes.read("\(volume)") }) else {
            throw .noSuchVolumeKey(volume)
        }
        return KeyRing.sealingKey(kept)
    }

    /// From now on nobody can read the volume's bytes. One without a key is as it should be.
    package func removeVolumeKey(of volume: VolumeID) throws(KeyRingError) {
        try found { () throws(SystemError) in try volumes.remove(volume.description) }
    }

    /// The data key of a sealed base, as of a volume's.
    package func makeBaseKey(
        _ snapshot: SnapshotID, under key: EncryptionKeyID
    ) throws(KeyRingError) -> VolumePassphrase {
        try makeDataKey("\(snapshot)", "base", in: bases, under: key)
    }

    /// - Throws: `noSuchBaseKey` where none was made.
    package func baseKey(of snapshot: SnapshotID) throws(KeyRingError) -> VolumePassphrase {
        guard let key = try dataKey("\(snapshot)", "base", in: bases) else { throw .noSuchBaseKey(snapshot) }
        return key
    }

    package func hasBaseKey(of snapshot: SnapshotID) -> Bool { bases.contains(snapshot.description) }

    package func removeBaseKey(of snapshot: SnapshotID) throws(KeyRingError) {
        try found { () throws(SystemError) in try bases.remove(snapshot.description) }
    }

    private func makeDataKey(
        _ name: String, _ kind: String, in folder: KeyFolder, under key: EncryptionKeyID
    ) throws(KeyRingError) -> VolumePassphrase {
        let (id, use) = (try KeyRing.checked(key), "\(kind) \(name)")
        let kept: [UInt8]
        if let known = try found({ () throws(SystemError) in try folder.read(name) }) {
            kept = known
        } else {
            let sealed = try KeyRing.seal(KeyRing.newSecret(), with: makeAccountKey(key), for: "\(use) \(id)")
            kept = try found { () throws(SystemError) in try folder.create(name, Array(id.utf8) + sealed) }
        }
        guard KeyRing.sealingKey(kept) == key else { throw .sealedWithAnother(use, key) }
        return try open(kept, of: use)
    }

    /// nil where there is none.
    private func dataKey(
        _ name: String, _ kind: String, in folder: KeyFolder
    ) throws(KeyRingError) -> VolumePassphrase? {
        let kept = try found { () throws(SystemError) in try folder.read(name) }
        return try kept.map { (kept) throws(KeyRingError) in try open(kept, of: "\(kind) \(name)") }
    }

    // MARK: sealing

    private func makeAccountKey(_ key: EncryptionKeyID) throws(KeyRingError) -> SymmetricKey {
        let name = try KeyRing.checked(key)
        if try found({ () throws(SystemError) in try accounts.read(name) }) == nil {
            let sealed = try KeyRing.seal(KeyRing.newSecret(), with: master, for: "account \(name)")
            _ = try found { () throws(SystemError) in try accounts.create(name, sealed) }
        }
        return try accountKey(key)
    }

    private func accountKey(_ key: EncryptionKeyID) throws(KeyRingError) -> SymmetricKey {
        let name = try KeyRing.checked(key)
        guard let kept = try found({ () throws(SystemError) in try accounts.read(name) }) else {
            throw .noSuchKey(key)
        }
        return SymmetricKey(data: try KeyRing.open(kept, with: master, for: "account \(name)"))
    }

    /// The file of a data key: the account key's id, 36 letters, and what is sealed with it.
    private func open(_ kept: [UInt8], of use: String) throws(KeyRingError) -> VolumePassphrase {
        let id = KeyRing.sealingKey(kept)
        let key = try accountKey(id)
        return VolumePassphrase(
            secret: try KeyRing.open(Array(kept.dropFirst(36)), with: key, for: "\(use) \(id)"))
    }

    private static func sealingKey(_ kept: [UInt8]) -> EncryptionKeyID {
        EncryptionKeyID(String(decoding: kept.prefix(36), as: UTF8.self))
    }

    private static func newSecret() -> [UInt8] { SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) } }

    /// Nonce, bytes and tag.
    private static func seal(
        _ bytes: [UInt8], with key: SymmetricKey, for use: String
    ) throws(KeyRingError) -> [UInt8] {
        guard let sealed = try? AES.GCM.seal(bytes, using: key, authenticating: Array(use.utf8)).combined else {
            throw .cannotOpen(use)
        }
        return Array(sealed)
    }

    private static func open(
        _ bytes: [UInt8], with key: SymmetricKey, for use: String
    ) throws(KeyRingError) -> [UInt8] {
        guard let box = try? AES.GCM.SealedBox(combined: bytes),
            let secret = try? AES.GCM.open(box, using: key, authenticating: Array(use.utf8)), secret.count == 32
        else { throw .cannotOpen(use) }
        return Array(secret)
    }

    /// An id becomes a file's name: a UUID in small letters and nothing else.
    private static func checked(_ key: EncryptionKeyID) throws(KeyRingError) -> String {
        let text = key.description
        guard text.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil else { throw .unusableID(key) }
        return text
    }

    private func found<Value>(_ body: () throws(SystemError) -> Value) throws(KeyRingError) -> Value {
        do throws(SystemError) { return try body() } catch { throw .system(error) }
    }
}
