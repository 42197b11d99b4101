// How long an image is to be had: disabling, deprecation, protection from deregistration, and an end to its sharing.
// Source: EC2 User Guide, "Disable an Amazon EC2 AMI", "Deprecate an Amazon EC2 AMI", "Protect an Amazon EC2 AMI from
// deregistration", "Block public access to your AMIs".

package import CloudTypes

extension Transaction {
    /// Nobody can launch it until it is enabled again; whoever it was shared with loses it for good.
    ///
    /// - Throws: as `ownImage`; `IncorrectState` where it is not available.
    package mutating func disableImage(_ id: ImageID) throws(EC2Error) {
        var image = try ownImage(id)
        guard [.available, .disabled].contains(image.state) else { throw .wrongImageState(image) }
        image.state = .disabled
        (image.isPublic, image.launchPermissions) = (false, [])
        put(image)
    }

    /// - Throws: as `ownImage`; `IncorrectState` where it is neither disabled nor available.
    package mutating func enableImage(_ id: ImageID) throws(EC2Error) {
        var image = try ownImage(id)
        guard [.available, .disabled].contains(image.state) else { throw .wrongImageState(image) }
        image.state = .available
        put(image)
    }

    /// From the moment on, rounded to the minute, only its owner finds it without asking for deprecated ones.
    ///
    /// - Throws: as `ownImage`; `InvalidParameterValue` for what is past or more than ten years away (two for public
    ///   images).
    package mutating func deprecateImage(_ id: ImageID, at moment: Timestamp) throws(EC2Error) {
        var image = try ownImage(id)
        let minute: Int64 = 60_000
        let rounded = Timestamp(milliseconds: (moment.milliseconds + minute / 2) / minute * minute)
        guard moment > now else {
            throw .invalidParameterValue("The deprecation date must be in the future: \(moment)")
        }
        let years = image.isPublic ? 2.0 : 10.0
        guard rounded <= now.adding(seconds: years * 365.25 * 86_400) else {
            throw .invalidParameterValue("The deprecation date must be within \(Int(years)) years from now: \(moment)")
        }
        image.deprecationTime = rounded
        put(image)
    }

    /// - Throws: as `ownImage`.
    package mutating func cancelDeprecation(of id: ImageID) throws(EC2Error) {
        var image = try ownImage(id)
        image.deprecationTime = nil
        put(image)
    }

    /// - Parameter coolsDown: whether protection is to hold for another day when it is taken away.
    /// - Throws: as `ownImage`.
    package mutating func protectImage(_ id: ImageID, coolsDown: Bool) throws(EC2Error) {
        var image = try ownImage(id)
        image.deregistrationProtection = true
        (image.protectionCoolsDown, image.protectedUntil) = (coolsDown ? true : nil, nil)
        put(image)
    }

    /// - Throws: as `ownImage`.
    package mutating func unprotectImage(_ id: ImageID) throws(EC2Error) {
        var image = try ownImage(id)
        guard image.deregistrationProtection else { return }
        image.deregistrationProtection = false
        image.protectedUntil = image.protectionCoolsDown == true ? now.adding(seconds: 86_400) : nil
        put(image)
    }

    /// The caller gives up an image that another account shared with it by name.
    ///
    /// - Throws: `InvalidAMIID.NotFound`, `InvalidAMIID.Unavailable`; `InvalidParameterValue` for one that is the caller's own
    ///   or was never shared with the caller by name.
    package mutating func cancelLaunchPermission(of id: ImageID) throws(EC2Error) {
        var image = try launchableImage(id)
        guard image.account != account, image.launchPermissions.remove(account) != nil else {
            throw .invalidParameterValue("The image '\(id)' is not shared with the account \(account).")
        }
        put(image)
    }

    /// - Throws: `OperationNotPermitted` where the account has blocked public images.
    package func checkPublicImagesAllowed() throws(EC2Error) {
        guard state.accounts[account]?.blocksPublicImages == true else { return }
        throw EC2Error(
            "OperationNotPermitted",
            "You can't publicly share this image because block public access for AMIs is enabled for this account in "
                + "this Region.")
    }

    /// Whoever launches the image reads its snapshots.
    ///
    /// - Throws: `UnsupportedOperation` for an image with encrypted snapshots that is to be public; `InvalidParameter` for
    ///   one with snapshots that are sealed with the AWS managed key.
    package func checkSharable(_ image: ImageRecord, withEverybody: Bool) throws(EC2Error) {
        let snapshots = image.blockDevices.compactMap { $0.ebs?.snapshot.flatMap { state.snapshots[$0] } }
        guard !withEverybody || !snapshots.contains(where: \.isEncrypted) else {
            throw .unsupported("Encrypted snapshots can't be shared publicly. Specify another snapshot.")
        }
        guard !snapshots.contains(where: { state.hasManagedKey($0) }) else {
            throw EC2Error(
                "InvalidParameter",
                "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.")
        }
    }

    package mutating func blockPublicImages(_ blocks: Bool) {
        update(account, AccountRecord.self) { $0.blocksPublicImages = blocks ? true : nil }
    }
}

extension EC2Error {
    static func wrongImageState(_ image: ImageRecord) -> EC2Error {
        EC2Error("IncorrectState", "The image '\(image.id)' is in the state '\(image.state.rawValue)'.")
    }
}
