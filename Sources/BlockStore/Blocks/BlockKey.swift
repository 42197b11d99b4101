// Keys of encrypted snapshots: how a block is named and sealed under one. Keys are never written anywhere.

package import Crypto
import FoundationEssentials
import Glibc

/// Made from 32 secret bytes that the caller keeps.
package struct BlockKey: Sendable {
    private let naming: SymmetricKey
    private let sealing: SymmetricKey

    package init(secret: SymmetricKey) {
        naming = BlockKey.derive(secret, "apus block store: names")
        sealing = BlockKey.derive(secret, "apus block store: contents")
    }

    private static func derive(_ secret: SymmetricKey, _ purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: secret, info: Array(purpose.utf8), outputByteCount: 32)
    }

    /// The name of a block whose SHA-256 is `checksum`: another under each key, and none can be guessed.
    func name(of checksum: BlockID) -> BlockID {
        BlockID(HMAC<SHA256>.authenticationCode(for: checksum.bytes, using: naming))
    }

    /// By which a wrong key is known. Tells nothing of the key.
    var check: KeyCheck {
        KeyCheck(HMAC<SHA256>.authenticationCode(for: Array("apus block store: check".utf8), using: naming))
    }

    /// What sealing adds to a length: a nonce of 12 bytes before, a tag of 16 behind.
    static let overhead = 28

    /// AES-256-GCM with a random nonce. `name` and `kind` are bound to what is sealed.
    ///
    /// - Parameter target: takes `bytes.count` + `overhead` bytes.
    func seal(
        _ bytes: UnsafeRawBufferPointer, name: BlockID, kind: UInt8, into target: UnsafeMutableRawBufferPointer
    )
        -> Bool
    {
        let bound = name.bytes + [kind]
        guard let box = try? AES.GCM.seal(bytes, using: sealing, authenticating: bound), let combined = box.combined,
            combined.count <= target.count
        else { return false }
        combined.withUnsafeBytes { target.copyMemory(from: $0) }
        return true
    }

    /// - Returns: how many bytes came out; nil: they were not sealed with this key, or are not what was sealed.
    func open(
        _ sealed: UnsafeRawBufferPointer, name: BlockID, kind: UInt8, into target: UnsafeMutableRawBufferPointer
    ) -> Int? {
        let bound = name.bytes + [kind]
        guard let box = try? AES.GCM.SealedBox(combined: sealed),
            let bytes = try? AES.GCM.open(box, using: sealing, authenticating: bound), bytes.count <= target.count
        else { return nil }
        bytes.withUnsafeBytes { target.copyMemory(from: $0) }
        return bytes.count
    }
}

/// 16 bytes that belong to a key; zeros where there is none.
struct KeyCheck: Equatable, Sendable {
    static let byteCount = 16
    let bytes: [UInt8]
    static let none = KeyCheck([])

    init(_ bytes: some Sequence<UInt8>) {
        let taken = Array(bytes.prefix(KeyCheck.byteCount))
        self.bytes = taken + [UInt8](repeating: 0, count: KeyCheck.byteCount - taken.count)
    }
}
