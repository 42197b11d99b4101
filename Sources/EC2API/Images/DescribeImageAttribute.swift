import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeImageAttribute`: one attribute, for the owner alone.
enum DescribeImageAttribute: RecordAction {
    typealias Operation = EC2.Operation.DescribeImageAttribute

    static func perform(
        _ input: EC2.DescribeImageAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ImageAttribute {
        let image = try transaction.ownImage(Lookup.id(input.imageID))
        var answer = EC2.ImageAttribute(imageID: image.id.description)
        switch input.attribute {
        case .description: answer.description = value(image.description)
        case .kernel: answer.kernelID = value(image.kernelID)
        case .ramdisk: answer.ramdiskID = value(image.ramdiskID)
        case .launchPermission: answer.launchPermissions = launchPermissions(of: image)
        case .productCodes: break
        case .blockDeviceMapping:
            answer.blockDeviceMappings = image.blockDevices.map(EC2.BlockDeviceMapping.init(attributeOf:))
        case .sriovNetSupport: answer.sriovNetSupport = value(image.sriovNetSupport)
        case .bootMode: answer.bootMode = value(image.bootMode)
        case .tpmSupport: answer.tpmSupport = value(image.tpmSupport)
        case .uefiData: answer.uefiData = value(nil)
        case .lastLaunchedTime: answer.lastLaunchedTime = value(image.lastLaunchedAt?.description)
        case .imdsSupport: answer.imdsSupport = value(image.imdsSupport)
        case .deregistrationProtection:
            answer.deregistrationProtection = value(image.isProtected(at: transaction.now) ? "enabled" : "disabled")
        }
        return answer
    }

    private static func value(_ text: String?) -> EC2.AttributeValue { EC2.AttributeValue(value: text) }

    private static func launchPermissions(of image: ImageRecord) -> [EC2.LaunchPermission] {
        (image.isPublic ? [EC2.LaunchPermission(group: .all)] : [])
            + image.launchPermissions.sorted().map { EC2.LaunchPermission(userID: $0.description) }
    }
}
