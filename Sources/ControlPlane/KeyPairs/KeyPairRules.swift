// Key pairs: what one may be called, and how it comes and goes.
// Source: EC2 API Reference, "CreateKeyPair", "ImportKeyPair", "DeleteKeyPair".

package import CloudTypes

extension Transaction {
    /// Whether a key pair of the name may be made. Asked before the slow work of making one, and again with it.
    ///
    /// - Throws: `InvalidParameterValue`, `InvalidKeyPair.Duplicate`, `KeyPairLimitExceeded`.
    package func checkNewKeyPair(named name: String) throws(EC2Error) {
        guard !name.isEmpty else {
            throw .invalidParameterValue("Invalid value '' for keyPairNames. It should not be blank")
        }
        guard name.utf8.count <= 255, name.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }), !name.hasPrefix(" "),
            !name.hasSuffix(" ")
        else {
            throw .invalidParameterValue(
                name: "KeyName", value: name,
                reason: "It must be at most 255 printable ASCII characters, without spaces at its ends.")
        }
        guard keyPair(named: name) == nil else {
            throw EC2Error("InvalidKeyPair.Duplicate", "The keypair already exists")
        }
        guard state.keyPairs.count(where: IndexKey(.account, account)) < settings.quotas.keyPairs else {
            throw EC2Error("KeyPairLimitExceeded", "The maximum number of key pairs has been reached.")
        }
    }

    /// Keeps the public half under the name.
    ///
    /// - Parameter publicKey: one line in OpenSSH's form.
    /// - Throws: as `checkNewKeyPair`.
    package mutating func createKeyPair(
        named name: String, keyType: KeyPairRecord.KeyType, fingerprint: String, publicKey: String,
        tags: [String: String]
    ) throws(EC2Error) -> KeyPairRecord {
        try checkNewKeyPair(named: name)
        var pair = KeyPairRecord(
            id: newID(), account: account, name: name, keyType: keyType, fingerprint: fingerprint,
            publicKey: publicKey, createdAt: now)
        pair.tags = tags
        put(pair)
        return pair
    }

    /// The caller's key pair of the name; nil where there is none.
    package func keyPair(named name: String) -> KeyPairRecord? {
        state.keyPairs.first(where: KeyPairRecord.nameKey(name, of: account))
    }

    /// The caller's key pair of the name, for a launch.
    ///
    /// - Throws: `InvalidKeyPair.NotFound`.
    package func existingKeyPair(named name: String) throws(EC2Error) -> KeyPairRecord {
        guard let pair = keyPair(named: name) else {
            throw EC2Error("InvalidKeyPair.NotFound", "The key pair '\(name)' does not exist")
        }
        return pair
    }
}
