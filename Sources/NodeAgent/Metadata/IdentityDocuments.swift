// The instance identity document and its signatures, made with a key and certificate of this cloud's own.
// Source: EC2 User Guide, "Instance identity documents for Amazon EC2 instances".

internal import CloudTypes
internal import FoundationEssentials
internal import HostSystem
internal import NodeContract

/// Signs identity documents; the certificate is what a relying party checks them with.
package struct IdentitySigner: Sendable {
    private let keyPath: String
    /// PEM; handed out so that signatures can be verified.
    package let certificatePath: String

    /// Makes key and certificate at first use: RSA 2048, self-signed, in a folder of root's own.
    package init(directory: String) async throws {
        keyPath = directory + "/identity-key.pem"
        certificatePath = directory + "/identity-certificate.pem"
        guard !FileManager.default.fileExists(atPath: certificatePath) else { return }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let fresh = [keyPath + ".new", certificatePath + ".new"]
        _ = try await IdentitySigner.openssl(
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", fresh[0], "-out", fresh[1], "-days",
                "36500",
                "-subj", "/C=XX/O=Apus/CN=Apus instance identity",
            ], input: [])
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: fresh[0])
        // One without its certificate is left of a run that was cut off here.
        try? FileManager.default.removeItem(atPath: keyPath)
        try FileManager.default.moveItem(atPath: fresh[0], toPath: keyPath)
        try FileManager.default.moveItem(atPath: fresh[1], toPath: certificatePath)
    }

    /// What `documents` gives, in that order.
    static let names = ["document", "pkcs7", "rsa2048", "signature"]

    /// The document, its RSA-SHA256 signature in base64, and the PKCS #7 forms with and without the document inside.
    func documents(of metadata: InstanceMetadata) async throws -> [(name: String, text: String)] {
        let document = IdentityDocument.text(of: metadata)
        let bytes = Array(document.utf8)
        let signature = try await IdentitySigner.openssl(["dgst", "-sha256", "-sign", keyPath], input: bytes)
        return [
            ("document", document), ("pkcs7", try await pkcs7(bytes)), ("rsa2048", try await pkcs7(bytes)),
            ("signature", lines(Base64.encode(signature))),
        ]
    }

    private func pkcs7(_ document: [UInt8]) async throws -> String {
        let pem = try await IdentitySigner.openssl(
            [
                "cms", "-sign", "-md", "sha256", "-nodetach", "-binary", "-outform", "PEM", "-signer", certificatePath,
                "-inkey", keyPath,
            ], input: document)
        return String(decoding: pem, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("-----") }
            .joined(separator: "\n")
    }

    private func lines(_ text: String) -> String {
        var rest = text[...]
        var lines: [Substring] = []
        while !rest.isEmpty {
            lines.append(rest.prefix(76))
            rest = rest.dropFirst(76)
        }
        return lines.joined(separator: "\n")
    }

    private static func openssl(_ arguments: [String], input: [UInt8]) async throws -> [UInt8] {
        let output = try await HostCommand.run(["openssl"] + arguments, standardInput: input)
        guard output.isSuccess else {
            throw IdentityFailure(text: output.errorText)
        }
        return output.standardOutput
    }
}

struct IdentityFailure: Error { let text: String }

enum IdentityDocument {
    /// Keys in the order AWS prints them.
    static func text(of metadata: InstanceMetadata) -> String {
        let fields: [(String, String?)] = [
            ("accountId", "\(metadata.account)"), ("architecture", metadata.architecture.rawValue),
            ("availabilityZone", metadata.availabilityZone), ("billingProducts", nil), ("devpayProductCodes", nil),
            ("marketplaceProductCodes", nil), ("imageId", "\(metadata.image)"), ("instanceId", "\(metadata.instance)"),
            ("instanceType", metadata.instanceType), ("kernelId", nil),
            ("pendingTime", "\(metadata.launchTime.description.prefix(19))Z"),
            ("privateIp", metadata.interfaces.first?.addresses.first.map { "\($0.privateAddress)" }),
            ("ramdiskId", nil), ("region", metadata.region), ("version", "2017-09-30"),
        ]
        let lines = fields.map { "  \"\($0.0)\" : " + ($0.1.map { "\"\($0)\"" } ?? "null") }
        return "{\n" + lines.joined(separator: ",\n") + "\n}"
    }
}
