// A volume's file as QEMU's tools open it, and the passphrase that they get from a sealed file in memory.

import Backends
import CHostSystem
import Glibc
import HostSystem
import JSON

/// A volume's file as QEMU's tools open it: its layers are said, never found out.
struct VolumeImage {
    enum Beneath {
        /// What lies beneath is not looked at.
        case unseen
        /// What its header names, as seen from a working directory.
        case named(from: String)
    }

    let path: String
    let passphrase: VolumePassphrase?

    func options(over beneath: Beneath) -> JSONValue {
        var options: [String: JSONValue] = [
            "driver": "qcow2", "file": ["driver": "file", "filename": .string(path)],
        ]
        if passphrase != nil { options["encrypt"] = ["format": "luks", "key-secret": .string(ToolSecret.id)] }
        switch beneath {
        case .unseen: options["backing"] = .null
        case .named: break
        }
        return .object(options)
    }

    /// Runs a command of `qemu-img` on it.
    ///
    /// - Parameter operands: what follows the file.
    func run(
        _ command: [String], over beneath: Beneath = .unseen, _ operands: [String] = [],
        deadline: Duration = .seconds(60)
    ) async throws(VolumeBackendError) {
        var arguments: [String] = []
        if case .named(let directory) = beneath { arguments += ["env", "--chdir=\(directory)"] }
        arguments += ["qemu-img"] + command
        let secret: ToolSecret? = if let passphrase { try ToolSecret(passphrase) } else { nil }
        arguments += secret?.arguments ?? []
        arguments += ["json:\(options(over: beneath))"] + operands
        try await ImageTool.require(arguments, deadline: deadline)
        withExtendedLifetime(secret) {}
    }
}

extension VolumeImage {
    /// Takes in all that is not zeros of what is named, as seen from a working directory. The file is as large, and empty.
    func take(_ source: String, from directory: String) async throws(VolumeBackendError) {
        guard let passphrase else { throw .hostFailed("\(path) is not sealed") }
        let secret = try ToolSecret(passphrase)
        try await ImageTool.require(
            ["env", "--chdir=\(directory)", "qemu-img", "convert", "-q", "-n", "-f", "raw"] + secret.arguments
                + ["--target-image-opts", source, "driver=qcow2,file.filename=\(path),\(ToolSecret.option)"],
            deadline: .seconds(86_400))
        withExtendedLifetime(secret) {}
    }
}

/// A passphrase as the tools read it when they start: they are told the number of our descriptor and no more.
struct ToolSecret: Sendable {
    private let file: OwnedDescriptor
    private let name: String

    init(_ passphrase: VolumePassphrase, as name: String = ToolSecret.id) throws(VolumeBackendError) {
        self.name = name
        let digits = passphrase.digits
        do throws(SystemError) {
            file = try OwnedDescriptor(apus_sealed_memory_file("volume-key", digits, digits.count), "memfd_create")
        } catch {
            throw .system(error)
        }
    }

    var arguments: [String] { ["--object", "secret,id=\(name),file=/proc/\(getpid())/fd/\(file.number)"] }

    static let id = "key"
    /// The one of a sealed base.
    static let baseID = "basekey"
    /// Of a file that it opens.
    static let option = "encrypt.key-secret=\(id)"
}
