// KMS keys as callers name them and as answers show them.
// Source: AWS KMS Developer Guide, "Key identifiers (KeyId)".

package import CloudTypes

/// A key as a caller names it.
package enum KeyName: Sendable, Equatable {
    /// The account's AWS managed key for EBS.
    case managed
    /// The last part of the key's ARN: a UUID in small letters.
    case id(String)

    package static let managedAlias = "alias/aws/ebs"

    /// - Parameter text: a key's id or alias, or the ARN of either.
    /// - Throws: `InvalidKMSKey.InvalidState` for a key that cannot be here: another account's, another region's, one
    ///   behind an alias that nobody could make; `InvalidParameterValue` for what names no key.
    package init(_ text: String, of account: AccountID, in region: String) throws(EC2Error) {
        let own = "arn:aws:kms:\(region):\(account):"
        if text.hasPrefix(own) {
            let resource = text.dropFirst(own.count)
            self = try KeyName(part: resource.hasPrefix("key/") ? resource.dropFirst(4) : resource, of: text)
        } else if text.wholeMatch(of: /arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)\/.+/) != nil {
            throw .unusableKey
        } else {
            self = try KeyName(part: text[...], of: text)
        }
    }

    private init(part: Substring, of text: String) throws(EC2Error) {
        if part == KeyName.managedAlias {
            self = .managed
        } else if part.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil {
            self = .id(String(part))
        } else if part.wholeMatch(of: /mrk-[0-9a-f]{32}|alias\/[A-Za-z0-9\/_-]+/) != nil {
            throw .unusableKey
        } else {
            throw .invalidParameterValue(
                name: "KmsKeyId", value: text, reason: "Expected: the id, ARN, alias or alias ARN of a KMS key.")
        }
    }
}

extension CloudSettings {
    package func arn(ofKey id: String, account: AccountID) -> String { "arn:aws:kms:\(region):\(account):key/\(id)" }
}

extension EC2Error {
    /// A key that is not there, or is another account's.
    package static let unusableKey = EC2Error(
        "InvalidKMSKey.InvalidState", "The KMS key provided is in an incorrect state")
}
