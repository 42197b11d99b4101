// Private keys: made here, shown once in the form that the caller asks for, and never kept.
// Sources: RFC 8017, appendix A.1.2; RFC 5208; EC2 User Guide, "Create a key pair".

internal import CloudTypes
internal import Crypto
internal import CryptoExtras
internal import FoundationEssentials

/// A fresh key pair with its private half.
package struct PrivateKey: Sendable {
    package enum Kind: Sendable { case rsa2048, ed25519 }
    package enum GenerationError: Error, Equatable, Sendable { case failed(String) }

    enum Secret: Sendable {
        /// PKCS #1 and the numbers in it.
        case rsa(pkcs1: [UInt8], RSANumbers)
        /// 32 bytes.
        case ed25519(seed: [UInt8])
    }

    let secret: Secret
    package let publicKey: PublicKey

    /// Takes tens of milliseconds or more for RSA: never to be called under a lock.
    package static func generate(_ kind: Kind) throws(GenerationError) -> PrivateKey {
        switch kind {
        case .rsa2048:
            do {
                let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
                return try PrivateKey(pkcs1: Array(key.derRepresentation))
            } catch {
                throw .failed("\(error)")
            }
        case .ed25519:
            let key = Curve25519.Signing.PrivateKey()
            return PrivateKey(
                secret: .ed25519(seed: Array(key.rawRepresentation)),
                publicKey: .ed25519(Array(key.publicKey.rawRepresentation)))
        }
    }

    private init(secret: Secret, publicKey: PublicKey) { (self.secret, self.publicKey) = (secret, publicKey) }

    init(pkcs1: [UInt8]) throws(GenerationError) {
        guard let numbers = RSANumbers(pkcs1: pkcs1) else { throw .failed("the RSA key made is not in PKCS #1") }
        secret = .rsa(pkcs1: pkcs1, numbers)
        publicKey = .rsa(modulus: numbers.modulus, exponent: numbers.publicExponent)
    }

    /// What EC2 shows of a key that it made: SHA-1 over the private key as PKCS #8 for RSA, SHA-256 over the public
    /// key's SSH form for Ed25519.
    package var fingerprint: String {
        switch secret {
        case .rsa(let pkcs1, _): Fingerprint.colons(Insecure.SHA1.hash(data: PrivateKey.pkcs8(pkcs1)))
        case .ed25519: publicKey.importedFingerprint
        }
    }

    /// PKCS #1 for RSA, OpenSSH's own form for Ed25519. The latter ends in a newline: OpenSSH reads no file without it,
    /// and clients write what they got as it is.
    package func pem(comment: String) -> String {
        switch secret {
        case .rsa(let pkcs1, _): PEM.text("RSA PRIVATE KEY", pkcs1, width: 64)
        case .ed25519(let seed): PEM.text("OPENSSH PRIVATE KEY", openSSHForm(seed, comment: comment), width: 70) + "\n"
        }
    }

    private static func pkcs8(_ pkcs1: [UInt8]) -> [UInt8] {
        let algorithm = DER.element(
            DER.sequence, DER.element(DER.objectIdentifier, DER.rsaEncryption) + DER.element(DER.null, []))
        return DER.element(DER.sequence, DER.number([0]) + algorithm + DER.element(DER.octetString, pkcs1))
    }
}

/// The numbers of an RSA private key: magnitudes, most significant byte first.
struct RSANumbers: Sendable {
    let modulus, publicExponent, privateExponent, prime1, prime2, coefficient: [UInt8]

    init?(pkcs1: [UInt8]) {
        var outer = DERReader(pkcs1)
        guard var key = outer.sequence(), key.number() == [], let modulus = key.number(),
            let publicExponent = key.number(), let privateExponent = key.number(), let prime1 = key.number(),
            let prime2 = key.number(), key.number() != nil, key.number() != nil, let coefficient = key.number()
        else { return nil }
        (self.modulus, self.publicExponent, self.privateExponent) = (modulus, publicExponent, privateExponent)
        (self.prime1, self.prime2, self.coefficient) = (prime1, prime2, coefficient)
    }
}

enum PEM {
    /// Without a newline at the end, as EC2 gives it.
    static func text(_ label: String, _ bytes: [UInt8], width: Int) -> String {
        let lines = lines(of: bytes, width: width)
        return "-----BEGIN \(label)-----\n\(lines.joined(separator: "\n"))\n-----END \(label)-----"
    }

    static func lines(of bytes: [UInt8], width: Int) -> [String] {
        let text = Array(Base64.encode(bytes).utf8)
        return stride(from: 0, to: text.count, by: width).map { start in
            String(decoding: text[start..<min(start + width, text.count)], as: UTF8.self)
        }
    }
}
