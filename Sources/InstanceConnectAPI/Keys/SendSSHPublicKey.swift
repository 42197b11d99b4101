import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import NodeContract

/// `SendSSHPublicKey`: answered once the guest's metadata tells of the key, where it stays for a minute.
enum SendSSHPublicKey: NodeAction {
    typealias Operation = InstanceConnect.Operation.SendSSHPublicKey

    /// Seconds that a key is good for.
    static let lifetime = 60.0

    static func perform(
        _ input: InstanceConnect.SendSSHPublicKeyRequest, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> InstanceConnect.SendSSHPublicKeyResponse {
        let instance = try ConnectTarget.running(input.instanceID, for: caller, in: cloud)
        if let zone = input.availabilityZone, zone != instance.availabilityZone {
            throw InstanceConnect.Refusal.invalidArgs(
                "The instance \(instance.id) is not in the Availability Zone \(zone).")
        }
        guard !input.instanceOSUser.allSatisfy(\.isNumber) else {
            throw InstanceConnect.Refusal.invalidArgs("The name of an OS user must not be a number.")
        }
        let key = ConnectKey(
            user: input.instanceOSUser, publicKey: try ConnectTarget.keyLine(input.sshPublicKey),
            expiresAt: cloud.now.adding(seconds: lifetime), caller: "arn:aws:iam::\(caller.account):root")
        do {
            try await node.offerKey(key, to: instance.id)
        } catch .noSuchGuest {
            throw InstanceConnect.Refusal.ec2InstanceUnavailable(
                "The instance \(instance.id) is currently unavailable. Wait a few minutes and try again.")
        } catch {
            throw .internalError(logged: "a key could not be offered to \(instance.id): \(error)")
        }
        return InstanceConnect.SendSSHPublicKeyResponse(success: true)
    }
}
