import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeInstanceAttribute`: the one attribute that was asked for.
enum DescribeInstanceAttribute: RecordAction {
    typealias Operation = EC2.Operation.DescribeInstanceAttribute

    static func perform(
        _ input: EC2.DescribeInstanceAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.InstanceAttribute {
        let instance: InstanceRecord = try transaction.owned(try Lookup.id(input.instanceID))
        var result = EC2.InstanceAttribute(instanceID: instance.id.description)
        switch input.attribute {
        case .instanceType: result.instanceType = EC2.AttributeValue(value: instance.instanceType)
        case .kernel: result.kernelID = EC2.AttributeValue(value: instance.kernelID)
        case .ramdisk: result.ramdiskID = EC2.AttributeValue(value: instance.ramdiskID)
        case .userData: result.userData = EC2.AttributeValue(value: instance.userData.map(Base64.encode))
        case .disableAPITermination: result.disableAPITermination = .init(value: instance.disableAPITermination)
        case .disableAPIStop: result.disableAPIStop = .init(value: instance.disableAPIStop)
        case .instanceInitiatedShutdownBehavior:
            result.instanceInitiatedShutdownBehavior = .init(value: instance.shutdownBehavior.rawValue)
        case .rootDeviceName: result.rootDeviceName = EC2.AttributeValue(value: instance.rootDeviceName)
        case .blockDeviceMapping:
            result.blockDeviceMappings = transaction.state.mappings(of: instance).map {
                EC2.InstanceBlockDeviceMapping($0, of: instance)
            }
        case .productCodes: break
        case .sourceDestCheck:
            result.sourceDestCheck = try .init(value: transaction.onlyInterface(of: instance.id).sourceDestinationCheck)
        case .groupSet:
            let groups = instance.state == .terminated ? [] : try transaction.onlyInterface(of: instance.id).groups
            result.groups = EC2.GroupIdentifier.list(groups, in: transaction.state)
        case .ebsOptimized: result.ebsOptimized = EC2.AttributeBooleanValue(value: instance.isEBSOptimized)
        case .sriovNetSupport:
            result.sriovNetSupport = .init(value: transaction.state.images[instance.image]?.sriovNetSupport)
        case .enaSupport:
            result.enaSupport = .init(value: transaction.state.images[instance.image]?.enaSupport ?? true)
        case .enclaveOptions: result.enclaveOptions = EC2.EnclaveOptions(enabled: instance.enclaves)
        }
        return result
    }
}
