// Every action of EC2 Instance Connect that this cloud answers.

package import APIGateway
internal import AWSWire

package enum InstanceConnectActions {
    /// The service as the gateway serves it.
    package static let service = JSONServiceActions(
        InstanceConnect.service, [RESTAction(SendSSHPublicKey.self), RESTAction(SendSerialConsoleSSHPublicKey.self)])
}
