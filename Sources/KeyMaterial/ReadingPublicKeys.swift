// Public keys as people bring them: a line of OpenSSH, a file of RFC 4716, PEM, or the base64 of DER.
// Source: EC2 API Reference, "ImportKeyPair".

internal import CloudTypes

package enum KeyFormatError: Error, Equatable, Sendable {
    /// In none of the forms, or of an algorithm that EC2 does not take.
    case notAPublicKey
    /// RSA with a modulus of fewer bits than 1,024, or more than 16,384.
    case unsupportedLength(bits: Int)
}

extension PublicKey {
    /// Reads a key file.
    package init(reading material: [UInt8]) throws(KeyFormatError) {
        guard material.count <= 65_536, let text = String(validating: material, as: UTF8.self),
            let key = PublicKey.read(text.split(whereSeparator: \.isNewline).map(String.init))
        else { throw .notAPublicKey }
        if case .rsa(let modulus, _) = key {
            let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
            guard (1_024...16_384).contains(bits) else { throw .unsupportedLength(bits: bits) }
        }
        self = key
    }

    private static func read(_ lines: [String]) -> PublicKey? {
        guard let first = lines.first else { return nil }
        switch first {
        case "---- BEGIN SSH2 PUBLIC KEY ----":
            return base64(in: lines, until: "---- END SSH2 PUBLIC KEY ----", hasHeaders: true)
                .flatMap { PublicKey(sshBlob: $0) }
        case "-----BEGIN PUBLIC KEY-----":
            return base64(in: lines, until: "-----END PUBLIC KEY-----").flatMap { PublicKey(subjectPublicKeyInfo: $0) }
        case "-----BEGIN RSA PUBLIC KEY-----":
            return base64(in: lines, until: "-----END RSA PUBLIC KEY-----").flatMap { PublicKey(pkcs1: $0) }
        default:
            if let key = PublicKey(openSSHLine: first), lines.count == 1 { return key }
            return Base64.decode(lines.joined()).flatMap { PublicKey(subjectPublicKeyInfo: $0) }
        }
    }

    /// - Parameter hasHeaders: lines of `name: value` may come first; a backslash at the end carries on in the next.
    private static func base64(in lines: [String], until end: String, hasHeaders: Bool = false) -> [UInt8]? {
        guard lines.last == end else { return nil }
        var text = ""
        var isInHeader = false
        for line in lines.dropFirst().dropLast() {
            if hasHeaders, isInHeader || line.contains(":") {
                isInHeader = line.hasSuffix("\\")
            } else {
                text += line
            }
        }
        return Base64.decode(text)
    }

    private init?(openSSHLine line: String) {
        let fields = line.split(separator: " ", omittingEmptySubsequences: true)
        guard fields.count >= 2, let blob = Base64.decode(String(fields[1])), let key = PublicKey(sshBlob: blob),
            key.algorithm == fields[0]
        else { return nil }
        self = key
    }

    private init?(sshBlob: [UInt8]) {
        var reader = SSHReader(sshBlob)
        guard let name = reader.string() else { return nil }
        switch String(decoding: name, as: UTF8.self) {
        case "ssh-rsa":
            guard let exponent = reader.bigNumber(), let modulus = reader.bigNumber(), reader.isAtEnd else {
                return nil
            }
            self.init(modulus: modulus, exponent: exponent)
        case "ssh-ed25519":
            guard let key = reader.string(), key.count == 32, reader.isAtEnd else { return nil }
            self = .ed25519(key)
        default: return nil
        }
    }

    private init?(subjectPublicKeyInfo: [UInt8]) {
        var outer = DERReader(subjectPublicKeyInfo)
        guard var info = outer.sequence(), outer.isAtEnd, var algorithm = info.sequence(), let bits = info.bits(),
            info.isAtEnd
        else { return nil }
        switch algorithm.element(DER.objectIdentifier) {
        case DER.rsaEncryption: self.init(pkcs1: bits)
        case DER.ed25519 where bits.count == 32: self = .ed25519(bits)
        default: return nil
        }
    }

    private init?(pkcs1: [UInt8]) {
        var outer = DERReader(pkcs1)
        guard var key = outer.sequence(), outer.isAtEnd, let modulus = key.number(), let exponent = key.number(),
            key.isAtEnd
        else { return nil }
        self.init(modulus: modulus, exponent: exponent)
    }

    /// Both must be odd, and the exponent more than 1, or it is no RSA key.
    private init?(modulus: [UInt8], exponent: [UInt8]) {
        guard modulus.last.map({ $0 % 2 == 1 }) == true, exponent.last.map({ $0 % 2 == 1 }) == true, exponent != [1]
        else { return nil }
        self = .rsa(modulus: modulus, exponent: exponent)
    }
}
