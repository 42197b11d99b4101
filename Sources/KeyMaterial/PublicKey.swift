// Public keys: their forms, and the fingerprints that EC2 shows of them.
// Sources: RFC 4253, section 6.6; RFC 8709; RFC 8410; EC2 User Guide, "Verify the fingerprint of your key pair".

internal import CloudTypes
internal import Crypto

package enum PublicKey: Sendable, Equatable {
    /// Magnitudes, most significant byte first, without leading zeros.
    case rsa(modulus: [UInt8], exponent: [UInt8])
    /// 32 bytes.
    case ed25519([UInt8])

    /// `ssh-rsa`, `ssh-ed25519`
    package var algorithm: String {
        switch self {
        case .rsa: "ssh-rsa"
        case .ed25519: "ssh-ed25519"
        }
    }

    /// One line as `authorized_keys` wants it.
    package func openSSHLine(comment: String) -> String { "\(algorithm) \(Base64.encode(sshBlob)) \(comment)" }

    /// What EC2 shows of a key that was imported: MD5 over the DER form for RSA, SHA-256 over the SSH form for Ed25519.
    package var importedFingerprint: String {
        switch self {
        case .rsa: Fingerprint.colons(Insecure.MD5.hash(data: subjectPublicKeyInfo))
        case .ed25519: Fingerprint.base64(SHA256.hash(data: sshBlob))
        }
    }

    var sshBlob: [UInt8] {
        var writer = SSHWriter()
        writer.string(Array(algorithm.utf8))
        switch self {
        case .rsa(let modulus, let exponent):
            writer.bigNumber(exponent)
            writer.bigNumber(modulus)
        case .ed25519(let key):
            writer.string(key)
        }
        return writer.bytes
    }

    var subjectPublicKeyInfo: [UInt8] {
        let (identifier, key) =
            switch self {
            case .rsa(let modulus, let exponent):
                (
                    DER.element(DER.objectIdentifier, DER.rsaEncryption) + DER.element(DER.null, []),
                    DER.element(DER.sequence, DER.number(modulus) + DER.number(exponent))
                )
            case .ed25519(let key):
                (DER.element(DER.objectIdentifier, DER.ed25519), key)
            }
        return DER.element(
            DER.sequence, DER.element(DER.sequence, identifier) + DER.element(DER.bitString, [0] + key))
    }
}

enum Fingerprint {
    /// `1f:51:ae:…`
    static func colons(_ digest: some Sequence<UInt8>) -> String {
        digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    static func base64(_ digest: some Sequence<UInt8>) -> String { Base64.encode(Array(digest)) }
}
