// The instance store of one launch: files without names, encrypted by a key that is nowhere but in memory. With the
// guest's process the last descriptor of both is gone, and with it every byte, whoever ended it and however. The format
// is qcow2, for what was never written reads as zeros, which an encrypted flat file's would not.

import Backends
import CHostSystem
import CloudTypes
import Glibc
import HostSystem
import JSON
import NodeContract
import QMP

/// Our side until QEMU has inherited it.
struct ScratchDisks: Sendable {
    let key: OwnedDescriptor
    let files: [OwnedDescriptor]

    /// Makes the disks; nil where the guest has none.
    ///
    /// - Parameter directory: a folder of the file system on which they should lie.
    init?(_ wanted: [GuestSpec.Scratch], in directory: String) async throws(HypervisorError) {
        guard !wanted.isEmpty else { return nil }
        do throws(SystemError) {
            let secret = ScratchDisks.newSecret()
            key = try OwnedDescriptor(
                apus_sealed_memory_file("instance-store-key", secret, secret.count), "memfd_create")
            var files: [OwnedDescriptor] = []
            for _ in wanted {
                files.append(
                    try OwnedDescriptor(
                        open(directory, ScratchDisks.nameless | O_RDWR | O_CLOEXEC, 0o600),
                        "open a nameless file in \(directory)"))
            }
            self.files = files
        } catch {
            throw .hostFailed(error.description)
        }
        for (file, disk) in zip(files, wanted) { try await format(file, disk.bytes) }
    }

    /// `O_TMPFILE`, whose definition is too much for the importer.
    private static let nameless = O_DIRECTORY | 0o20_000_000

    /// 256 bits, as text: what QEMU takes as a passphrase.
    private static func newSecret() -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var generator = SystemRandomNumberGenerator()
        return (0..<64).map { _ in digits[Int.random(in: 0..<16, using: &generator)] }
    }

    /// How often the format is tried: the tool gives up at once where the processor's clock did not tick while it measured
    /// how fast it derives keys, which on busy hosts happens many times in a row.
    private static let attempts = 100

    /// The passphrase is random already: there is nothing to be gained by deriving the key from it slowly.
    private func format(_ file: OwnedDescriptor, _ bytes: Int) async throws(HypervisorError) {
        var complaint = ""
        for _ in 0..<ScratchDisks.attempts {
            guard let text = try await complaintOfFormat(file, bytes) else { return }
            complaint = text
        }
        throw .hostFailed("instance store: \(complaint)")
    }

    /// What the tool complained of; nil: it is done.
    private func complaintOfFormat(_ file: OwnedDescriptor, _ bytes: Int) async throws(HypervisorError) -> String? {
        let ours = "/proc/\(getpid())/fd/"
        let outcome: HostCommand.Outcome
        do throws(HostCommandError) {
            outcome = try await HostCommand.run([
                "qemu-img", "create", "-q", "-f", "qcow2", "--object", "secret,id=key,file=\(ours)\(key.number)",
                "-o", "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10,lazy_refcounts=on",
                "\(ours)\(file.number)", "\(bytes)",
            ])
        } catch {
            throw .hostFailed("instance store: \(error)")
        }
        return outcome.isSuccess ? nil : outcome.errorText
    }
}

/// One disk of the instance store on QEMU's command line.
struct ScratchArguments {
    let disk: GuestSpec.Scratch
    let spec: GuestSpec
    /// The number of the set that holds its file.
    let descriptor: Int32
    let slot: Int

    static let keyName = "instance-store-key"

    /// QEMU reads it once, at its start.
    static func key(_ descriptor: Int32) -> [String] {
        ["-object", "secret,id=\(keyName),file=/proc/self/fd/\(descriptor)"]
    }

    var arguments: [String] {
        let name = "ephemeral\(disk.index)"
        // Flushed is what outlives the machine, and nothing of this does.
        let cache: JSONValue = ["no-flush": true]
        let file: JSONValue = [
            "driver": "file", "node-name": .string(name + "-f"), "filename": .string("/dev/fdset/\(descriptor)"),
            "discard": "unmap", "cache": cache,
        ]
        let node: JSONValue = [
            "driver": "qcow2", "node-name": .string(name + "-d"), "file": .string(name + "-f"),
            "encrypt": ["format": "luks", "key-secret": .string(Self.keyName)], "discard": "unmap", "cache": cache,
        ]
        let kind = disk.isNVMe ? "nvme,serial=\(serial)" : "virtio-blk-pci,serial=\(name)"
        return [
            "-blockdev", file.description, "-blockdev", node.description, "-device",
            "\(kind),id=\(name),bus=slot\(slot),drive=\(name)-d",
        ]
    }

    /// `AWS` and 17 digits, as on EC2: 16 of the instance's and the disk's number.
    private var serial: String {
        let digits = spec.instance.description.dropFirst("i-".count)
        let own = digits.suffix(16)
        return "AWS" + String(repeating: "0", count: 16 - own.count) + own.uppercased()
            + String(disk.index % 16, radix: 16).uppercased()
    }
}
