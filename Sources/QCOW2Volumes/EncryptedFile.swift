// A qcow2 file whose clusters QEMU seals as LUKS does. The tool gets the passphrase from a sealed file in memory.

import Backends
import CHostSystem
import Glibc
import HostSystem

struct EncryptedFile {
    let path: String
    let passphrase: VolumePassphrase

    /// How often a new file is tried: LUKS measures the processor first, which on a busy host mostly yields nothing, at
    /// once.
    private static let attempts = 100

    /// Returns once the bytes are on the disk.
    ///
    /// - Parameter backing: as the header names it; read as `raw`.
    func create(sizeGiB: Int, backing: String?) async throws(VolumeBackendError) {
        // The passphrase is random already: there is nothing to be gained by deriving the key from it slowly.
        var options = "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10"
        if let backing { options += ",backing_fmt=raw,backing_file=\(EncryptedFile.escaped(backing))" }
        for attempt in 1...EncryptedFile.attempts {
            do throws(VolumeBackendError) {
                try await run(["create", "-q", "-f", "qcow2", "-o", options], ["\(path)", "\(sizeGiB)G"])
                break
            } catch {
                unlink(path)
                guard case .commandFailed = error, attempt < EncryptedFile.attempts else { throw error }
            }
        }
        let file = try VolumeDirectory.open(path, O_RDWR)
        guard fchmod(file.number, 0o600) == 0 else { throw .system("fchmod") }
        guard fsync(file.number) == 0 else { throw .system("fsync") }
    }

    func grow(toGiB sizeGiB: Int) async throws(VolumeBackendError) {
        let image = "driver=qcow2,file.driver=file,file.filename=\(EncryptedFile.escaped(path)),encrypt.key-secret=key"
        try await run(["resize", "-q"], ["--image-opts", image, "\(sizeGiB)G"])
    }

    private func run(_ options: [String], _ operands: [String]) async throws(VolumeBackendError) {
        let key: OwnedDescriptor
        do throws(SystemError) {
            key = try OwnedDescriptor(
                apus_sealed_memory_file("volume-key", passphrase.digits, passphrase.digits.count), "memfd_create")
        } catch {
            throw .system(error)
        }
        let secret = ["--object", "secret,id=key,file=/proc/\(getpid())/fd/\(key.number)"]
        let arguments = ["qemu-img"] + options + secret + operands
        try await ImageTool.require(arguments, deadline: .seconds(60))
        withExtendedLifetime(key) {}
    }

    /// A value inside a list of options: commas are doubled.
    private static func escaped(_ text: String) -> String {
        text.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }
}
