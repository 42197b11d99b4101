// Whether the account's new volumes and copies are encrypted though nobody asks: switched on and off, and asked.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `EnableEbsEncryptionByDefault`: what is there stays as it is.
enum EnableEbsEncryptionByDefault: RecordAction {
    typealias Operation = EC2.Operation.EnableEbsEncryptionByDefault

    static func perform(
        _ input: EC2.EnableEbsEncryptionByDefaultRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.EnableEbsEncryptionByDefaultResult {
        transaction.encryptByDefault(true)
        return EC2.EnableEbsEncryptionByDefaultResult(ebsEncryptionByDefault: true)
    }
}

/// `DisableEbsEncryptionByDefault`: what is there stays as it is.
enum DisableEbsEncryptionByDefault: RecordAction {
    typealias Operation = EC2.Operation.DisableEbsEncryptionByDefault

    static func perform(
        _ input: EC2.DisableEbsEncryptionByDefaultRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.DisableEbsEncryptionByDefaultResult {
        transaction.encryptByDefault(false)
        return EC2.DisableEbsEncryptionByDefaultResult(ebsEncryptionByDefault: false)
    }
}

/// `GetEbsEncryptionByDefault`
enum GetEbsEncryptionByDefault: RecordAction {
    typealias Operation = EC2.Operation.GetEbsEncryptionByDefault

    static func perform(
        _ input: EC2.GetEbsEncryptionByDefaultRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetEbsEncryptionByDefaultResult {
        let encrypts = transaction.encryptsByDefault
        return EC2.GetEbsEncryptionByDefaultResult(
            ebsEncryptionByDefault: encrypts, sseType: encrypts ? .sseKMS : .noneValue)
    }
}
