import APIGateway
import AWSWire
import CloudTypes
import ControlPlane

/// `GetCallerIdentity`: the account behind the signature; needs no permission.
enum GetCallerIdentity: RecordAction {
    typealias Operation = STS.Operation.GetCallerIdentity

    static func perform(
        _ input: Operation.Input, _ transaction: inout Transaction
    ) throws(EC2Error) -> Operation.Output {
        let caller = transaction.caller
        return Operation.Output(
            userID: caller.account.description, account: caller.account.description, arn: caller.arn)
    }
}
