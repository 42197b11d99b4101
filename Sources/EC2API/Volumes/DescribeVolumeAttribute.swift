import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `DescribeVolumeAttribute`: the one attribute that was asked for.
enum DescribeVolumeAttribute: RecordAction {
    typealias Operation = EC2.Operation.DescribeVolumeAttribute

    static func perform(
        _ input: EC2.DescribeVolumeAttributeRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DescribeVolumeAttributeResult {
        let volume: VolumeRecord = try transaction.owned(try Lookup.id(input.volumeID))
        var result = EC2.DescribeVolumeAttributeResult(volumeID: volume.id.description)
        switch input.attribute {
        case .autoEnableIO: result.autoEnableIO = EC2.AttributeBooleanValue(value: volume.autoEnableIO)
        case .productCodes: break
        }
        return result
    }
}
