import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `CreateVolume`: empty or from a snapshot.
enum CreateVolume: RecordAction {
    typealias Operation = EC2.Operation.CreateVolume

    static func perform(
        _ input: EC2.CreateVolumeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.Volume {
        try refuseUnserved(input)
        var order = VolumeOrder(zone: try zone(input, in: transaction.settings))
        (order.sizeGiB, order.iops, order.throughput) = (input.size, input.iops, input.throughput)
        if let snapshot = input.snapshotID, !snapshot.isEmpty { order.snapshot = try Lookup.id(snapshot) }
        order.initializationRate = try initializationRate(input)
        order.encryption = try EncryptionWish(input.encrypted, key: input.kmsKeyID, in: transaction)
        if let type = input.volumeType { order.volumeType = type.rawValue }
        order.multiAttach = input.multiAttachEnabled
        order.tags = try TagSpecifications.tags(input.tagSpecifications, for: "volume", in: transaction)
        var volume = EC2.Volume(try transaction.createVolume(order), transaction.settings)
        // AWS tells it when the volume is described.
        volume.fastRestored = nil
        return volume
    }

    /// MiB/s.
    private static func initializationRate(_ input: EC2.CreateVolumeRequest) throws(EC2Error) -> Int? {
        guard let rate = input.volumeInitializationRate else { return nil }
        guard let snapshot = input.snapshotID, !snapshot.isEmpty else {
            throw .invalidParameterCombination(
                "The parameter VolumeInitializationRate can be used only with the parameter SnapshotId.")
        }
        guard (100...300).contains(rate) else {
            throw .invalidParameterValue(
                name: "VolumeInitializationRate", value: "\(rate)", reason: "It must be from 100 to 300 MiB/s.")
        }
        return rate
    }

    private static func zone(
        _ input: EC2.CreateVolumeRequest, in settings: CloudSettings
    ) throws(EC2Error) -> String {
        if let name = input.availabilityZone, !settings.zones.contains(where: { $0.name == name }) {
            throw EC2Error("InvalidZone.NotFound", "The zone '\(name)' does not exist.")
        }
        let zone = try PlacementText.zone(
            name: input.availabilityZone, id: input.availabilityZoneID, in: settings)
        guard let zone else { throw .missingParameter("zone") }
        return zone
    }

    private static func refuseUnserved(_ input: EC2.CreateVolumeRequest) throws(EC2Error) {
        try UnservedMembers.refuse(["OutpostArn": input.outpostARN != nil], because: UnservedMembers.noOutposts)
        try UnservedMembers.refuse(
            ["Operator": input.operator != nil], because: "no service manages volumes here.")
    }
}
