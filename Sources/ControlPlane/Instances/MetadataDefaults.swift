// What an account's launches get of the metadata service where they say nothing else, and whether tokens are a must.
// Follows: EC2 User Guide, "Where to configure instance metadata options".

package import CloudTypes
internal import NodeContract

/// nil: no preference.
package struct MetadataDefaults: Sendable, Codable, Equatable {
    package var isEnabled: Bool?
    package var requiresToken: Bool?
    /// 1...64
    package var hopLimit: Int?
    package var showsTags: Bool?
    /// Whether no instance may do without tokens.
    package var enforcesToken: Bool?
    package init() {}
}

extension Transaction {
    package var metadataDefaults: MetadataDefaults {
        state.accounts[account]?.metadataDefaults ?? MetadataDefaults()
    }

    /// - Throws: `InvalidParameterCombination` where tokens would be a must and not asked for.
    package mutating func setMetadataDefaults(_ change: (inout MetadataDefaults) -> Void) throws(EC2Error) {
        var defaults = metadataDefaults
        change(&defaults)
        guard defaults.enforcesToken != true || defaults.requiresToken == true else {
            throw .invalidParameterCombination("HttpTokensEnforced needs HttpTokens to be required.")
        }
        update(account, AccountRecord.self) { $0.metadataDefaults = defaults == MetadataDefaults() ? nil : defaults }
    }

    /// - Throws: `UnsupportedOperation` where the account has tokens be a must, and they would not be.
    func checkTokens(_ options: InstanceMetadata.Options) throws(EC2Error) {
        guard metadataDefaults.enforcesToken == true, !options.requiresToken else { return }
        throw .unsupported(
            "The account enforces IMDSv2: HttpTokens must be required as long as HttpTokensEnforced is enabled.")
    }

    package mutating func allowSerialConsoles(_ allows: Bool) {
        update(account, AccountRecord.self) { $0.allowsSerialConsoles = allows ? true : nil }
    }
}
