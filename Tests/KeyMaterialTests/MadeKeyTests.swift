import HostSystem
import KeyMaterial
import Testing

@Suite("A key pair that is made")
struct MadeKeyTests {
    @Test("as RSA is one that OpenSSL and ssh-keygen read", .enabled(if: Tool.has("openssl") && Tool.has("ssh-keygen")))
    func rsa() async throws {
        let folder = try Folder()
        let key = try PrivateKey.generate(.rsa2048)
        let file = try folder.write(key.pem(comment: "web") + "\n", to: "key.pem")
        #expect(text(try await run("openssl", "rsa", "-in", file, "-check", "-noout")).contains("ok"))
        let line = text(try await run("ssh-keygen", "-y", "-f", file))
        #expect(key.publicKey.openSSHLine(comment: "web") == line + " web")
        let pkcs8 = try await run("openssl", "pkcs8", "-in", file, "-topk8", "-nocrypt", "-outform", "DER")
        let digest = text(try await run("openssl", "sha1", "-c", input: pkcs8))
        #expect(digest.hasSuffix("= " + key.fingerprint))
        #expect(key.pem(comment: "web").hasPrefix("-----BEGIN RSA PRIVATE KEY-----\n"))
    }

    @Test("as Ed25519 is one that ssh-keygen reads", .enabled(if: Tool.has("ssh-keygen")))
    func ed25519() async throws {
        let folder = try Folder()
        let key = try PrivateKey.generate(.ed25519)
        let file = try folder.write(key.pem(comment: "my key") + "\n", to: "key.pem")
        #expect(text(try await run("ssh-keygen", "-y", "-f", file)) == key.publicKey.openSSHLine(comment: "my key"))
        let shown = text(try await run("ssh-keygen", "-l", "-f", file))
        #expect(key.fingerprint.hasSuffix("=") && shown.contains("SHA256:" + key.fingerprint.dropLast()))
    }

    @Test(
        "is one that PuTTY reads", .enabled(if: Tool.has("puttygen") && Tool.has("ssh-keygen"), "needs puttygen"),
        arguments: [PrivateKey.Kind.rsa2048, .ed25519])
    func putty(kind: PrivateKey.Kind) async throws {
        let folder = try Folder()
        let key = try PrivateKey.generate(kind)
        let file = try folder.write(key.ppk(comment: "web"), to: "key.ppk")
        let public_ = text(try await run("puttygen", file, "-O", "public-openssh"))
        #expect(public_ == key.publicKey.openSSHLine(comment: "web"))
        let out = folder.path("key")
        _ = try await run("puttygen", file, "-O", "private-openssh", "-o", out)
        let line = text(try await run("ssh-keygen", "-y", "-f", out))
        #expect(key.publicKey.openSSHLine(comment: "web").hasPrefix(line))
    }

    @Test("differs from every other one")
    func fresh() throws {
        let keys = try (0..<3).map { _ in try PrivateKey.generate(.ed25519) }
        #expect(Set(keys.map(\.fingerprint)).count == 3)
    }
}
