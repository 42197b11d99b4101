import CloudTypes
import Foundation
import HTTPListener
import HostSystem
import Logging
import NodeContract
import Synchronization
import Testing

@testable import NodeAgent

/// A clock that tests turn.
private final class TurnedTime: Timekeeper {
    private let moment = Mutex(FixedTime().now)
    var now: Timestamp { moment.withLock { $0 } }
    func advance(_ seconds: Double) { moment.withLock { $0 = $0.adding(seconds: seconds) } }
    func sleep(until moment: Timestamp) async throws {}
}

@Suite(
    "Keys of EC2 Instance Connect in metadata",
    .enabled(if: HostCommand.path(of: "openssl") != nil, "openssl is not installed"))
struct ConnectKeyTests {
    private let time = TurnedTime()
    private let folder = FileManager.default.temporaryDirectory.path + "/apus-connect-\(UUID().uuidString)"
    private let service: MetadataService
    private let guest: Sample
    private static let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    init() throws {
        service = MetadataService(
            time: time, identity: nil, keySigner: ConnectKeySigner(directory: folder, region: "us-east-1"),
            log: Logger(label: "test"))
        var sample = try Sample()
        sample.metadata.options.requiresToken = false
        guest = sample
    }

    private func page(_ path: String) async -> String? {
        let answer = await service.answer(guest.get("/latest/meta-data/managed-ssh-keys\(path)"), in: guest.vpc)
        return answer.status == 200 ? String(decoding: answer.body, as: UTF8.self) : nil
    }

    private func offer(to user: String) async throws {
        let key = ConnectKey(
            user: user, publicKey: ConnectKeyTests.line, expiresAt: time.now.adding(seconds: 60),
            caller: "arn:aws:iam::123456789012:root")
        try await service.offer(key, to: guest.metadata.instance)
    }

    @Test("are there for their user for a minute, and for nobody else")
    func life() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        await #expect(throws: NodeError.noSuchGuest(guest.metadata.instance)) { try await offer(to: "admin") }
        await service.set(guest.metadata, of: guest.metadata.instance)
        #expect(await page("") == "signer-cert\nsigner-ocsp/")
        #expect(await page("/active-keys/admin") == nil)
        try await offer(to: "admin")
        #expect(await page("") == "active-keys/\nsigner-cert\nsigner-ocsp/")
        #expect(await page("/active-keys/") == "admin/")
        #expect(await page("/active-keys/root") == nil)
        let list = try #require(await page("/active-keys/admin/")).split(separator: "\n").map(String.init)
        let end = time.now.milliseconds / 1000 + 60
        #expect(list[0] == "#Timestamp=\(end)" && list[1] == "#Instance=\(guest.metadata.instance)")
        #expect(list[3] == ConnectKeyTests.line)
        // A change of what else is told leaves them.
        await service.set(guest.metadata, of: guest.metadata.instance)
        time.advance(59)
        #expect(await page("/active-keys/admin") != nil)
        time.advance(1)
        #expect(await page("/active-keys/admin") == nil)
        #expect(await page("/active-keys") == nil)
        try await offer(to: "admin")
        await service.set(nil, of: guest.metadata.instance)
        await service.set(guest.metadata, of: guest.metadata.instance)
        #expect(await page("/active-keys/admin") == nil)
    }

    @Test("have one signer, however many ask for it first")
    func first() async throws {
        let signer = ConnectKeySigner(directory: folder, region: "us-east-1")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let chains = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<4 { group.addTask { try await signer.certificates().chain } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(chains.count == 1)
        let again = ConnectKeySigner(directory: folder, region: "us-east-1")
        #expect(try await chains == [again.certificates().chain])
    }

    @Test("are signed by whom the certificates and the proof say, as the agent's checks with openssl have it")
    func signature() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        await service.set(guest.metadata, of: guest.metadata.instance)
        try await offer(to: "admin")
        let list = try #require(await page("/active-keys/admin"))
        let chain = try #require(await page("/signer-cert"))
        let fingerprint = try #require(await page("/signer-ocsp"))
        let proof = try #require(await page("/signer-ocsp/\(fingerprint)").flatMap { Data(base64Encoded: $0) })
        #expect(await page("/signer-ocsp/other") == nil)
        let lines = list.split(separator: "\n").map(String.init)
        #expect(lines.count == 5 && list.hasSuffix("\n\n"))
        let parts = chain.components(separatedBy: "-----END CERTIFICATE-----\n")
        #expect(parts.count == 3)
        let place = folder + "/agent"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        func keep(_ name: String, _ bytes: Data) throws { try bytes.write(to: URL(filePath: "\(place)/\(name)")) }
        try keep("cert", Data((parts[0] + "-----END CERTIFICATE-----\n").utf8))
        try keep("issuer", Data((parts[1] + "-----END CERTIFICATE-----\n").utf8))
        try keep("proof", proof)
        try keep("data", Data(lines[..<4].map { $0 + "\n" }.joined().utf8))
        try keep("signature", try #require(Data(base64Encoded: lines[4])))
        func openssl(_ words: String) async throws -> String {
            let output = try await HostCommand.run(
                ["sh", "-c", "cd \"$0\" && openssl \(words)", place], standardInput: [])
            return String(decoding: output.standardOutput, as: UTF8.self)
        }
        #expect(try await openssl("verify -x509_strict -CAfile issuer cert") == "cert: OK\n")
        #expect(
            try await openssl("x509 -noout -subject -in cert").contains(
                "CN = managed-ssh-signer.us-east-1.amazonaws.com"))
        #expect(
            try await openssl("x509 -noout -fingerprint -sha1 -in cert").replacingOccurrences(of: ":", with: "")
                .contains("=\(fingerprint)\n"))
        #expect(
            try await openssl("ocsp -no_nonce -issuer issuer -cert cert -VAfile issuer -respin proof")
                .hasPrefix("cert: good"))
        _ = try await openssl("x509 -pubkey -noout -in cert >key")
        let check =
            "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -verify key -signature signature"
        #expect(try await openssl("\(check) data") == "Verified OK\n")
        try keep("data", Data(lines[1..<4].map { $0 + "\n" }.joined().utf8))
        #expect(try await openssl("\(check) data") != "Verified OK\n")
    }
}
