// Every action of the STS API that this cloud answers.

package import APIGateway
internal import AWSWire

package enum STSActions {
    /// The STS service as the gateway serves it.
    package static let service = QueryServiceActions(STS.service, [Action(GetCallerIdentity.self)])
}
