import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `ModifyInstanceCreditSpecification`: of each instance by itself: what is wrong with one does not touch the others.
enum ModifyInstanceCreditSpecification: RecordAction {
    typealias Operation = EC2.Operation.ModifyInstanceCreditSpecification

    static func perform(
        _ input: EC2.ModifyInstanceCreditSpecificationRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ModifyInstanceCreditSpecificationResult {
        var result = EC2.ModifyInstanceCreditSpecificationResult()
        for wish in input.instanceCreditSpecifications {
            guard let credits = try CreditText.checked(wish.cpuCredits) else {
                throw .missingParameter("InstanceCreditSpecification.CpuCredits")
            }
            do throws(EC2Error) {
                try transaction.setCredits(of: try Lookup.id(wish.instanceID), to: credits)
                result.successfulInstanceCreditSpecifications.append(.init(instanceID: wish.instanceID))
            } catch {
                guard let code = code(of: error) else { throw error }
                result.unsuccessfulInstanceCreditSpecifications.append(
                    .init(instanceID: wish.instanceID, error: .init(code: code, message: error.message)))
            }
        }
        return result
    }

    /// The codes that the answer has for single instances; nil for a refusal of the whole call.
    private static func code(of error: EC2Error) -> EC2.UnsuccessfulInstanceCreditSpecificationErrorCode? {
        switch error.code {
        case InstanceKind.malformedCode: .invalidInstanceIDMalformed
        case InstanceKind.notFoundCode: .invalidInstanceIDNotFound
        case "IncorrectInstanceState": .incorrectInstanceState
        case "UnsupportedOperation": .instanceCreditSpecificationNotSupported
        default: nil
        }
    }
}
