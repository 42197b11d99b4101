// Making accounts and their keys: the operator's doing, never an API call's.

package import CloudTypes

/// An account with the one access key that was made for it.
package struct NewAccount: Sendable, Equatable {
    package let account: AccountID
    package let accessKeyID: String
    package let secretAccessKey: String
}

extension Transaction {
    /// A fresh account with one access key.
    package mutating func createAccount(name: String) -> NewAccount {
        var id = draw { AccountID(from: &$0) }
        while state.accounts[id] != nil { id = draw { AccountID(from: &$0) } }
        put(AccountRecord(id: id, name: name, createdAt: now))
        let key = AccessKeyRecord(
            id: "AKIA" + draw { AccessKeyText.text(16, of: AccessKeyText.identifier, &$0) }, account: id,
            secret: draw { AccessKeyText.text(40, of: AccessKeyText.secret, &$0) }, createdAt: now)
        put(key)
        return NewAccount(account: id, accessKeyID: key.id, secretAccessKey: key.secret)
    }

    /// The account that owns the operator's images, known to callers by the alias `amazon`; made once.
    package mutating func ensureImageOwner() -> AccountID {
        let alias = "amazon"
        let owners = state.accounts.all(where: IndexKey(.name, text: alias))
        if let owner = owners.first(where: { $0.name == alias }) { return owner.id }
        var id = AccountID("137112412989") ?? draw { AccountID(from: &$0) }
        while state.accounts[id] != nil { id = draw { AccountID(from: &$0) } }
        put(AccountRecord(id: id, name: alias, createdAt: now, ownerAlias: alias))
        return id
    }
}

/// The letters that keys are made of. Source: IAM User Guide, "IAM identifiers"; RFC 4648 base32.
private enum AccessKeyText {
    static let identifier = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
    static let secret = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ count: Int, of letters: [UInt8], _ generator: inout some RandomNumberGenerator) -> String {
        let text = (0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
        return String(decoding: text, as: UTF8.self)
    }
}
