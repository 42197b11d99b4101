import CloudTypes
import Foundation
import HTTPListener
import HostSystem
import Logging
import NodeAgent
import NodeContract
import Testing

@Suite("Instance identity documents", .enabled(if: HostCommand.path(of: "openssl") != nil, "openssl is not installed"))
struct IdentityDocumentTests {
    @Test("openssl verifies the signature over the document with the cloud's certificate")
    func signature() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/apus-identity-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // A run was cut off between the key and its certificate.
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        #expect(FileManager.default.createFile(atPath: folder + "/identity-key.pem", contents: Data("cut off".utf8)))
        let signer = try await IdentitySigner(directory: folder)
        let service = MetadataService(time: FixedTime(), identity: signer, log: Logger(label: "test"))
        let guest = try Sample()
        await service.set(guest.metadata, of: guest.metadata.instance)
        let token = try #require(await service.token(for: guest))
        func page(_ name: String) async -> [UInt8] {
            await service.answer(
                guest.get("/latest/dynamic/instance-identity/\(name)", token: token), in: guest.vpc
            ).body
        }
        let document = await page("document")
        let pem =
            "-----BEGIN PKCS7-----\n" + String(decoding: await page("pkcs7"), as: UTF8.self) + "\n-----END PKCS7-----\n"
        let verified = try await HostCommand.run(
            ["openssl", "cms", "-verify", "-inform", "PEM", "-CAfile", signer.certificatePath, "-purpose", "any"],
            standardInput: Array(pem.utf8))
        #expect(verified.isSuccess, "\(verified.errorText)")
        #expect(verified.standardOutput == document)
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(document)) as? [String: Any])
        #expect(fields["instanceId"] as? String == "\(guest.metadata.instance)")
        #expect(fields["privateIp"] as? String == guest.address)
    }
}
