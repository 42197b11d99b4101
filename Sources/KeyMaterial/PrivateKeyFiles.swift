// The files of OpenSSH and PuTTY that hold a private key without a passphrase.
// Sources: OpenSSH, PROTOCOL.key; PuTTY User Manual, appendix C "PPK file format".

internal import CloudTypes
internal import Crypto

extension PrivateKey {
    /// The content of an `OPENSSH PRIVATE KEY` file with an Ed25519 key.
    func openSSHForm(_ seed: [UInt8], comment: String) -> [UInt8] {
        guard case .ed25519(let point) = publicKey else { return [] }
        var inner = SSHWriter()
        // Two equal numbers tell a reader of an encrypted file that its passphrase was right.
        let check = UInt32.random(in: .min ... .max)
        inner.number(check)
        inner.number(check)
        inner.string(Array(publicKey.algorithm.utf8))
        inner.string(point)
        inner.string(seed + point)
        inner.string(Array(comment.utf8))
        inner.raw((1...8).prefix((8 - inner.bytes.count % 8) % 8))
        var outer = SSHWriter()
        outer.raw("openssh-key-v1\0".utf8)
        outer.string(Array("none".utf8))
        outer.string(Array("none".utf8))
        outer.string([])
        outer.number(1)
        outer.string(publicKey.sshBlob)
        outer.string(inner.bytes)
        return outer.bytes
    }

    /// A `.ppk` file of version 2, which every PuTTY reads.
    package func ppk(comment: String) -> String {
        let publicLines = PEM.lines(of: publicKey.sshBlob, width: 64)
        let privateLines = PEM.lines(of: puttyBlob, width: 64)
        let lines =
            ["PuTTY-User-Key-File-2: \(publicKey.algorithm)", "Encryption: none", "Comment: \(comment)"]
            + ["Public-Lines: \(publicLines.count)"] + publicLines
            + ["Private-Lines: \(privateLines.count)"] + privateLines
            + ["Private-MAC: \(puttyMAC(comment: comment))"]
        return lines.joined(separator: "\n") + "\n"
    }

    private var puttyBlob: [UInt8] {
        var writer = SSHWriter()
        switch secret {
        case .rsa(_, let numbers):
            writer.bigNumber(numbers.privateExponent)
            writer.bigNumber(numbers.prime1)
            writer.bigNumber(numbers.prime2)
            writer.bigNumber(numbers.coefficient)
        case .ed25519(let seed):
            writer.string(seed)
        }
        return writer.bytes
    }

    private func puttyMAC(comment: String) -> String {
        var message = SSHWriter()
        message.string(Array(publicKey.algorithm.utf8))
        message.string(Array("none".utf8))
        message.string(Array(comment.utf8))
        message.string(publicKey.sshBlob)
        message.string(puttyBlob)
        let key = Insecure.SHA1.hash(data: Array("putty-private-key-file-mac-key".utf8))
        let code = HMAC<Insecure.SHA1>.authenticationCode(for: message.bytes, using: SymmetricKey(data: Array(key)))
        return code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
