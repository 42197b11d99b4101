import HostSystem
import KeyMaterial
import Testing

@Suite("A public key that is brought", .enabled(if: Tool.has("openssl") && Tool.has("ssh-keygen")))
struct BroughtKeyTests {
    @Test("is the same key in each of its forms, and has OpenSSL's fingerprint", arguments: [1_024, 2_048, 3_072])
    func rsa(bits: Int) async throws {
        let folder = try Folder()
        let file = folder.path("key")
        _ = try await run("ssh-keygen", "-q", "-t", "rsa", "-b", "\(bits)", "-N", "", "-m", "PEM", "-f", file)
        let line = try folder.read("key.pub")
        let key = try PublicKey(reading: line)
        for form in ["RFC4716", "PKCS8", "PEM"] {
            let exported = try await run("ssh-keygen", "-e", "-m", form, "-f", file)
            #expect(try PublicKey(reading: exported) == key, "\(form)")
        }
        let der = try await run("openssl", "rsa", "-in", file, "-pubout", "-outform", "DER")
        let bare = try await run("openssl", "base64", input: der)
        #expect(try PublicKey(reading: bare) == key)
        #expect(text(try await run("openssl", "md5", "-c", input: der)).hasSuffix("= " + key.importedFingerprint))
        let fields = text(line).split(separator: " ")
        #expect(key.openSSHLine(comment: "web") == "\(fields[0]) \(fields[1]) web")
    }

    @Test("may be Ed25519")
    func ed25519() async throws {
        let folder = try Folder()
        _ = try await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "a b", "-f", folder.path("key"))
        let key = try PublicKey(reading: folder.read("key.pub"))
        let shown = text(try await run("ssh-keygen", "-l", "-f", folder.path("key")))
        #expect(shown.contains("SHA256:" + key.importedFingerprint.dropLast()))
        #expect(try PublicKey(reading: Array((key.openSSHLine(comment: "") + "\r\n").utf8)) == key)
    }

    @Test("is refused when it is of another algorithm, too short, or a private key")
    func refused() async throws {
        let folder = try Folder()
        _ = try await run("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", folder.path("ec"))
        #expect(throws: KeyFormatError.notAPublicKey) { try PublicKey(reading: folder.read("ec.pub")) }
        #expect(throws: KeyFormatError.notAPublicKey) { try PublicKey(reading: folder.read("ec")) }
        let short = try await run("openssl", "genrsa", "-traditional", "512")
        let der = try await run("openssl", "rsa", "-pubout", input: short)
        #expect(throws: KeyFormatError.unsupportedLength(bits: 512)) { try PublicKey(reading: der) }
    }

    @Test(
        "is refused when it is no key",
        arguments: [
            "", "ssh-rsa", "ssh-rsa AAAA", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ== x", "hello world", "AAAA",
            "ssh-ed25519 ####",
            "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----", "---- BEGIN SSH2 PUBLIC KEY ----",
            "ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==",
        ])
    func garbage(text: String) {
        #expect(throws: KeyFormatError.notAPublicKey) { try PublicKey(reading: Array(text.utf8)) }
    }
}
