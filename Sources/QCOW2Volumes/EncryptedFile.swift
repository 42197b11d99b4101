// A qcow2 file whose clusters QEMU seals as LUKS does. The tool gets the passphrase from a sealed file in memory.

import Backends
import CHostSystem
import Glibc
import HostSystem

struct EncryptedFile {
    let path: String
    let passphrase: VolumePassphrase

    func grow(toGiB sizeGiB: Int) async throws(VolumeBackendError) {
        try await run(["resize", "-q"], ["--image-opts", image, "\(sizeGiB)G"])
    }

    /// Changes a record of changes.
    func change(_ bitmap: String, _ change: [String]) async throws(VolumeBackendError) {
        try await run(["bitmap"] + change, ["--image-opts", image, bitmap])
    }

    private var image: String {
        "driver=qcow2,\(ToolSecret.option),file.driver=file,file.filename=\(EncryptedFile.escaped(path))"
    }

    private func run(_ options: [String], _ operands: [String]) async throws(VolumeBackendError) {
        let secret = try ToolSecret(passphrase)
        let arguments = ["qemu-img"] + options + secret.arguments + operands
        try await ImageTool.require(arguments, deadline: .seconds(60))
        withExtendedLifetime(secret) {}
    }

    /// A value inside a list of options: commas are doubled.
    static func escaped(_ text: String) -> String {
        text.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }
}

/// A passphrase as the tools read it when they start: they are told the number of our descriptor and no more.
struct ToolSecret: Sendable {
    private let file: OwnedDescriptor

    init(_ passphrase: VolumePassphrase) throws(VolumeBackendError) {
        let digits = passphrase.digits
        do throws(SystemError) {
            file = try OwnedDescriptor(apus_sealed_memory_file("volume-key", digits, digits.count), "memfd_create")
        } catch {
            throw .system(error)
        }
    }

    var arguments: [String] { ["--object", "secret,id=key,file=/proc/\(getpid())/fd/\(file.number)"] }

    /// Of a file that it opens.
    static let option = "encrypt.key-secret=key"
}
