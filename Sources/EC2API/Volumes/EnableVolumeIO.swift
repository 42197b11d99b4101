import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `EnableVolumeIO`: it is never taken from a volume here, so there is nothing to give back.
enum EnableVolumeIO: RecordAction {
    typealias Operation = EC2.Operation.EnableVolumeIO

    static func perform(
        _ input: EC2.EnableVolumeIORequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let _: VolumeRecord = try transaction.owned(try Lookup.id(input.volumeID))
        return Operation.Output()
    }
}
