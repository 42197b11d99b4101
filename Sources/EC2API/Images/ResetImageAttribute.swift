import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ResetImageAttribute`: launch permissions alone: the owner's and nobody else's.
enum ResetImageAttribute: RecordAction {
    typealias Operation = EC2.Operation.ResetImageAttribute

    static func perform(
        _ input: EC2.ResetImageAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        var image = try transaction.ownImage(Lookup.id(input.imageID))
        switch input.attribute {
        case .launchPermission:
            image.isPublic = false
            image.launchPermissions = []
        }
        transaction.put(image)
        return Operation.Output()
    }
}
