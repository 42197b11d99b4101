// Which key something new gets, and what is refused.

import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

/// Keys of nobody in particular.
enum TestKey {
    static let one = "11111111-2222-3333-4444-555555555555"
    static let two = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

    static func arn(_ id: String, of account: AccountID = TestCloud.account) -> String {
        "arn:aws:kms:us-east-1:\(account):key/\(id)"
    }
}

extension TestCloud {
    /// A volume whose bytes are there.
    mutating func volume(_ encryption: EncryptionWish = EncryptionWish()) throws(EC2Error) -> VolumeRecord {
        var order = VolumeOrder(zone: "us-east-1a")
        (order.sizeGiB, order.encryption) = (1, encryption)
        let id = try transaction.createVolume(order).id
        transaction.update(id, VolumeRecord.self) { ($0.isRealised, $0.state) = (true, .available) }
        return try transaction.owned(id)
    }

    /// A snapshot of a new volume under the key; nil: in the clear.
    mutating func snapshot(under key: String?) throws(EC2Error) -> SnapshotRecord {
        let wish = EncryptionWish(isEncrypted: key.map { _ in true }, key: key.map { .id($0) })
        return try stored(transaction.createSnapshot(SnapshotOrder(volume: volume(wish).id)).id)
    }

    /// The node has stored the snapshot.
    mutating func stored(_ id: SnapshotID) throws(EC2Error) -> SnapshotRecord {
        transaction.update(id, SnapshotRecord.self) { ($0.state, $0.isMomentHeld) = (.completed, true) }
        return try transaction.owned(id)
    }

    var managedKey: String? { state.accounts[transaction.account]?.managedKeyID }
}

@Suite("Encryption by default")
struct EncryptionByDefaultTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    @Test("is off until the account switches it on, and of one account alone")
    mutating func switched() throws {
        #expect(try cloud.perform(GetEbsEncryptionByDefault.self, .init()).ebsEncryptionByDefault == false)
        #expect(try cloud.volume().keyID == nil)
        #expect(try cloud.perform(EnableEbsEncryptionByDefault.self, .init()).ebsEncryptionByDefault == true)
        #expect(try cloud.perform(GetEbsEncryptionByDefault.self, .init()).sseType == .sseKMS)
        #expect(try cloud.volume().keyID == cloud.managedKey)
        #expect(try cloud.volume(EncryptionWish(isEncrypted: false)).keyID == cloud.managedKey)
        cloud.become(TestCloud.stranger)
        #expect(try cloud.volume().keyID == nil)
        cloud.become(TestCloud.account)
        #expect(try cloud.perform(DisableEbsEncryptionByDefault.self, .init()).ebsEncryptionByDefault == false)
        #expect(try cloud.volume().keyID == nil)
    }

    @Test("takes the key that the account chose, and the AWS managed one again when that is given back")
    mutating func key() throws {
        #expect(try cloud.perform(GetEbsDefaultKmsKeyId.self, .init()).kmsKeyID == "alias/aws/ebs")
        #expect(cloud.managedKey == nil, "made when it is first needed")
        let chosen = try cloud.perform(ModifyEbsDefaultKmsKeyId.self, .init(kmsKeyID: TestKey.one))
        #expect(chosen.kmsKeyID == TestKey.arn(TestKey.one))
        #expect(try cloud.perform(GetEbsDefaultKmsKeyId.self, .init()).kmsKeyID == chosen.kmsKeyID)
        #expect(try cloud.volume(EncryptionWish(isEncrypted: true)).keyID == TestKey.one)
        let reset = try #require(try cloud.perform(ResetEbsDefaultKmsKeyId.self, .init()).kmsKeyID)
        let managed = try #require(cloud.managedKey)
        #expect(reset == TestKey.arn(managed))
        #expect(managed.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        #expect(try cloud.perform(GetEbsDefaultKmsKeyId.self, .init()).kmsKeyID == reset)
        #expect(try cloud.volume(EncryptionWish(isEncrypted: true)).keyID == managed)
        for name in ["alias/aws/ebs", "arn:aws:kms:us-east-1:\(TestCloud.account):alias/aws/ebs", managed, reset] {
            #expect(try cloud.perform(ModifyEbsDefaultKmsKeyId.self, .init(kmsKeyID: name)).kmsKeyID == reset)
        }
        cloud.become(TestCloud.stranger)
        #expect(try cloud.perform(ResetEbsDefaultKmsKeyId.self, .init()).kmsKeyID != reset)
    }

    @Test(
        "takes no key that cannot be here",
        arguments: [
            ("alias/mine", "InvalidKMSKey.InvalidState"),
            ("arn:aws:kms:us-east-1:123456789012:alias/mine", "InvalidKMSKey.InvalidState"),
            (TestKey.arn(TestKey.one, of: TestCloud.stranger), "InvalidKMSKey.InvalidState"),
            ("arn:aws:kms:eu-west-1:123456789012:key/\(TestKey.one)", "InvalidKMSKey.InvalidState"),
            ("mrk-0123456789abcdef0123456789abcdef", "InvalidKMSKey.InvalidState"),
            ("", "InvalidParameterValue"), ("mine", "InvalidParameterValue"), ("alias/", "InvalidParameterValue"),
            ("arn:aws:kms:us-east-1:123456789012:key/x", "InvalidParameterValue"),
            (TestKey.two.uppercased(), "InvalidParameterValue"), ("../\(TestKey.one)", "InvalidParameterValue"),
        ])
    mutating func names(name: String, code: String) {
        #expect(cloud.refusal(of: ModifyEbsDefaultKmsKeyId.self, .init(kmsKeyID: name)) == code)
        let volume = EC2.CreateVolumeRequest(
            availabilityZone: "us-east-1a", encrypted: true, kmsKeyID: name, size: 1)
        #expect(cloud.refusal(of: CreateVolume.self, volume) == code)
        #expect(cloud.state.volumes.count == 0 && cloud.state.encryptionKeys.count == 0)
    }

    @Test("takes no more keys than an account may have")
    func quota() throws {
        var cloud = try TestCloud { $0.quotas.encryptionKeys = 1 }
        // AWS's own does not count.
        try cloud.perform(ResetEbsDefaultKmsKeyId.self, .init())
        try cloud.perform(ModifyEbsDefaultKmsKeyId.self, .init(kmsKeyID: TestKey.one))
        #expect(
            cloud.refusal(of: ModifyEbsDefaultKmsKeyId.self, .init(kmsKeyID: TestKey.two))
                == "InvalidKMSKey.InvalidState")
        try cloud.perform(ModifyEbsDefaultKmsKeyId.self, .init(kmsKeyID: TestKey.one))
    }

    @Test("takes no key that another account has")
    mutating func foreign() throws {
        _ = try cloud.perform(ModifyEbsDefaultKmsKeyId.self, .init(kmsKeyID: TestKey.one))
        cloud.become(TestCloud.stranger)
        #expect(
            cloud.refusal(of: ModifyEbsDefaultKmsKeyId.self, .init(kmsKeyID: TestKey.one))
                == "InvalidKMSKey.InvalidState")
        #expect(try cloud.perform(GetEbsDefaultKmsKeyId.self, .init()).kmsKeyID == "alias/aws/ebs")
    }
}

@Suite("Encrypted volumes")
struct EncryptedVolumeTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func made(_ change: (inout EC2.CreateVolumeRequest) -> Void) throws -> EC2.Volume {
        var input = EC2.CreateVolumeRequest(availabilityZone: "us-east-1a", size: 1)
        change(&input)
        return try cloud.perform(CreateVolume.self, input)
    }

    private mutating func refusal(_ change: (inout EC2.CreateVolumeRequest) -> Void) -> String? {
        var input = EC2.CreateVolumeRequest(availabilityZone: "us-east-1a", size: 1)
        change(&input)
        return cloud.refusal(of: CreateVolume.self, input)
    }

    @Test("show the ARN of their key, and are found as what they are")
    mutating func shown() throws {
        let plain = try made { $0.encrypted = false }
        #expect(plain.encrypted == false && plain.kmsKeyID == nil)
        let managed = try made { $0.encrypted = true }
        #expect(managed.encrypted == true && managed.kmsKeyID == cloud.managedKey.map { TestKey.arn($0) })
        for name in [TestKey.one, TestKey.arn(TestKey.one)] {
            let named = try made { ($0.encrypted, $0.kmsKeyID) = (true, name) }
            #expect(named.encrypted == true && named.kmsKeyID == TestKey.arn(TestKey.one))
        }
        let found = try cloud.perform(
            DescribeVolumes.self, .init(filters: [.init(name: "encrypted", values: ["true"])]))
        #expect(found.volumes.count == 3 && found.volumes.allSatisfy { $0.encrypted == true && $0.kmsKeyID != nil })
    }

    @Test("are not had by naming a key alone")
    mutating func dependency() {
        #expect(refusal { $0.kmsKeyID = TestKey.one } == "InvalidParameterDependency")
        #expect(refusal { ($0.encrypted, $0.kmsKeyID) = (false, TestKey.one) } == "InvalidParameterDependency")
        cloud.transaction.encryptByDefault(true)
        #expect(refusal { $0.kmsKeyID = TestKey.one } == "InvalidParameterDependency")
    }

    @Test("come of encrypted snapshots always: under the same key, or another that is named")
    mutating func snapshots() throws {
        let snapshot = try cloud.snapshot(under: TestKey.one).id.description
        #expect(refusal { ($0.snapshotID, $0.encrypted) = (snapshot, false) } == "InvalidParameterCombination")
        #expect(try made { $0.snapshotID = snapshot }.kmsKeyID == TestKey.arn(TestKey.one))
        #expect(try made { ($0.snapshotID, $0.encrypted) = (snapshot, true) }.kmsKeyID == TestKey.arn(TestKey.one))
        let other = try made { ($0.snapshotID, $0.encrypted, $0.kmsKeyID) = (snapshot, true, TestKey.two) }
        #expect(other.kmsKeyID == TestKey.arn(TestKey.two))
        cloud.transaction.encryptByDefault(true)
        #expect(try made { $0.snapshotID = snapshot }.kmsKeyID == TestKey.arn(TestKey.one))
    }

    @Test("come of snapshots in the clear where that is asked for")
    mutating func plain() throws {
        let snapshot = try cloud.snapshot(under: nil).id.description
        #expect(try made { $0.snapshotID = snapshot }.encrypted == false)
        let managed = try made { ($0.snapshotID, $0.encrypted) = (snapshot, true) }
        #expect(managed.kmsKeyID == cloud.managedKey.map { TestKey.arn($0) })
    }

    @Test("are copied under their key, and from the clear where encryption is by default")
    mutating func copies() throws {
        let sealed = try cloud.volume(EncryptionWish(isEncrypted: true, key: .id(TestKey.one))).id
        let (plain, other) = (try cloud.volume().id, try cloud.volume().id)
        cloud.transaction.chooseDefaultKey(TestKey.two)
        #expect(try cloud.transaction.copyVolume(VolumeCopyOrder(source: plain)).keyID == nil)
        cloud.transaction.encryptByDefault(true)
        #expect(try cloud.transaction.copyVolume(VolumeCopyOrder(source: other)).keyID == TestKey.two)
        #expect(try cloud.transaction.copyVolume(VolumeCopyOrder(source: sealed)).keyID == TestKey.one)
    }

    @Test("of a snapshot that another account shared have a key of one's own")
    mutating func shared() throws {
        let snapshot = try cloud.snapshot(under: TestKey.one).id
        try cloud.perform(
            ModifySnapshotAttribute.self,
            .init(
                operationType: .add, snapshotID: snapshot.description, userIDs: [TestCloud.stranger.description]))
        cloud.become(TestCloud.stranger)
        let made = try made { $0.snapshotID = snapshot.description }
        let key = try #require(cloud.managedKey)
        #expect(made.kmsKeyID == TestKey.arn(key, of: TestCloud.stranger))
    }
}

@Suite("Encrypted snapshots")
struct EncryptedSnapshotTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func copied(
        _ source: SnapshotRecord, _ change: (inout EC2.CopySnapshotRequest) -> Void = { _ in }
    ) throws -> SnapshotRecord {
        var input = EC2.CopySnapshotRequest(sourceRegion: "us-east-1", sourceSnapshotID: source.id.description)
        change(&input)
        let id = try cloud.perform(CopySnapshot.self, input).snapshotID
        return try cloud.stored(try #require(id.flatMap { SnapshotID($0) }))
    }

    private mutating func sharing(
        _ id: SnapshotID, _ change: (inout EC2.ModifySnapshotAttributeRequest) -> Void
    )
        -> String?
    {
        var input = EC2.ModifySnapshotAttributeRequest(operationType: .add, snapshotID: id.description)
        change(&input)
        return cloud.refusal(of: ModifySnapshotAttribute.self, input)
    }

    @Test("have their volume's key, and show its ARN")
    mutating func shown() throws {
        let snapshot = try cloud.snapshot(under: TestKey.one)
        #expect(snapshot.keyID == TestKey.one)
        let filter = EC2.Filter(name: "encrypted", values: ["true"])
        let found = try cloud.perform(DescribeSnapshots.self, .init(ownerIDs: ["self"], filters: [filter])).snapshots
        #expect(found.map(\.snapshotID) == [snapshot.id.description])
        #expect(found.first?.encrypted == true && found.first?.kmsKeyID == TestKey.arn(TestKey.one))
    }

    @Test("are copied under the key that is named, else under the account's")
    mutating func copies() throws {
        let (plain, sealed) = (try cloud.snapshot(under: nil), try cloud.snapshot(under: TestKey.one))
        #expect(try copied(plain).keyID == nil && copied(plain) { $0.encrypted = false }.keyID == nil)
        #expect(try copied(sealed) { ($0.encrypted, $0.kmsKeyID) = (true, TestKey.two) }.keyID == TestKey.two)
        #expect(try copied(plain) { ($0.encrypted, $0.kmsKeyID) = (true, TestKey.two) }.keyID == TestKey.two)
        cloud.transaction.chooseDefaultKey(TestKey.two)
        #expect(try copied(plain) { $0.encrypted = true }.keyID == TestKey.two)
        #expect(try copied(sealed).keyID == cloud.managedKey, "the default key is for encryption that is asked for")
        cloud.transaction.encryptByDefault(true)
        #expect(try copied(plain).keyID == TestKey.two && copied(sealed).keyID == TestKey.two)
    }

    @Test("are not copied into the clear, nor under a key that is named alone")
    mutating func refusedCopies() throws {
        let (plain, sealed) = (try cloud.snapshot(under: nil), try cloud.snapshot(under: TestKey.one))
        var input = EC2.CopySnapshotRequest(sourceRegion: "us-east-1", sourceSnapshotID: sealed.id.description)
        input.encrypted = false
        #expect(cloud.refusal(of: CopySnapshot.self, input) == "InvalidParameterCombination")
        (input.encrypted, input.kmsKeyID, input.sourceSnapshotID) = (nil, TestKey.two, plain.id.description)
        #expect(cloud.refusal(of: CopySnapshot.self, input) == "InvalidParameterDependency")
        (input.encrypted, input.kmsKeyID) = (true, "alias/mine")
        #expect(cloud.refusal(of: CopySnapshot.self, input) == "InvalidKMSKey.InvalidState")
    }

    @Test("are taken in where their key is at home, and where nobody has it")
    mutating func takenIn() throws {
        func taken(_ key: String) throws(EC2Error) -> String? {
            try cloud.transaction.takeInSnapshot(
                cloud.transaction.newID(), sizeGiB: 1, fullBytes: 0, description: "", keyID: key
            ).keyID
        }
        #expect(try taken(TestKey.one) == TestKey.one && taken(TestKey.one) == TestKey.one)
        cloud.become(TestCloud.stranger)
        #expect(throws: EC2Error.unusableKey) { try taken(TestKey.one) }
        #expect(try taken(TestKey.two) == TestKey.two)
    }

    @Test("are never public, and shared with no account where the key is the AWS managed one")
    mutating func shared() throws {
        let own = try cloud.snapshot(under: TestKey.one).id
        let managed = try cloud.stored(
            cloud.transaction.createSnapshot(
                SnapshotOrder(volume: cloud.volume(EncryptionWish(isEncrypted: true)).id)
            ).id
        ).id
        let friend = TestCloud.stranger.description
        #expect(sharing(own) { $0.groupNames = ["all"] } == "OperationNotPermitted")
        #expect(sharing(own) { $0.userIDs = [friend] } == nil)
        #expect(sharing(managed) { $0.userIDs = [friend] } == "OperationNotPermitted")
        #expect(sharing(managed) { ($0.operationType, $0.userIDs) = (.remove, [friend]) } == nil)
        #expect(cloud.state.snapshots[own]?.sharedWith == [TestCloud.stranger])
        #expect(cloud.state.snapshots[managed]?.sharedWith == nil && cloud.state.snapshots[own]?.isPublic == false)
    }
}

@Suite("Encrypted disks of instances and images")
struct EncryptedImageTests {
    private var cloud: TestCloud
    init() throws { cloud = try TestCloud() }

    private mutating func disks(
        of image: ImageRecord, _ mappings: [EC2.BlockDeviceMapping] = []
    ) throws -> [String: VolumeRecord] {
        var input = cloud.request()
        (input.imageID, input.blockDeviceMappings) = (image.id.description, mappings)
        let instance = try cloud.launched(input)[0]
        let volumes = cloud.state.volumes.all(where: IndexKey(.instance, instance))
        return Dictionary(uniqueKeysWithValues: volumes.map { ($0.attachments[0].deviceName, $0) })
    }

    /// One whose root is sealed with the key.
    private mutating func image(under key: String?) throws -> ImageRecord {
        let snapshot = try cloud.snapshot(under: key)
        return cloud.image { image in
            image.blockDevices[0].ebs = ImageRecord.EBS(
                snapshot: snapshot.id, sizeGiB: 1, isEncrypted: snapshot.isEncrypted)
        }
    }

    @Test("are as the mappings say")
    mutating func mappings() throws {
        let plain = try image(under: nil)
        let found = try disks(
            of: plain,
            [
                .init(ebs: .init(encrypted: true), deviceName: "/dev/xvda"),
                .init(ebs: .init(volumeSize: 1, kmsKeyID: TestKey.one, encrypted: true), deviceName: "/dev/sdf"),
                .init(ebs: .init(volumeSize: 1), deviceName: "/dev/sdg"),
            ])
        #expect(found["/dev/xvda"]?.keyID == cloud.managedKey && cloud.managedKey != nil)
        #expect(found["/dev/sdf"]?.keyID == TestKey.one && found["/dev/sdg"]?.isEncrypted == false)
    }

    @Test("are encrypted where the image is, whoever launches it")
    mutating func images() throws {
        let sealed = try image(under: TestKey.one)
        #expect(try disks(of: sealed)["/dev/xvda"]?.keyID == TestKey.one)
        cloud.transaction.update(sealed.id, ImageRecord.self) { $0.launchPermissions = [TestCloud.stranger] }
        cloud.become(TestCloud.stranger)
        let foreign = try disks(of: sealed)["/dev/xvda"]?.keyID
        #expect(foreign != nil && foreign == cloud.managedKey)
    }

    @Test("are refused where they cannot be")
    mutating func refused() throws {
        let sealed = try image(under: TestKey.one)
        for (mapping, code) in [
            (EC2.EbsBlockDevice(encrypted: false), "InvalidParameterCombination"),
            (EC2.EbsBlockDevice(kmsKeyID: TestKey.two), "InvalidParameterDependency"),
            (EC2.EbsBlockDevice(kmsKeyID: "alias/mine", encrypted: true), "InvalidKMSKey.InvalidState"),
        ] {
            var input = cloud.request()
            input.imageID = sealed.id.description
            input.blockDeviceMappings = [.init(ebs: mapping, deviceName: "/dev/xvda")]
            #expect(cloud.refusal(of: RunInstances.self, input) == code)
        }
        #expect(cloud.state.instances.count == 0)
    }

    @Test(
        "go into an image of the instance as they are; a new disk of it may be encrypted, one of a snapshot not be told"
    )
    mutating func making() throws {
        let instance = try cloud.stopped().description
        func request(_ name: String, _ ebs: EC2.EbsBlockDevice) -> ImageOrder {
            var order = ImageOrder(instance: InstanceID(instance)!, name: name)
            var wish = ImageDeviceWish(deviceName: "/dev/sdh")
            (wish.isEncrypted, wish.sizeGiB, wish.snapshot) = (
                ebs.encrypted, ebs.volumeSize, ebs.snapshotID.flatMap { SnapshotID($0) }
            )
            order.devices = [wish]
            return order
        }
        let image = try cloud.transaction.createImage(request("one", .init(volumeSize: 1, encrypted: true)))
        #expect(image.blockDevices.map { $0.ebs?.isEncrypted } == [false, true])
        let snapshot = try cloud.snapshot(under: nil).id.description
        do throws(EC2Error) {
            _ = try cloud.transaction.createImage(request("two", .init(snapshotID: snapshot, encrypted: true)))
            Issue.record("a snapshot's encryption was changed by a mapping")
        } catch {
            #expect(error.code == "InvalidBlockDeviceMapping")
        }
        for snapshot in image.blockDevices.compactMap({ $0.ebs?.snapshot }) { _ = try cloud.stored(snapshot) }
        cloud.transaction.update(image.id, ImageRecord.self) { $0.state = .available }
        let found = try disks(of: image)
        #expect(found["/dev/sdh"]?.keyID == cloud.managedKey && found["/dev/xvda"]?.isEncrypted == false)
        let shown = try cloud.perform(DescribeImages.self, .init(imageIDs: [image.id.description])).images[0]
        #expect(shown.blockDeviceMappings.map { $0.ebs?.encrypted } == [false, true])
        let attribute = try cloud.perform(
            DescribeImageAttribute.self, .init(attribute: .blockDeviceMapping, imageID: image.id.description))
        #expect(attribute.blockDeviceMappings.map { $0.ebs?.encrypted } == [nil, nil])
    }

    @Test("of a registered image follow their snapshots")
    mutating func registering() throws {
        let sealed = try cloud.snapshot(under: TestKey.one).id.description
        var input = EC2.RegisterImageRequest(
            name: "sealed", rootDeviceName: "/dev/xvda",
            blockDeviceMappings: [
                .init(ebs: .init(snapshotID: sealed), deviceName: "/dev/xvda"),
                .init(ebs: .init(volumeSize: 1, encrypted: true), deviceName: "/dev/sdf"),
            ])
        let id = try #require(try cloud.perform(RegisterImage.self, input).imageID.flatMap { ImageID($0) })
        #expect(cloud.state.images[id]?.blockDevices.map { $0.ebs?.isEncrypted } == [true, true])
        input.name = "again"
        input.blockDeviceMappings[1].ebs?.kmsKeyID = TestKey.one
        #expect(cloud.refusal(of: RegisterImage.self, input) == "InvalidParameterCombination")
    }

    @Test("of a copied image are sealed anew")
    mutating func copying() throws {
        let (plain, sealed) = (try image(under: nil), try image(under: TestKey.one))
        func copy(_ source: ImageRecord, _ change: (inout EC2.CopyImageRequest) -> Void) throws -> ImageRecord.EBS? {
            var input = EC2.CopyImageRequest(
                name: "copy-\(cloud.state.images.count)", sourceImageID: source.id.description,
                sourceRegion: "us-east-1")
            change(&input)
            let id = try cloud.perform(CopyImage.self, input).imageID.flatMap { ImageID($0) }
            return id.flatMap { cloud.state.images[$0]?.blockDevices.first?.ebs }
        }
        func key(_ ebs: ImageRecord.EBS?) -> String? { ebs?.snapshot.flatMap { cloud.state.snapshots[$0]?.keyID } }
        let still = try copy(plain) { $0.encrypted = false }
        #expect(still?.isEncrypted == false && key(still) == nil)
        let named = try copy(plain) { ($0.encrypted, $0.kmsKeyID) = (true, TestKey.two) }
        #expect(named?.isEncrypted == true && key(named) == TestKey.two)
        // Terraform says false where nobody said anything.
        let again = try copy(sealed) { $0.encrypted = false }
        #expect(again?.isEncrypted == true && key(again) == cloud.managedKey)
        let alone = EC2.CopyImageRequest(
            kmsKeyID: TestKey.two, name: "alone", sourceImageID: plain.id.description, sourceRegion: "us-east-1")
        #expect(cloud.refusal(of: CopyImage.self, alone) == "InvalidParameterDependency")
    }

    @Test("keep an image from everybody, and under the AWS managed key from every other account")
    mutating func sharing() throws {
        let own = try image(under: TestKey.one).id.description
        let managed = try image(under: cloud.transaction.managedKeyID()).id.description
        func refusal(_ id: String, _ permission: EC2.LaunchPermission) -> String? {
            cloud.refusal(
                of: ModifyImageAttribute.self, .init(imageID: id, launchPermission: .init(add: [permission])))
        }
        let friend = EC2.LaunchPermission(userID: TestCloud.stranger.description)
        #expect(refusal(own, .init(group: .all)) == "UnsupportedOperation")
        #expect(refusal(own, friend) == nil)
        #expect(refusal(managed, .init(group: .all)) == "UnsupportedOperation")
        #expect(refusal(managed, friend) == "InvalidParameter")
        #expect(
            cloud.refusal(
                of: ModifyImageAttribute.self, .init(imageID: managed, launchPermission: .init(remove: [friend])))
                == nil)
    }

    @Test("stay encrypted when the root is replaced, and become so where the new one's snapshot is")
    mutating func roots() throws {
        let plain = try image(under: nil)
        var input = cloud.request()
        input.imageID = plain.id.description
        let clear = try cloud.running(input)
        input.blockDeviceMappings = [
            .init(ebs: .init(kmsKeyID: TestKey.two, encrypted: true), deviceName: "/dev/xvda")
        ]
        let sealed = try cloud.running(input)
        func key(_ instance: InstanceID, _ source: RootTaskOrder.Source) throws -> String? {
            let task = try cloud.transaction.replaceRoot(RootTaskOrder(instance: instance, source: source))
            return cloud.state.volumes[task.volume]?.keyID
        }
        #expect(try key(sealed, .launchState) == TestKey.two)
        let other = try image(under: TestKey.one)
        #expect(try key(clear, .image(other.id)) == TestKey.one)
    }
}
