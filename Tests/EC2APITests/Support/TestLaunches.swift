// Launches for tests, and what the node would answer to them.

import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

@testable import EC2API

/// What a test makes of a plain launch.
typealias LaunchChange = @Sendable (inout EC2.RunInstancesRequest) -> Void

extension TestCloud {
    /// An image of 8 GiB whose root is `/dev/xvda`.
    mutating func image(_ adjust: (inout ImageRecord) -> Void = { _ in }) -> ImageRecord {
        let snapshot = SnapshotRecord(
            id: transaction.newID(), account: transaction.account, sizeGiB: 8, description: "",
            startedAt: transaction.now)
        transaction.put(snapshot)
        let id: ImageID = transaction.newID()
        var image = ImageRecord(
            id: id, account: transaction.account, name: "linux-\(id)", architecture: .x86_64,
            createdAt: transaction.now, rootDeviceName: "/dev/xvda")
        image.blockDevices = [
            ImageRecord.BlockDevice(deviceName: "/dev/xvda", ebs: ImageRecord.EBS(snapshot: snapshot.id, sizeGiB: 8))
        ]
        adjust(&image)
        transaction.put(image)
        return image
    }

    /// One t3.micro of a new image.
    mutating func request(_ count: Int = 1) -> EC2.RunInstancesRequest {
        EC2.RunInstancesRequest(
            imageID: image().id.description, instanceType: "t3.micro", maxCount: count, minCount: count)
    }

    /// The ids of what was launched.
    mutating func launched(_ input: EC2.RunInstancesRequest) throws(EC2Error) -> [InstanceID] {
        try perform(RunInstances.self, input).instances.compactMap { $0.instanceID.flatMap { InstanceID($0) } }
    }

    /// One launched instance, which the node says runs.
    mutating func running(_ input: EC2.RunInstancesRequest? = nil) throws(EC2Error) -> InstanceID {
        let id = try launched(input ?? request())[0]
        settle(id)
        return id
    }

    /// One instance that was launched and stopped.
    mutating func stopped(_ input: EC2.RunInstancesRequest? = nil) throws(EC2Error) -> InstanceID {
        let id = try running(input)
        try perform(StopInstances.self, .init(instanceIDs: [id.description]))
        settle(id)
        return id
    }

    /// The world does what is wanted of the instance and its volumes.
    mutating func settle(_ id: InstanceID) {
        for volume in state.volumes.all(where: IndexKey(.instance, id)) {
            transaction.update(volume.id) { (volume: inout VolumeRecord) in volume.isRealised = true }
        }
        switch state.instances[id]?.state {
        case .pending: transaction.becomeRunning(id)
        case .stopping: transaction.becomeStopped(id, reason: nil)
        case .shuttingDown: transaction.becomeTerminated(id, reason: nil)
        case .running, .stopped, .terminated, nil: break
        }
    }

    mutating func described(_ id: InstanceID) throws(EC2Error) -> EC2.Instance? {
        try perform(DescribeInstances.self, .init(instanceIDs: [id.description])).reservations.first?.instances.first
    }
}
