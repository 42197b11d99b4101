// Finds out whether KVM really runs guests here, by booting one: neither the device, nor its capabilities, nor the
// first line of a kernel is proof. The answer is kept for this boot of the host.

import Backends
import FoundationEssentials
import Glibc
import HostSystem
import Logging

struct AccelerationProbe: Sendable {
    struct Answer: Sendable, Equatable {
        let acceleration: Acceleration
        /// False where there was no kernel to boot.
        let isCertain: Bool
    }

    let configuration: QEMUConfiguration
    let logger: Logger

    /// A canary that has not panicked by then runs so slowly that emulation is better.
    static let deadline = Duration.seconds(8)

    func answer() async -> Answer {
        guard access("/dev/kvm", R_OK | W_OK) == 0 else { return Answer(acceleration: .tcg, isCertain: true) }
        guard let kernel = configuration.canaryKernel() else {
            return Answer(acceleration: AccelerationProbe.processorCanVirtualise() ? .kvm : .tcg, isCertain: false)
        }
        guard let key = await key(kernel) else { return Answer(acceleration: .tcg, isCertain: false) }
        if let kept = SmallFile.read(memory), let entry = try? JSONDecoder().decode(Memory.self, from: Data(kept.utf8)),
            entry.key == key
        {
            return Answer(acceleration: entry.acceleration, isCertain: true)
        }
        let acceleration: Acceleration = await canaryLives(kernel) ? .kvm : .tcg
        remember(Memory(key: key, acceleration: acceleration))
        return Answer(acceleration: acceleration, isCertain: true)
    }

    // MARK: memory

    private struct Memory: Codable {
        let key: String
        let acceleration: Acceleration
    }

    private var memory: String { configuration.stateDirectory + "/acceleration.json" }

    /// What the answer depends on: the boot of the host, QEMU's version, the kernel file.
    private func key(_ kernel: String) async -> String? {
        var status = stat()
        guard stat(kernel, &status) == 0,
            let version = try? await HostCommand.run([configuration.binary, "--version"]), version.isSuccess
        else { return nil }
        let file = "\(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec)"
        return [GuestRecord.currentBootID(), version.outputText, file].joined(separator: "|")
    }

    private func remember(_ entry: Memory) {
        guard let bytes = try? JSONEncoder().encode(entry) else { return }
        do throws(SystemError) {
            try SmallFile.replace(memory, with: String(decoding: bytes, as: UTF8.self), mode: 0o600)
        } catch {
            logger.warning("the canary's answer is not kept", metadata: ["error": "\(error)"])
        }
    }

    // MARK: canary

    /// A kernel without a root panics; told to restart then, QEMU ends with 0, having printed the panic.
    static func canaryArguments(kernel: String) -> [String] {
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "q35", "-accel", "kvm",
            "-cpu", "host", "-m", "128M", "-kernel", kernel, "-append", "console=ttyS0 panic=-1 quiet",
            "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
        ]
    }

    private func canaryLives(_ kernel: String) async -> Bool {
        let arguments = [configuration.binary] + AccelerationProbe.canaryArguments(kernel: kernel)
        let limits = HostCommand.Limits(deadline: AccelerationProbe.deadline, output: 1 << 20)
        guard let outcome = try? await HostCommand.run(arguments, limits: limits) else { return false }
        return outcome.isSuccess && outcome.outputText.contains("Kernel panic")
    }

    private static func processorCanVirtualise() -> Bool {
        let flags = SmallFile.read("/proc/cpuinfo")?.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
        return flags.split(separator: " ").contains { $0 == "vmx" || $0 == "svm" }
    }

    /// The group that may open /dev/kvm, where not everyone may.
    static func deviceGroup() -> UInt32? {
        var status = stat()
        guard stat("/dev/kvm", &status) == 0, status.st_mode & 0o006 != 0o006 else { return nil }
        return status.st_gid
    }
}
