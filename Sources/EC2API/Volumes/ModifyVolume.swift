import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyVolume`: size, type and figures, in use or not.
enum ModifyVolume: RecordAction {
    typealias Operation = EC2.Operation.ModifyVolume

    static func perform(
        _ input: EC2.ModifyVolumeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyVolumeResult {
        let id: VolumeID = try Lookup.id(input.volumeID)
        var change = VolumeChange()
        (change.sizeGiB, change.volumeType) = (input.size, input.volumeType?.rawValue)
        (change.iops, change.throughput) = (input.iops, input.throughput)
        change.multiAttach = input.multiAttachEnabled
        let modification = try transaction.modify(id, by: change)
        return EC2.ModifyVolumeResult(volumeModification: EC2.VolumeModification(modification, of: id))
    }
}
