import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `AttachVolume`: the answer comes before the guest has the disk.
enum AttachVolume: RecordAction {
    typealias Operation = EC2.Operation.AttachVolume

    static func perform(
        _ input: EC2.AttachVolumeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.VolumeAttachment {
        try UnservedMembers.refuse(
            ["EbsCardIndex": (input.ebsCardIndex ?? 0) > 0], because: "instances have one EBS card.")
        let volume: VolumeID = try Lookup.id(input.volumeID)
        var attachment = try transaction.attach(
            volume, to: try Lookup.id(input.instanceID), deviceName: input.device)
        attachment.state = .attaching
        return EC2.VolumeAttachment(attachment, of: volume)
    }
}
