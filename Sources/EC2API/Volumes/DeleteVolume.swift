import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DeleteVolume`: one that is attached to nothing.
enum DeleteVolume: RecordAction {
    typealias Operation = EC2.Operation.DeleteVolume

    static func perform(
        _ input: EC2.DeleteVolumeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        try transaction.deleteVolume(try Lookup.id(input.volumeID))
        return Operation.Output()
    }
}
