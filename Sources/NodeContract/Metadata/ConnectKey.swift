// A key of EC2 Instance Connect: it lets one in for a short while, by way of the metadata service.

package import CloudTypes

package struct ConnectKey: Sendable, Equatable, Codable {
    /// The name of the account in the guest that it is good for.
    package var user: String
    /// One line in OpenSSH's form.
    package var publicKey: String
    package var expiresAt: Timestamp
    /// The ARN of who pushed it.
    package var caller: String
    package init(user: String, publicKey: String, expiresAt: Timestamp, caller: String) {
        (self.user, self.publicKey, self.expiresAt, self.caller) = (user, publicKey, expiresAt, caller)
    }
}
