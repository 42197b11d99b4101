import APIGateway
import AWSWire
import CloudTypes
import ControlPlane
import KeyMaterial

/// `ImportKeyPair`: a public key that the caller brings, in any of the forms that EC2 takes.
enum ImportKeyPair: RecordAction {
    typealias Operation = EC2.Operation.ImportKeyPair

    static func perform(
        _ input: EC2.ImportKeyPairRequest, _ transaction: inout Transaction
    ) throws(EC2Error) -> EC2.ImportKeyPairResult {
        let tags = try TagSpecifications.tags(
            input.tagSpecifications, for: KeyPairRecord.resourceType, in: transaction)
        let key = try publicKey(in: input.publicKeyMaterial)
        let pair = try transaction.createKeyPair(
            named: input.keyName, keyType: keyType(of: key), fingerprint: key.importedFingerprint,
            publicKey: key.openSSHLine(comment: input.keyName), tags: tags)
        return EC2.ImportKeyPairResult(
            keyFingerprint: pair.fingerprint, keyName: pair.name, keyPairID: pair.id.description,
            tags: EC2.Tag.list(pair.tags))
    }

    private static func publicKey(in material: [UInt8]) throws(EC2Error) -> PublicKey {
        do {
            return try PublicKey(reading: material)
        } catch {
            switch error {
            case .notAPublicKey:
                throw EC2Error("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
            case .unsupportedLength(let bits):
                throw EC2Error("InvalidKeyPair.Format", "Keys of \(bits) bits are not supported.")
            }
        }
    }

    private static func keyType(of key: PublicKey) -> KeyPairRecord.KeyType {
        switch key {
        case .rsa: .rsa
        case .ed25519: .ed25519
        }
    }
}
