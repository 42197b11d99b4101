// What EC2 Instance Connect's own agent in a guest asks for: lists of keys, signed, with the signer's certificate and the
// proof that it was not revoked. The authority is this cloud's own: an agent trusts it where the guest has its certificate
// among those of its system.
// Follows: the agent's documentation, "AuthorizedKeysCommand"; RFC 6960 for the proof.

internal import CloudTypes
internal import FoundationEssentials
internal import HostSystem
internal import NodeContract

package actor ConnectKeySigner {
    /// What the metadata service tells of the signer.
    struct Certificates: Sendable {
        /// The signer's, then the authority's; PEM.
        let chain: String
        /// The name under which the agent asks for the proof, and the proof in base64.
        let fingerprint: String
        let proof: String
    }

    private let folder: String
    private let name: String
    /// Whoever asks before they are there waits for the same.
    private var made: Task<Certificates, any Error>?

    /// - Parameter directory: of root's own.
    package init(directory: String, region: String) {
        folder = directory + "/instance-connect"
        name = "managed-ssh-signer.\(region).amazonaws.com"
    }

    /// Made at first use, and the same from then on.
    func certificates() async throws -> Certificates {
        let task = made ?? Task { try await find() }
        made = task
        do { return try await task.value } catch {
            if made == task { made = nil }
            throw error
        }
    }

    private func find() async throws -> Certificates {
        if !FileManager.default.fileExists(atPath: folder) { try await make() }
        func text(_ file: String) -> String { SmallFile.read("\(folder)/\(file)") ?? "" }
        let proof = FileManager.default.contents(atPath: folder + "/proof.der") ?? Data()
        let told = try await run(["x509", "-noout", "-fingerprint", "-sha1", "-in", "signer.pem"])
        // `sha1 Fingerprint=15:D5:…`
        let digits = String(decoding: told, as: UTF8.self).drop { $0 != "=" }.filter(\.isHexDigit)
        return Certificates(
            chain: text("signer.pem") + text("authority.pem"), fingerprint: String(digits),
            proof: Base64.encode(Array(proof)))
    }

    /// An entry of the list of keys: who may use it until when, the key, and the signature of both.
    func entry(_ key: ConnectKey, for instance: InstanceID) async throws -> String {
        _ = try await certificates()
        let signed = """
            #Timestamp=\(key.expiresAt.milliseconds / 1000)
            #Instance=\(instance)
            #Caller=\(key.caller)
            \(key.publicKey)

            """
        let pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]
        let signature = try await run(
            ["dgst", "-sha256"] + pss + ["-sign", "signer-key.pem"], input: Array(signed.utf8))
        return signed + Base64.encode(signature) + "\n\n"
    }

    /// Beside the place first, so that a kill leaves nothing half-made there.
    private func make() async throws {
        let fresh = folder + ".new"
        try? FileManager.default.removeItem(atPath: fresh)
        try FileManager.default.createDirectory(atPath: fresh, withIntermediateDirectories: true)
        let settings = """
            [req]
            distinguished_name = name
            prompt = no
            [name]
            [authority]
            basicConstraints = critical, CA:TRUE
            keyUsage = critical, keyCertSign, cRLSign, digitalSignature
            subjectKeyIdentifier = hash
            [signer]
            basicConstraints = critical, CA:FALSE
            keyUsage = critical, digitalSignature
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid

            """
        try write(settings, to: fresh + "/settings")
        let subject = "/C=XX/O=Apus/CN="
        let issue = ["-config", "settings", "-newkey", "rsa:2048", "-nodes"]
        let century = ["-days", "36500"]
        _ = try await run(
            ["req", "-x509", "-keyout", "authority-key.pem", "-out", "authority.pem", "-extensions", "authority"]
                + issue + century + ["-subj", subject + "Apus Instance Connect"], in: fresh)
        _ = try await run(
            ["req", "-keyout", "signer-key.pem", "-out", "request.pem"] + issue + ["-subj", subject + name], in: fresh)
        let authority = ["-CA", "authority.pem"]
        _ = try await run(
            ["x509", "-req", "-in", "request.pem", "-CAkey", "authority-key.pem", "-set_serial", "2"] + authority
                + century + ["-extfile", "settings", "-extensions", "signer", "-out", "signer.pem"], in: fresh)
        try write("V\t21260101000000Z\t\t02\tunknown\t\(subject)\(name)\n", to: fresh + "/index")
        _ = try await run(
            ["ocsp", "-no_nonce", "-issuer", "authority.pem", "-cert", "signer.pem", "-reqout", "question.der"],
            in: fresh)
        _ = try await run(
            ["ocsp", "-index", "index", "-rsigner", "authority.pem", "-rkey", "authority-key.pem"] + authority
                + ["-reqin", "question.der", "-respout", "proof.der"], in: fresh)
        for key in ["authority-key.pem", "signer-key.pem"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(fresh)/\(key)")
        }
        try FileManager.default.moveItem(atPath: fresh, toPath: folder)
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    /// openssl, in the folder of its files.
    private func run(
        _ arguments: [String], input: [UInt8] = [], in folder: String? = nil
    ) async throws -> [UInt8] {
        let script = ["sh", "-c", "cd \"$0\" && exec openssl \"$@\"", folder ?? self.folder]
        let output = try await HostCommand.run(script + arguments, standardInput: input)
        guard output.isSuccess else { throw IdentityFailure(text: output.errorText) }
        return output.standardOutput
    }
}
