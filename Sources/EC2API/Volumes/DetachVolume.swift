import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DetachVolume`: the answer comes before the guest has let go.
enum DetachVolume: RecordAction {
    typealias Operation = EC2.Operation.DetachVolume

    static func perform(
        _ input: EC2.DetachVolumeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.VolumeAttachment {
        let volume: VolumeID = try Lookup.id(input.volumeID)
        let instance = try input.instanceID.map { (text) throws(EC2Error) in
            try Lookup.id(text, InstanceKind.self)
        }
        var attachment = try transaction.detach(
            volume, from: instance, deviceName: input.device, force: input.force == true)
        attachment.state = .detaching
        return EC2.VolumeAttachment(attachment, of: volume)
    }
}
