import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `GetEbsDefaultKmsKeyId`: the key of every account that has chosen no other.
enum GetEbsDefaultKmsKeyId: RecordAction {
    typealias Operation = EC2.Operation.GetEbsDefaultKmsKeyId

    static func perform(
        _ input: EC2.GetEbsDefaultKmsKeyIdRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetEbsDefaultKmsKeyIdResult {
        EC2.GetEbsDefaultKmsKeyIdResult(kmsKeyID: "alias/aws/ebs")
    }
}
