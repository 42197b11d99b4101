// Which key something new is sealed with.
// Source: EBS User Guide, "Amazon EBS encryption", "Encryption and snapshot copying"; EC2 API Reference, "CreateVolume".

package import CloudTypes

/// What a caller says of the encryption of something new.
package struct EncryptionWish: Sendable, Equatable {
    /// nil: nothing was said.
    package var isEncrypted: Bool?
    package var key: KeyName?
    package init(isEncrypted: Bool? = nil, key: KeyName? = nil) { (self.isEncrypted, self.key) = (isEncrypted, key) }
}

extension Transaction {
    /// Whether the account wants new volumes and copies encrypted though nobody asks.
    package var encryptsByDefault: Bool { state.accounts[account]?.encryptsByDefault == true }

    package mutating func encryptByDefault(_ encrypts: Bool) {
        update(account, AccountRecord.self) { $0.encryptsByDefault = encrypts ? true : nil }
    }

    /// The key that a new volume is sealed with; nil: none. What an own encrypted snapshot begins keeps its key.
    ///
    /// - Parameter snapshot: what the volume begins with; nil: zeros.
    /// - Throws: `InvalidParameterDependency`, `InvalidParameterCombination` for a volume in the clear of an encrypted
    ///   snapshot, `InvalidKMSKey.InvalidState`.
    package mutating func keyID(
        forVolumeOf snapshot: SnapshotRecord?, _ wish: EncryptionWish
    ) throws(EC2Error) -> String? {
        if let named = try namedKeyID(wish, over: snapshot) { return named }
        if let snapshot, snapshot.isEncrypted {
            return snapshot.account == account ? snapshot.keyID : defaultKeyID()
        }
        return wish.isEncrypted == true || encryptsByDefault ? defaultKeyID() : nil
    }

    /// The key that a copy of the snapshot is sealed with; nil: none. A copy does not keep its source's key.
    ///
    /// - Throws: as for volumes.
    package mutating func keyID(
        forCopyOf snapshot: SnapshotRecord, _ wish: EncryptionWish
    ) throws(EC2Error) -> String? {
        if let named = try namedKeyID(wish, over: snapshot) { return named }
        if encryptsByDefault || wish.isEncrypted == true { return defaultKeyID() }
        return snapshot.isEncrypted ? managedKeyID() : nil
    }

    private mutating func namedKeyID(
        _ wish: EncryptionWish, over snapshot: SnapshotRecord?
    ) throws(EC2Error) -> String? {
        guard wish.key == nil || wish.isEncrypted == true else {
            throw EC2Error(
                "InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
        }
        if let snapshot, snapshot.isEncrypted, wish.isEncrypted == false {
            throw .invalidParameterCombination(
                "The snapshot '\(snapshot.id)' is encrypted, and so is what is made of it: Encrypted cannot be false.")
        }
        return try wish.key.map { (name) throws(EC2Error) in try keyID(name) }
    }

    // MARK: keys

    /// The key with the name, which is the account's from now on.
    ///
    /// - Throws: `InvalidKMSKey.InvalidState` for another account's, and for one more than the account may have.
    package mutating func keyID(_ name: KeyName) throws(EC2Error) -> String {
        switch name {
        case .managed: return managedKeyID()
        case .id(let id):
            guard let known = state.encryptionKeys[id] else {
                guard namedKeyCount < settings.quotas.encryptionKeys else { throw .unusableKey }
                put(EncryptionKeyRecord(id: id, account: account, createdAt: now))
                return id
            }
            guard known.account == account else { throw .unusableKey }
            return id
        }
    }

    private var namedKeyCount: Int {
        let managed = state.accounts[account]?.managedKeyID == nil ? 0 : 1
        return state.encryptionKeys.count(where: IndexKey(.account, account)) - managed
    }

    /// The key that is used where none is named.
    package mutating func defaultKeyID() -> String { state.accounts[account]?.defaultKeyID ?? managedKeyID() }

    package mutating func chooseDefaultKey(_ id: String) {
        update(account, AccountRecord.self) { $0.defaultKeyID = id }
    }

    /// The account's AWS managed key for EBS, made when it is first needed.
    package mutating func managedKeyID() -> String {
        if let kept = state.accounts[account]?.managedKeyID { return kept }
        let id = draw { KeyID.random(&$0) }
        put(EncryptionKeyRecord(id: id, account: account, createdAt: now))
        update(account, AccountRecord.self) { $0.managedKeyID = id }
        return id
    }
}

extension CloudState {
    /// Whether the snapshot is sealed with its owner's AWS managed key, which nobody else can be allowed to use.
    package func hasManagedKey(_ snapshot: SnapshotRecord) -> Bool {
        snapshot.keyID != nil && snapshot.keyID == accounts[snapshot.account]?.managedKeyID
    }
}

private enum KeyID {
    /// A UUID of version 4, in small letters.
    static func random(_ generator: inout some RandomNumberGenerator) -> String {
        var digits = (0..<32).map { _ in Array("0123456789abcdef")[Int.random(in: 0..<16, using: &generator)] }
        digits[12] = "4"
        digits[16] = Array("89ab")[Int.random(in: 0..<4, using: &generator)]
        for place in [20, 16, 12, 8] { digits.insert("-", at: place) }
        return String(digits)
    }
}
