import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CopyVolumes`: a volume in the same zone with the bytes that the source has when the call is answered.
enum CopyVolumes: AwaitedAction {
    typealias Operation = EC2.Operation.CopyVolumes

    static func perform(
        _ input: EC2.CopyVolumesRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.CopyVolumesResult {
        var order = VolumeCopyOrder(source: try Lookup.id(input.sourceVolumeID))
        (order.sizeGiB, order.iops, order.throughput) = (input.size, input.iops, input.throughput)
        if let type = input.volumeType { order.volumeType = type.rawValue }
        order.multiAttach = input.multiAttachEnabled
        order.tags = try TagSpecifications.tags(input.tagSpecifications, for: "volume", in: transaction)
        let volume = try transaction.copyVolume(order)
        return EC2.CopyVolumesResult(volumes: [EC2.Volume(volume, transaction.settings)])
    }

    static func settle(
        _ input: EC2.CopyVolumesRequest, for caller: Caller, in cloud: Cloud,
        watching changes: AsyncStream<CloudChange>, undo: @Sendable (inout Transaction) -> Void
    ) async throws(EC2Error) {
        try await cloud.holdCopies(
            of: Lookup.id(input.sourceVolumeID), as: caller, watching: changes, undo: undo)
    }
}
