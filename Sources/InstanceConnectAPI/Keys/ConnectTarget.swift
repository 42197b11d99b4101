// The instance that a key is for, and the key itself, checked.
// Source: EC2 Instance Connect API Reference, "SendSSHPublicKey".

import AWSWire
import CloudTypes
import ControlPlane
import KeyMaterial

enum ConnectTarget {
    /// - Throws: `EC2InstanceNotFoundException`, `EC2InstanceStateInvalidException`.
    static func running(_ text: String, for caller: Caller, in cloud: Cloud) throws(EC2Error) -> InstanceRecord {
        guard let instance = InstanceID(text).flatMap({ cloud.records.instances[$0] }),
            instance.account == caller.account
        else { throw InstanceConnect.Refusal.ec2InstanceNotFound("The instance \(text) was not found.") }
        guard instance.state == .running else {
            throw InstanceConnect.Refusal.ec2InstanceStateInvalid(
                "The instance \(text) is not running: it is \(instance.state.rawValue).")
        }
        return instance
    }

    /// One line, as the guest's list of authorized keys has it, without options or comment.
    ///
    /// - Throws: `InvalidArgsException` for what is no RSA or Ed25519 key.
    static func keyLine(_ material: String) throws(EC2Error) -> String {
        do throws(KeyFormatError) {
            let key = try PublicKey(reading: Array(material.utf8))
            return String(key.openSSHLine(comment: "").prefix { !$0.isNewline }).trimmed
        } catch {
            throw InstanceConnect.Refusal.invalidArgs("The SSH public key is not an RSA or Ed25519 key.")
        }
    }
}

extension String {
    fileprivate var trimmed: String { last == " " ? String(dropLast()) : self }
}
