// What the account's new instances of a burstable family begin with where the launch says nothing.

import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyDefaultCreditSpecification`: instances that are there stay as they are.
enum ModifyDefaultCreditSpecification: RecordAction {
    typealias Operation = EC2.Operation.ModifyDefaultCreditSpecification

    static func perform(
        _ input: EC2.ModifyDefaultCreditSpecificationRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyDefaultCreditSpecificationResult {
        let family = input.instanceFamily
        guard let credits = try CreditText.checked(input.cpuCredits) else { throw .missingParameter("CpuCredits") }
        transaction.setDefaultCreditSpecification(ofFamily: family.rawValue, to: credits)
        return EC2.ModifyDefaultCreditSpecificationResult(
            instanceFamilyCreditSpecification: .init(instanceFamily: family, cpuCredits: credits))
    }
}

/// `GetDefaultCreditSpecification`
enum GetDefaultCreditSpecification: RecordAction {
    typealias Operation = EC2.Operation.GetDefaultCreditSpecification

    static func perform(
        _ input: EC2.GetDefaultCreditSpecificationRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.GetDefaultCreditSpecificationResult {
        let family = input.instanceFamily
        return EC2.GetDefaultCreditSpecificationResult(
            instanceFamilyCreditSpecification: .init(
                instanceFamily: family,
                cpuCredits: transaction.defaultCreditSpecification(ofFamily: family.rawValue)))
    }
}
