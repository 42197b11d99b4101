import AWSWire
import CloudTypes
import ControlPlane
import Testing

@testable import EC2API

@Suite("How long an image is to be had")
struct ImageLifetimeTests {
    private var cloud: TestCloud
    private let image: String

    init() throws {
        cloud = try TestCloud()
        let snapshot: SnapshotID = cloud.transaction.newID()
        cloud.transaction.put(
            SnapshotRecord(
                id: snapshot, account: TestCloud.account, sizeGiB: 8, description: "",
                startedAt: cloud.transaction.now))
        let ebs = EC2.EbsBlockDevice(snapshotID: snapshot.description)
        let request = EC2.RegisterImageRequest(
            name: "mine", rootDeviceName: "/dev/xvda",
            blockDeviceMappings: [.init(ebs: ebs, deviceName: "/dev/xvda")])
        image = try #require(try cloud.perform(RegisterImage.self, request).imageID)
    }

    private mutating func shown(_ input: EC2.DescribeImagesRequest = .init()) throws -> [EC2.Image] {
        try cloud.perform(DescribeImages.self, input).images
    }

    private mutating func share(_ permission: EC2.LaunchPermission) -> String? {
        cloud.refusal(
            of: ModifyImageAttribute.self, .init(imageID: image, launchPermission: .init(add: [permission])))
    }

    @Test("a disabled one is nobody's to launch, is shared with nobody, and comes back private")
    mutating func disabled() throws {
        #expect(share(.init(userID: TestCloud.stranger.description)) == nil)
        try cloud.perform(DisableImage.self, .init(imageID: image))
        #expect(try shown().isEmpty)
        #expect(try shown(.init(includeDisabled: true)).map(\.state) == [.disabled])
        #expect(share(.init(userID: TestCloud.stranger.description)) == "IncorrectState")
        var launch = cloud.request()
        launch.imageID = image
        #expect(cloud.refusal(of: RunInstances.self, launch) == "InvalidAMIID.Unavailable")
        try cloud.perform(EnableImage.self, .init(imageID: image))
        #expect(try shown(.init(imageIDs: [image])).map(\.state) == [.available])
        cloud.become(TestCloud.stranger)
        #expect(try shown().isEmpty)
        #expect(cloud.refusal(of: DisableImage.self, .init(imageID: image)) == "InvalidAMIID.NotFound")
    }

    @Test("deprecation is set to the minute, in the future, and taken back")
    mutating func deprecated() throws {
        let now = cloud.transaction.now
        let moment = now.adding(seconds: 3_600)
        try cloud.perform(EnableImageDeprecation.self, .init(imageID: image, deprecateAt: moment))
        let told = try #require(try shown().first?.deprecationTime)
        #expect(told.hasSuffix(":00.000Z"))
        for far in [-60, 11 * 366 * 86_400] as [Double] {
            let input = EC2.EnableImageDeprecationRequest(imageID: image, deprecateAt: now.adding(seconds: far))
            #expect(cloud.refusal(of: EnableImageDeprecation.self, input) == "InvalidParameterValue")
        }
        try cloud.perform(DisableImageDeprecation.self, .init(imageID: image))
        #expect(try shown().first?.deprecationTime == nil)
    }

    @Test("protection holds until it is taken away, or a day longer")
    mutating func protected() throws {
        try cloud.perform(EnableImageDeregistrationProtection.self, .init(imageID: image, withCooldown: true))
        #expect(try shown().first?.deregistrationProtection == "enabled")
        #expect(cloud.refusal(of: DeregisterImage.self, .init(imageID: image)) == "OperationNotPermitted")
        try cloud.perform(DisableImageDeregistrationProtection.self, .init(imageID: image))
        #expect(cloud.refusal(of: DeregisterImage.self, .init(imageID: image)) == "OperationNotPermitted")
        cloud.advance(seconds: 86_401)
        #expect(try shown().first?.deregistrationProtection == "disabled")
        #expect(cloud.refusal(of: DeregisterImage.self, .init(imageID: image)) == nil)
    }

    @Test("whom it was shared with can give it up")
    mutating func cancelled() throws {
        #expect(cloud.refusal(of: CancelImageLaunchPermission.self, .init(imageID: image)) == "InvalidParameterValue")
        #expect(share(.init(userID: TestCloud.stranger.description)) == nil)
        cloud.become(TestCloud.stranger)
        #expect(try shown().count == 1)
        try cloud.perform(CancelImageLaunchPermission.self, .init(imageID: image))
        #expect(try shown().isEmpty)
    }

    @Test("an account that blocks public access makes none public, and keeps those that are")
    mutating func blocked() throws {
        #expect(
            try cloud.perform(GetImageBlockPublicAccessState.self, .init()).imageBlockPublicAccessState == "unblocked")
        try cloud.perform(
            EnableImageBlockPublicAccess.self, .init(imageBlockPublicAccessState: .blockNewSharing))
        #expect(
            try cloud.perform(GetImageBlockPublicAccessState.self, .init()).imageBlockPublicAccessState
                == "block-new-sharing")
        #expect(share(.init(group: .all)) == "OperationNotPermitted")
        #expect(share(.init(userID: TestCloud.stranger.description)) == nil)
        try cloud.perform(DisableImageBlockPublicAccess.self, .init())
        #expect(share(.init(group: .all)) == nil)
        try cloud.perform(
            EnableImageBlockPublicAccess.self, .init(imageBlockPublicAccessState: .blockNewSharing))
        #expect(share(.init(group: .all)) == nil)
        #expect(try shown().first?.public == true)
    }
}
