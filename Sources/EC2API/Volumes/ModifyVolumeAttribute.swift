import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyVolumeAttribute`
enum ModifyVolumeAttribute: RecordAction {
    typealias Operation = EC2.Operation.ModifyVolumeAttribute

    static func perform(
        _ input: EC2.ModifyVolumeAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        guard let value = input.autoEnableIO?.value else { throw .missingParameter("AutoEnableIO.Value") }
        try transaction.setAutoEnableIO(of: try Lookup.id(input.volumeID), value)
        return Operation.Output()
    }
}
