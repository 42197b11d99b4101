// Who may see and launch an image.

package import CloudTypes

extension ImageRecord {
    /// Own, public, or shared with the account.
    package func isVisible(to account: AccountID) -> Bool {
        self.account == account || isPublic || launchPermissions.contains(account)
    }
}

extension Transaction {
    /// The image, if the caller may launch it now.
    ///
    /// - Throws: `InvalidAMIID.NotFound`, `InvalidAMIID.Unavailable`.
    package func launchableImage(_ id: ImageID) throws(EC2Error) -> ImageRecord {
        guard let image = state.images[id], image.isVisible(to: account), image.state != .deregistered else {
            throw .notFound(id)
        }
        guard image.state == .available else {
            throw EC2Error("InvalidAMIID.Unavailable", "The image ID '\(id)' is not available")
        }
        return image
    }
}
