// What an image's owner may do with it.
// Source: EC2 API Reference, "DeregisterImage", "ModifyImageAttribute".

package import CloudTypes

extension Transaction {
    /// The image, for what its owner alone may do.
    ///
    /// - Throws: `InvalidAMIID.NotFound`, `InvalidAMIID.Unavailable`, `AuthFailure` for another account's image.
    package func ownImage(_ id: ImageID) throws(EC2Error) -> ImageRecord {
        guard let image = state.images[id], image.isVisible(to: account) else { throw .notFound(id) }
        guard image.state != .deregistered else {
            throw EC2Error("InvalidAMIID.Unavailable", "The image ID '\(id)' is no longer available")
        }
        guard image.account == account else {
            throw EC2Error("AuthFailure", "Not authorized for images: [\(id)]")
        }
        return image
    }

    /// Takes the image from everybody; its instances stay as they are, and keep what they need of it.
    ///
    /// - Parameter deletesSnapshots: takes its snapshots away too, save those that other images use.
    /// - Returns: what became of each snapshot, where that was asked for.
    /// - Throws: as `ownImage`; `OperationNotPermitted` for an image that is protected; `IncorrectState` for one
    ///   that is still being made.
    package mutating func deregisterImage(
        _ id: ImageID, deletesSnapshots: Bool
    ) throws(EC2Error) -> [(snapshot: SnapshotID, outcome: SnapshotOutcome)] {
        var image = try ownImage(id)
        guard !image.isProtected(at: now) else {
            let end = image.deregistrationProtection ? nil : image.protectedUntil
            throw EC2Error(
                "OperationNotPermitted",
                "The image '\(id)' is protected from deregistration\(end.map { " until \($0)" } ?? "").")
        }
        guard image.state != .pending else { throw .wrongImageState(image) }
        let snapshots = image.blockDevices.compactMap { $0.ebs?.snapshot }
        (image.state, image.binStay) = (.deregistered, binStay(of: .image, tags: image.tags))
        put(image)
        forgetUnusedImages()
        guard deletesSnapshots else { return [] }
        return snapshots.map { ($0, deleteSnapshotOfImage($0)) }
    }

    package enum SnapshotOutcome: String, Sendable {
        case success, skipped
        case missingPermissions = "missing-permissions"
        case clientError = "client-error"
    }

    private mutating func deleteSnapshotOfImage(_ id: SnapshotID) -> SnapshotOutcome {
        guard let snapshot = state.snapshots[id], snapshot.isListed else { return .clientError }
        guard snapshot.account == account else { return .missingPermissions }
        guard !state.images.contains(IndexKey(.snapshot, id)) else { return .skipped }
        do throws(EC2Error) { try deleteSnapshot(id) } catch { return .clientError }
        return .success
    }

    /// Removes what is left of images that are deregistered and that no instance remembers.
    mutating func forgetUnusedImages() {
        for image in state.images.all
        where image.state == .deregistered && image.binStay == nil
            && !state.instances.contains(IndexKey(.image, image.id))
        {
            delete(image.id, ImageRecord.self)
        }
    }
}

extension CloudState {
    /// `amazon` for the operator's images.
    package func ownerAlias(of image: ImageRecord) -> String? { accounts[image.account]?.ownerAlias }
}
