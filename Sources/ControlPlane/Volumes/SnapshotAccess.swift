// Who may make volumes from a snapshot.

package import CloudTypes

extension SnapshotRecord {
    /// Own or public.
    package func isVisible(to account: AccountID) -> Bool { self.account == account || isPublic }
}
