// An end to sharing: with oneself, and with everybody.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CancelImageLaunchPermission`: the caller gives up an image that was shared with it.
enum CancelImageLaunchPermission: RecordAction {
    typealias Operation = EC2.Operation.CancelImageLaunchPermission

    static func perform(
        _ input: EC2.CancelImageLaunchPermissionRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CancelImageLaunchPermissionResult {
        try transaction.cancelLaunchPermission(of: Lookup.id(input.imageID))
        return EC2.CancelImageLaunchPermissionResult(return: true)
    }
}

/// `EnableImageBlockPublicAccess`: what is public stays so, nothing else becomes so.
enum EnableImageBlockPublicAccess: RecordAction {
    typealias Operation = EC2.Operation.EnableImageBlockPublicAccess

    static func perform(
        _ input: EC2.EnableImageBlockPublicAccessRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.EnableImageBlockPublicAccessResult {
        transaction.blockPublicImages(true)
        return EC2.EnableImageBlockPublicAccessResult(imageBlockPublicAccessState: .blockNewSharing)
    }
}

/// `DisableImageBlockPublicAccess`
enum DisableImageBlockPublicAccess: RecordAction {
    typealias Operation = EC2.Operation.DisableImageBlockPublicAccess

    static func perform(
        _ input: EC2.DisableImageBlockPublicAccessRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DisableImageBlockPublicAccessResult {
        transaction.blockPublicImages(false)
        return EC2.DisableImageBlockPublicAccessResult(imageBlockPublicAccessState: .unblocked)
    }
}

/// `GetImageBlockPublicAccessState`
enum GetImageBlockPublicAccessState: RecordAction {
    typealias Operation = EC2.Operation.GetImageBlockPublicAccessState

    static func perform(
        _ input: EC2.GetImageBlockPublicAccessStateRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetImageBlockPublicAccessStateResult {
        let blocks = transaction.state.accounts[transaction.account]?.blocksPublicImages == true
        return EC2.GetImageBlockPublicAccessStateResult(
            imageBlockPublicAccessState: blocks ? "block-new-sharing" : "unblocked", managedBy: .account)
    }
}
