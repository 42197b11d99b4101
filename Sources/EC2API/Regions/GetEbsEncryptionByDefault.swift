import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `GetEbsEncryptionByDefault`: volumes are encrypted when a call asks for it, never by default.
enum GetEbsEncryptionByDefault: RecordAction {
    typealias Operation = EC2.Operation.GetEbsEncryptionByDefault

    static func perform(
        _ input: EC2.GetEbsEncryptionByDefaultRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetEbsEncryptionByDefaultResult {
        EC2.GetEbsEncryptionByDefaultResult(
            ebsEncryptionByDefault: false, sseType: EC2.SSEType(rawValue: "none"))
    }
}
