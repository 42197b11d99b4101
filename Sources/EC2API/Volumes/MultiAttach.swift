import CloudTypes

/// Volumes that several instances have at once, which none of ours can be.
enum MultiAttach {
    /// - Throws: `InvalidParameterCombination` for a type that AWS does not offer it for, else `UnsupportedOperation`.
    static func check(_ isWanted: Bool?, volumeType: String) throws(EC2Error) {
        guard isWanted == true else { return }
        guard ["io1", "io2"].contains(volumeType) else {
            throw .invalidParameterCombination(
                "The parameter MultiAttachEnabled is not supported for \(volumeType) volumes.")
        }
        try UnservedMembers.refuse(["MultiAttachEnabled": true], because: UnservedMembers.noMultiAttach)
    }
}
