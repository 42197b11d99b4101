// The block device mappings that a launch asks for.
// Source: EC2 API Reference, "BlockDeviceMapping", "EbsBlockDevice".

import AWSWire
import CloudTypes
import ControlPlane

enum LaunchMappings {
    /// - Throws: `MissingParameter`, `InvalidBlockDeviceMapping`, `InvalidParameterValue`, `UnsupportedOperation`.
    static func mappings(
        of input: [EC2.BlockDeviceMapping], in transaction: Transaction
    ) throws(EC2Error) -> [LaunchOrder.BlockDevice] {
        var mappings: [LaunchOrder.BlockDevice] = []
        for mapping in input { mappings.append(try self.mapping(mapping, in: transaction)) }
        return mappings
    }

    private static func mapping(
        _ input: EC2.BlockDeviceMapping, in transaction: Transaction
    ) throws(EC2Error) -> LaunchOrder.BlockDevice {
        guard let name = input.deviceName, !name.isEmpty else {
            throw .missingParameter("BlockDeviceMapping.DeviceName")
        }
        try DeviceNames.check(name)
        var wish = LaunchOrder.BlockDevice(deviceName: name)
        let given = [input.noDevice != nil, input.virtualName != nil, input.ebs != nil].filter { $0 }.count
        guard given == 1 else {
            throw EC2Error(
                "InvalidBlockDeviceMapping",
                "The mapping of the device '\(name)' must have exactly one of Ebs, VirtualName and NoDevice")
        }
        if let virtualName = input.virtualName {
            guard let number = VirtualDevice.number(virtualName) else {
                throw EC2Error("InvalidBlockDeviceMapping", "The virtual name '\(virtualName)' is invalid.")
            }
            wish.instanceStore = number
        }
        wish.isSuppressed = input.noDevice != nil
        if let ebs = input.ebs {
            try take(ebs, into: &wish)
            wish.encryption = try EncryptionWish(ebs.encrypted, key: ebs.kmsKeyID, in: transaction)
        }
        return wish
    }

    private static func take(_ ebs: EC2.EbsBlockDevice, into wish: inout LaunchOrder.BlockDevice) throws(EC2Error) {
        try UnservedMembers.refuse(
            ["BlockDeviceMapping.Ebs.OutpostArn": ebs.outpostARN != nil], because: UnservedMembers.noOutposts)
        try UnservedMembers.refuse(
            [
                "BlockDeviceMapping.Ebs.AvailabilityZone": ebs.availabilityZone != nil,
                "BlockDeviceMapping.Ebs.AvailabilityZoneId": ebs.availabilityZoneID != nil,
            ], because: "a volume of a launch lies where its instance does.")
        try UnservedMembers.refuse(
            ["BlockDeviceMapping.Ebs.VolumeInitializationRate": ebs.volumeInitializationRate != nil],
            because: "a volume from a snapshot needs no initialization.")
        try UnservedMembers.refuse(
            ["BlockDeviceMapping.Ebs.EbsCardIndex": (ebs.ebsCardIndex ?? 0) > 0],
            because: "instances have one EBS card.")
        if let snapshot = ebs.snapshotID { wish.snapshot = try Lookup.id(snapshot) }
        (wish.sizeGiB, wish.iops, wish.throughput) = (ebs.volumeSize, ebs.iops, ebs.throughput)
        wish.volumeType = ebs.volumeType?.rawValue
        wish.deleteOnTermination = ebs.deleteOnTermination
    }
}
