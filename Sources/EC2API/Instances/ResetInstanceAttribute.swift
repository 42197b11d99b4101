import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ResetInstanceAttribute`: the source/destination check holds again; kernel and ramdisk are the image's here.
enum ResetInstanceAttribute: RecordAction {
    typealias Operation = EC2.Operation.ResetInstanceAttribute

    static func perform(
        _ input: EC2.ResetInstanceAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let instance: InstanceRecord = try transaction.owned(try Lookup.id(input.instanceID))
        switch input.attribute {
        case .sourceDestCheck: try transaction.change(instance.id, by: .sourceDestinationCheck(true))
        case .kernel, .ramdisk:
            throw .unsupported(
                "The attribute \(input.attribute.rawValue) cannot be reset on this cloud: an image brings its own kernel."
            )
        case .instanceType, .userData, .disableAPITermination, .disableAPIStop, .instanceInitiatedShutdownBehavior,
            .rootDeviceName, .blockDeviceMapping, .productCodes, .groupSet, .ebsOptimized, .sriovNetSupport,
            .enaSupport, .enclaveOptions:
            throw .invalidParameterValue(
                name: "attribute", value: input.attribute.rawValue,
                reason: "Valid values are kernel, ramdisk and sourceDestCheck.")
        }
        return Operation.Output()
    }
}
