import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import InstanceTypeCatalogue
import NodeContract

/// `SendSerialConsoleSSHPublicKey`: refused as on AWS where the account has not allowed consoles, and here otherwise: a
/// serial console is reached with `apus console`, not by ssh.
enum SendSerialConsoleSSHPublicKey: NodeAction {
    typealias Operation = InstanceConnect.Operation.SendSerialConsoleSSHPublicKey

    static func perform(
        _ input: InstanceConnect.SendSerialConsoleSSHPublicKeyRequest, for caller: Caller, in cloud: Cloud,
        on node: any Node
    ) async throws(EC2Error) -> InstanceConnect.SendSerialConsoleSSHPublicKeyResponse {
        guard cloud.records.accounts[caller.account]?.allowsSerialConsoles == true else {
            throw InstanceConnect.Refusal.serialConsoleAccessDisabled(
                "Your account is not authorized to use the EC2 Serial Console. To authorize your account, run the "
                    + "EnableSerialConsoleAccess API.")
        }
        let instance = try ConnectTarget.running(input.instanceID, for: caller, in: cloud)
        guard InstanceTypeCatalogue.facts(of: instance.instanceType)?.hypervisor != "xen" else {
            throw InstanceConnect.Refusal.ec2InstanceTypeInvalid(
                "The instance type \(instance.instanceType) is not supported for the serial console.")
        }
        _ = try ConnectTarget.keyLine(input.sshPublicKey)
        throw InstanceConnect.Refusal.serialConsoleSessionUnsupported(
            "Serial consoles of this cloud are not reached by SSH: the operator opens them with 'apus console "
                + "\(instance.id)'.")
    }
}
