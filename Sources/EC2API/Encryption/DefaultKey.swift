// The key that is used where none is named: asked, chosen, and given back.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `GetEbsDefaultKmsKeyId`: the ARN of what was chosen; an account that never chose shows the alias of the AWS managed key.
enum GetEbsDefaultKmsKeyId: RecordAction {
    typealias Operation = EC2.Operation.GetEbsDefaultKmsKeyId

    static func perform(
        _ input: EC2.GetEbsDefaultKmsKeyIdRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetEbsDefaultKmsKeyIdResult {
        let chosen = transaction.state.accounts[transaction.account]?.defaultKeyID
        return EC2.GetEbsDefaultKmsKeyIdResult(
            kmsKeyID: chosen.map { transaction.settings.arn(ofKey: $0, account: transaction.account) }
                ?? KeyName.managedAlias)
    }
}

/// `ModifyEbsDefaultKmsKeyId`
enum ModifyEbsDefaultKmsKeyId: RecordAction {
    typealias Operation = EC2.Operation.ModifyEbsDefaultKmsKeyId

    static func perform(
        _ input: EC2.ModifyEbsDefaultKmsKeyIdRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyEbsDefaultKmsKeyIdResult {
        let name = try KeyName(input.kmsKeyID, of: transaction.account, in: transaction.settings.region)
        let id = try transaction.keyID(name)
        transaction.chooseDefaultKey(id)
        return EC2.ModifyEbsDefaultKmsKeyIdResult(
            kmsKeyID: transaction.settings.arn(ofKey: id, account: transaction.account))
    }
}

/// `ResetEbsDefaultKmsKeyId`: the AWS managed key again.
enum ResetEbsDefaultKmsKeyId: RecordAction {
    typealias Operation = EC2.Operation.ResetEbsDefaultKmsKeyId

    static func perform(
        _ input: EC2.ResetEbsDefaultKmsKeyIdRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ResetEbsDefaultKmsKeyIdResult {
        let id = transaction.managedKeyID()
        transaction.chooseDefaultKey(id)
        return EC2.ResetEbsDefaultKmsKeyIdResult(
            kmsKeyID: transaction.settings.arn(ofKey: id, account: transaction.account))
    }
}
