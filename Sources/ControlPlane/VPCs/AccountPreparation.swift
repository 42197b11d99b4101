// What an account has before its first call: its default VPC.

package import CloudTypes

extension Cloud {
    /// Makes the caller's default VPC unless the account has, or had, one. Costs a look at the records afterwards.
    ///
    /// - Throws: `InternalError` if the store refuses.
    package func prepareAccount(of caller: Caller) async throws(EC2Error) {
        guard needsDefaultVPC(records.accounts[caller.account]) else { return }
        try await transact(as: caller) { transaction throws(EC2Error) in
            guard self.needsDefaultVPC(transaction.state.accounts[caller.account]) else { return }
            _ = try transaction.createDefaultVPC()
        }
    }

    /// Accounts with an alias own public images and nothing else.
    private func needsDefaultVPC(_ account: AccountRecord?) -> Bool {
        guard let account else { return false }
        return account.ownerAlias == nil && !account.hasDefaultVPC
    }
}
