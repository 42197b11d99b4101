// Who calls.

package import CloudTypes

/// The identity behind a verified signature.
package struct Caller: Sendable, Equatable {
    package var account: AccountID
    package var accessKeyID: String
    /// `arn:aws:iam::123456789012:root`
    package var arn: String { "arn:aws:iam::\(account):root" }
    /// The cloud itself, when it writes back what it observed.
    package static func system(for account: AccountID) -> Caller { Caller(account: account, accessKeyID: "") }
    package init(account: AccountID, accessKeyID: String) {
        (self.account, self.accessKeyID) = (account, accessKeyID)
    }
}
