// Disabling and enabling, deprecating, protecting: actions that say little and change one thing.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DisableImage`: nobody can launch it, and nobody but its owner sees it.
enum DisableImage: RecordAction {
    typealias Operation = EC2.Operation.DisableImage

    static func perform(
        _ input: EC2.DisableImageRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DisableImageResult {
        try transaction.disableImage(Lookup.id(input.imageID))
        return EC2.DisableImageResult(return: true)
    }
}

/// `EnableImage`: a disabled image can be launched again, by its owner alone.
enum EnableImage: RecordAction {
    typealias Operation = EC2.Operation.EnableImage

    static func perform(
        _ input: EC2.EnableImageRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.EnableImageResult {
        try transaction.enableImage(Lookup.id(input.imageID))
        return EC2.EnableImageResult(return: true)
    }
}

/// `EnableImageDeprecation`: from a moment on it is not found by others who do not ask for deprecated images.
enum EnableImageDeprecation: RecordAction {
    typealias Operation = EC2.Operation.EnableImageDeprecation

    static func perform(
        _ input: EC2.EnableImageDeprecationRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.EnableImageDeprecationResult {
        try transaction.deprecateImage(Lookup.id(input.imageID), at: input.deprecateAt)
        return EC2.EnableImageDeprecationResult(return: true)
    }
}

/// `DisableImageDeprecation`
enum DisableImageDeprecation: RecordAction {
    typealias Operation = EC2.Operation.DisableImageDeprecation

    static func perform(
        _ input: EC2.DisableImageDeprecationRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DisableImageDeprecationResult {
        try transaction.cancelDeprecation(of: Lookup.id(input.imageID))
        return EC2.DisableImageDeprecationResult(return: true)
    }
}

/// `EnableImageDeregistrationProtection`
enum EnableImageDeregistrationProtection: RecordAction {
    typealias Operation = EC2.Operation.EnableImageDeregistrationProtection

    static func perform(
        _ input: EC2.EnableImageDeregistrationProtectionRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.EnableImageDeregistrationProtectionResult {
        try transaction.protectImage(Lookup.id(input.imageID), coolsDown: input.withCooldown == true)
        return EC2.EnableImageDeregistrationProtectionResult(return: "true")
    }
}

/// `DisableImageDeregistrationProtection`: at once, or a day later where that was asked for.
enum DisableImageDeregistrationProtection: RecordAction {
    typealias Operation = EC2.Operation.DisableImageDeregistrationProtection

    static func perform(
        _ input: EC2.DisableImageDeregistrationProtectionRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DisableImageDeregistrationProtectionResult {
        try transaction.unprotectImage(Lookup.id(input.imageID))
        return EC2.DisableImageDeregistrationProtectionResult(return: "true")
    }
}
