import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import KeyMaterial
import NodeContract

/// `CreateKeyPair`: the private half is in the answer and nowhere else. The key is made outside of any transaction,
/// since that takes long, and the name is checked before and after.
enum CreateKeyPair: LiveAction {
    typealias Operation = EC2.Operation.CreateKeyPair

    static func rehearse(
        _ input: EC2.CreateKeyPairRequest, _ transaction: inout Transaction
    ) throws(EC2Error) {
        try transaction.checkNewKeyPair(named: input.keyName)
        _ = try TagSpecifications.tags(
            input.tagSpecifications, for: KeyPairRecord.resourceType, in: transaction)
    }

    static func perform(
        _ input: EC2.CreateKeyPairRequest, for caller: Caller, in cloud: Cloud, on node: any Node
    ) async throws(EC2Error) -> EC2.KeyPair {
        var before = cloud.snapshot(as: caller)
        try rehearse(input, &before)
        let tags = try TagSpecifications.tags(
            input.tagSpecifications, for: KeyPairRecord.resourceType, in: before)
        let keyType: KeyPairRecord.KeyType = input.keyType == .ed25519 ? .ed25519 : .rsa
        let key = try generate(keyType)
        let pair = try await cloud.transact(as: caller) { transaction throws(EC2Error) in
            try transaction.createKeyPair(
                named: input.keyName, keyType: keyType, fingerprint: key.fingerprint,
                publicKey: key.publicKey.openSSHLine(comment: input.keyName), tags: tags)
        }
        let material =
            switch input.keyFormat ?? .pem {
            case .pem: key.pem(comment: pair.name)
            case .ppk: key.ppk(comment: pair.name)
            }
        return EC2.KeyPair(
            keyPairID: pair.id.description, tags: EC2.Tag.list(pair.tags), keyName: pair.name,
            keyFingerprint: pair.fingerprint, keyMaterial: material)
    }

    private static func generate(_ type: KeyPairRecord.KeyType) throws(EC2Error) -> PrivateKey {
        do {
            switch type {
            case .rsa: return try PrivateKey.generate(.rsa2048)
            case .ed25519: return try PrivateKey.generate(.ed25519)
            }
        } catch {
            throw .internalError(logged: "no key could be made: \(error)")
        }
    }
}
