// Signing keys: four HMACs from a secret, and a bounded memory of them, since a day's requests share one key.

import Crypto
import Synchronization

/// The key that signs for one secret, date, region and service.
package struct SigningKey: Sendable {
    let key: SymmetricKey
    /// An HMAC that has taken in the key and nothing else: where each signature begins.
    private let beginning: HMAC<SHA256>

    package init(secretAccessKey: String, scope: CredentialScope) {
        let steps = [scope.date, scope.region, scope.service, scope.terminator]
        var key = SymmetricKey(data: Array("AWS4\(secretAccessKey)".utf8))
        for step in steps { key = SymmetricKey(data: hmac(key, Array(step.utf8))) }
        self.key = key
        beginning = HMAC(key: key)
    }

    /// The signature of `text`: 64 lowercase hex digits.
    func sign(_ text: [UInt8]) -> [UInt8] {
        var code = beginning
        code.update(data: text)
        return code.finalize().withUnsafeBytes { hex($0) }
    }
}

/// Remembers signing keys of recent scopes. Holds at most twice `capacity` keys, the least recently made go first.
package final class SigningKeyCache: Sendable {
    private struct Entry: Sendable {
        let secret: String
        let key: SigningKey
    }

    private struct Generations: Sendable {
        var young: [CredentialScope: Entry] = [:]
        var old: [CredentialScope: Entry] = [:]
    }

    private let capacity: Int
    private let generations = Mutex(Generations())

    package init(capacity: Int = 4096) { self.capacity = max(1, capacity) }

    /// The key of a scope; made anew if the secret is no longer the one it was made from.
    package func key(secretAccessKey: String, scope: CredentialScope) -> SigningKey {
        let known = generations.withLock { $0.young[scope] ?? $0.old[scope] }
        if let known, equalInConstantTime(known.secret.utf8, secretAccessKey.utf8) { return known.key }
        let key = SigningKey(secretAccessKey: secretAccessKey, scope: scope)
        generations.withLock { state in
            if state.young.count >= capacity { (state.old, state.young) = (state.young, [:]) }
            state.young[scope] = Entry(secret: secretAccessKey, key: key)
        }
        return key
    }

    /// How many keys are held now.
    package var count: Int { generations.withLock { $0.young.count + $0.old.count } }
}
