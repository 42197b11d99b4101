import AWSWire
import CloudTypes
import ControlPlane
import NodeContract
import Testing

@testable import EC2API

@Suite("Images")
struct ImageTests {
    private var cloud: TestCloud
    private let snapshot: SnapshotID

    init() throws {
        cloud = try TestCloud()
        snapshot = cloud.transaction.newID()
        cloud.transaction.put(
            SnapshotRecord(
                id: snapshot, account: TestCloud.account, sizeGiB: 8, description: "",
                startedAt: cloud.transaction.now))
    }

    private func request(_ name: String, snapshot other: SnapshotID? = nil) -> EC2.RegisterImageRequest {
        let ebs = EC2.EbsBlockDevice(snapshotID: (other ?? snapshot).description)
        return EC2.RegisterImageRequest(
            name: name, rootDeviceName: "/dev/xvda", blockDeviceMappings: [.init(ebs: ebs, deviceName: "/dev/xvda")])
    }

    private mutating func registered(_ name: String) throws -> String {
        try #require(try cloud.perform(RegisterImage.self, request(name)).imageID)
    }

    private mutating func names(_ input: EC2.DescribeImagesRequest) throws -> [String] {
        try cloud.perform(DescribeImages.self, input).images.compactMap(\.name).sorted()
    }

    @Test("are registered over a snapshot and shown with all that was said")
    mutating func register() throws {
        var input = request("web 1.0")
        input.description = "my image"
        input.blockDeviceMappings[0].ebs?.volumeType = .gp3
        input.blockDeviceMappings[0].ebs?.deleteOnTermination = false
        input.blockDeviceMappings.append(.init(ebs: .init(volumeSize: 20), deviceName: "/dev/sdf"))
        input.blockDeviceMappings.append(.init(deviceName: "/dev/sdb", virtualName: "ephemeral0"))
        (input.imageLocation, input.kernelID, input.ramdiskID) = ("", "", "")
        (input.enaSupport, input.bootMode, input.imdsSupport) = (true, .uefi, .init(rawValue: "v2.0"))
        input.tagSpecifications = [.init(resourceType: "image", tags: [.init(key: "a", value: "b")])]
        let id = try cloud.perform(RegisterImage.self, input).imageID
        let image = try #require(try cloud.perform(DescribeImages.self, .init(owners: ["self"])).images.first)
        #expect((image.imageID, image.name, image.description) == (id, "web 1.0", "my image"))
        #expect(image.state == .available && image.public == false && image.architecture == .x86_64)
        #expect(image.rootDeviceName == "/dev/xvda" && image.rootDeviceType == .ebs)
        #expect(image.ownerID == "123456789012" && image.imageOwnerAlias == nil)
        #expect(image.bootMode == .uefi && image.imdsSupport?.rawValue == "v2.0" && image.enaSupport == true)
        #expect(image.tags == [.init(key: "a", value: "b")])
        #expect(image.blockDeviceMappings.map(\.deviceName) == ["/dev/xvda", "/dev/sdf", "/dev/sdb"])
        let root = try #require(image.blockDeviceMappings[0].ebs)
        #expect((root.volumeSize, root.volumeType, root.deleteOnTermination) == (8, .gp3, false))
        #expect((root.iops, root.throughput, root.snapshotID) == (3_000, 125, snapshot.description))
        #expect(image.blockDeviceMappings[2].virtualName == "ephemeral0")
        #expect(image.creationDate?.hasSuffix("Z") == true)
    }

    @Test("are refused when they cannot be")
    mutating func refused() throws {
        func refusal(_ change: (inout EC2.RegisterImageRequest) -> Void) -> String? {
            var input = request("web")
            change(&input)
            return cloud.refusal(of: RegisterImage.self, input)
        }
        #expect(refusal { $0.name = "ab" } == "InvalidAMIName.Malformed")
        #expect(refusal { $0.name = "no*stars" } == "InvalidAMIName.Malformed")
        #expect(refusal { $0.rootDeviceName = nil } == "MissingParameter")
        #expect(refusal { $0.rootDeviceName = "/dev/sda1" } == "InvalidBlockDeviceMapping")
        #expect(refusal { $0.imageLocation = "bucket/x" } == "UnsupportedOperation")
        #expect(refusal { $0.virtualizationType = "paravirtual" } == "UnsupportedOperation")
        #expect(refusal { $0.tpmSupport = .init(rawValue: "v2.0") } == "UnsupportedOperation")
        #expect(refusal { $0.blockDeviceMappings[0].ebs?.volumeSize = 7 } == "InvalidBlockDeviceMapping")
        #expect(refusal { $0.blockDeviceMappings[0].ebs?.encrypted = true } == "InvalidParameterCombination")
        #expect(refusal { $0.blockDeviceMappings[0].ebs?.iops = 5 } == "InvalidParameterCombination")
        #expect(refusal { $0.blockDeviceMappings[0].ebs?.snapshotID = "snap-12345678" } == "InvalidSnapshot.NotFound")
        #expect(refusal { $0.blockDeviceMappings.append($0.blockDeviceMappings[0]) } == "InvalidBlockDeviceMapping")
        _ = try registered("web")
        #expect(refusal { _ in } == "InvalidAMIName.Duplicate")
    }

    @Test("are seen by others when shared or public, and by nobody else")
    mutating func sharing() throws {
        let id = try registered("mine")
        cloud.become(TestCloud.stranger)
        #expect(try names(.init()) == [])
        #expect(cloud.refusal(of: DescribeImages.self, .init(imageIDs: [id])) == "InvalidAMIID.NotFound")
        cloud.become(TestCloud.account)
        let share = EC2.LaunchPermission(userID: TestCloud.stranger.description)
        try cloud.perform(ModifyImageAttribute.self, .init(imageID: id, launchPermission: .init(add: [share])))
        #expect(
            try cloud.perform(DescribeImageAttribute.self, .init(attribute: .launchPermission, imageID: id))
                .launchPermissions == [share])
        #expect(try names(.init(executableUsers: ["self"])) == [])
        #expect(try names(.init(executableUsers: [TestCloud.stranger.description])) == ["mine"])
        cloud.become(TestCloud.stranger)
        #expect(try names(.init(executableUsers: ["self"])) == ["mine"])
        #expect(try names(.init(owners: ["self"])) == [])
        #expect(try names(.init(owners: [TestCloud.account.description])) == ["mine"])
        #expect(
            cloud.refusal(of: DescribeImageAttribute.self, .init(attribute: .description, imageID: id))
                == "AuthFailure")
        #expect(cloud.refusal(of: DeregisterImage.self, .init(imageID: id)) == "AuthFailure")
        cloud.become(TestCloud.account)
        try cloud.perform(ResetImageAttribute.self, .init(attribute: .launchPermission, imageID: id))
        let all = EC2.ModifyImageAttributeRequest(
            attribute: "launchPermission", imageID: id, operationType: .add, userGroups: ["all"])
        try cloud.perform(ModifyImageAttribute.self, all)
        cloud.become(TestCloud.stranger)
        #expect(try names(.init(executableUsers: ["all"])) == ["mine"])
        #expect(try names(.init(executableUsers: ["self"])) == [])
    }

    @Test("take a description and a metadata default, one at a time")
    mutating func attributes() throws {
        let id = try registered("mine")
        try cloud.perform(ModifyImageAttribute.self, .init(description: .init(value: "new"), imageID: id))
        #expect(
            try cloud.perform(DescribeImageAttribute.self, .init(attribute: .description, imageID: id))
                .description?.value == "new")
        try cloud.perform(ModifyImageAttribute.self, .init(imageID: id, imdsSupport: .init(value: "v2.0")))
        #expect(
            try cloud.perform(DescribeImageAttribute.self, .init(attribute: .imdsSupport, imageID: id))
                .imdsSupport?.value == "v2.0")
        for (input, code) in [
            (EC2.ModifyImageAttributeRequest(imageID: id), "MissingParameter"),
            (.init(imageID: id, productCodes: ["x"]), "UnsupportedOperation"),
            (.init(imageID: id, imdsSupport: .init(value: "v1.0")), "InvalidParameterValue"),
            (.init(attribute: "kernel", imageID: id, value: "x"), "InvalidParameterValue"),
            (
                .init(imageID: id, launchPermission: .init(add: [.init(userID: "bob")])),
                "InvalidAMIAttributeItemValue"
            ),
            (
                .init(description: .init(value: "x"), imageID: id, imdsSupport: .init(value: "v2.0")),
                "InvalidParameterCombination"
            ),
        ] {
            #expect(cloud.refusal(of: ModifyImageAttribute.self, input) == code)
        }
    }

    @Test("go when deregistered, and their snapshots when asked")
    mutating func deregister() throws {
        let (first, second) = (try registered("one"), try registered("two"))
        let kept = try cloud.perform(DeregisterImage.self, .init(imageID: first, deleteAssociatedSnapshots: true))
        #expect(kept.deleteSnapshotResults.map(\.returnCode) == [.skipped])
        #expect(cloud.state.snapshots[snapshot] != nil)
        let gone = try cloud.perform(DeregisterImage.self, .init(imageID: second, deleteAssociatedSnapshots: true))
        #expect(gone.deleteSnapshotResults == [.init(snapshotID: snapshot.description, returnCode: .success)])
        #expect(cloud.state.snapshots[snapshot]?.isListed == false && cloud.state.images.count == 0)
        #expect(cloud.refusal(of: DeregisterImage.self, .init(imageID: second)) == "InvalidAMIID.NotFound")
        #expect(cloud.refusal(of: DeregisterImage.self, .init(imageID: "x")) == "InvalidAMIID.Malformed")
    }

    @Test("of an instance are kept for it, and free their name")
    mutating func inUse() throws {
        let id = try #require(ImageID(try registered("one")))
        let subnet = cloud.state.subnets.all(where: IndexKey(.vpc, cloud.defaultVPC.id))[0]
        let instance = InstanceRecord(
            id: cloud.transaction.newID(), account: TestCloud.account, reservation: cloud.transaction.newID(),
            launchIndex: 0, image: id, instanceType: "t3.micro", architecture: .x86_64,
            vCPUs: 2, memoryMiB: 1_024, vpc: subnet.vpc,
            subnet: subnet.id, availabilityZone: subnet.availabilityZone, rootDeviceName: "/dev/xvda",
            now: cloud.transaction.now)
        cloud.transaction.put(instance)
        try cloud.perform(DeregisterImage.self, .init(imageID: id.description))
        #expect(cloud.state.images[id]?.state == .deregistered)
        #expect(try names(.init()) == [])
        #expect(cloud.refusal(of: DeregisterImage.self, .init(imageID: id.description)) == "InvalidAMIID.Unavailable")
        cloud.transaction.delete(instance.id, InstanceRecord.self)
        _ = try registered("one")
        #expect(cloud.state.images[id] == nil)
    }

    @Test("that are disabled or deprecated show where AWS shows them")
    mutating func hidden() throws {
        let (disabled, old) = (ImageID(try registered("disabled"))!, ImageID(try registered("old"))!)
        let past = cloud.transaction.now
        cloud.transaction.update(disabled, ImageRecord.self) { $0.state = .disabled }
        cloud.transaction.update(old, ImageRecord.self) { ($0.deprecationTime, $0.isPublic) = (past, true) }
        cloud.advance(seconds: 1)
        #expect(try names(.init()) == ["old"])
        #expect(try names(.init(includeDisabled: true)) == ["disabled", "old"])
        cloud.become(TestCloud.stranger)
        #expect(try names(.init()) == [])
        #expect(try names(.init(includeDeprecated: true)) == ["old"])
        #expect(try names(.init(imageIDs: [old.description])) == ["old"])
    }

    @Test("of the operator are everybody's to launch")
    mutating func operatorImages() throws {
        let disk = OperatorImage(
            id: cloud.transaction.newID(), snapshot: cloud.transaction.newID(), name: "tiny", architecture: .x86_64,
            sizeGiB: 1, boot: .kernel(arguments: "console=ttyS0"))
        let image = try cloud.transaction.registerOperatorImage(disk)
        #expect(try names(.init(owners: ["amazon"])) == ["tiny"])
        #expect(try cloud.transaction.launchableImage(image.id).boot == .kernel(arguments: "console=ttyS0"))
        #expect(cloud.state.snapshots[disk.snapshot]?.isPublic == true)
        #expect(throws: EC2Error.self) { try cloud.transaction.registerOperatorImage(disk) }
    }
}
