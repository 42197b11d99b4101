// The open descriptors a guest's QEMU is born with: it can open no file of ours by name, its user owns none.
// Numbers are planned first (pure), files opened in the same order afterwards.

import Backends
import CHostSystem
import Glibc
import HostSystem
import NodeContract

/// The numbers under which QEMU has its files and sockets.
struct DescriptorPlan: Equatable {
    struct Disk: Equatable {
        /// Of a shared volume: the folder with the socket that serves it.
        let file: Int32
        let backing: [Int32]
        /// The folder with the socket of its feed.
        var feed: Int32?
        /// What opens an encrypted one.
        var passphrase: Int32?
        /// What opens a sealed base beneath it.
        var basePassphrase: Int32?
    }

    static let monitor: Int32 = 3
    static let monitorLog: Int32 = 4
    static let console: Int32 = 5
    static let consoleLog: Int32 = 6
    var kernel: Int32?
    var ramdisk: Int32?
    /// UEFI's variables.
    var variables: Int32?
    var disks: [Disk] = []
    var ports: [Int32] = []
    /// The key of the instance store, and its disks.
    var scratchKey: Int32?
    var scratch: [Int32] = []

    init(
        disks files: [VolumeFile], kernel kernelFiles: KernelFiles?, boot: GuestSpec.Boot, portCount: Int,
        scratchCount: Int = 0
    ) {
        var next: Int32 = 7
        func take() -> Int32 {
            defer { next += 1 }
            return next
        }
        if let kernelFiles {
            kernel = take()
            ramdisk = kernelFiles.ramdiskPath.map { _ in take() }
        }
        switch boot {
        case .firmware(.uefi): variables = take()
        case .kernel, .firmware(.bios): break
        }
        disks = files.map { file in
            guard file.sharedFolder == nil else { return Disk(file: take(), backing: []) }
            return Disk(
                file: take(), backing: file.backingPaths.map { _ in take() }, feed: file.feed.map { _ in take() },
                passphrase: file.passphrase.map { _ in take() },
                basePassphrase: file.basePassphrase.map { _ in take() })
        }
        ports = (0..<portCount).map { _ in take() }
        guard scratchCount > 0 else { return }
        scratchKey = take()
        scratch = (0..<scratchCount).map { _ in take() }
    }
}

extension VolumePassphrase {
    /// In memory alone; gone with the last descriptor.
    func sealedFile() throws(SystemError) -> OwnedDescriptor {
        try OwnedDescriptor(apus_sealed_memory_file("volume-key", digits, digits.count), "memfd_create")
    }
}

/// Our side of the plan: everything open, closed when let go.
struct OpenDescriptors: Sendable {
    private var owned: [(OwnedDescriptor, Int32)] = []

    /// Ours, and QEMU's number for it.
    var inheritance: [Int32: Int32] {
        Dictionary(owned.map { ($0.0.number, $0.1) }) { $1 }
    }

    init(
        _ plan: DescriptorPlan, directory: GuestDirectory, disks: [VolumeFile], kernel: KernelFiles?,
        ports: [OwnedDescriptor], scratch: ScratchDisks?
    ) throws(SystemError) {
        owned.append((try UnixSocket.listen(directory.monitorSocket), DescriptorPlan.monitor))
        owned.append((try UnixSocket.listen(directory.consoleSocket), DescriptorPlan.console))
        try open(directory.monitorLog, O_WRONLY | O_CREAT | O_APPEND | O_TRUNC, DescriptorPlan.monitorLog)
        try open(directory.consoleLog, O_WRONLY | O_CREAT | O_APPEND | O_TRUNC, DescriptorPlan.consoleLog)
        if let kernel, let number = plan.kernel { try openKernel(kernel.kernelPath, number) }
        if let path = kernel?.ramdiskPath, let number = plan.ramdisk { try openKernel(path, number) }
        if let number = plan.variables { try open(directory.variables, O_RDWR, number) }
        for (file, numbers) in zip(disks, plan.disks) {
            if let shared = file.sharedFolder {
                try open(shared.path, O_RDONLY | O_DIRECTORY, numbers.file)
                continue
            }
            try open(file.path, O_RDWR, numbers.file)
            for (path, number) in zip(file.backingPaths, numbers.backing) { try open(path, O_RDONLY, number) }
            if let feed = file.feed, let number = numbers.feed { try open(feed.folder, O_RDONLY | O_DIRECTORY, number) }
            for case (let passphrase?, let number?) in [
                (file.passphrase, numbers.passphrase), (file.basePassphrase, numbers.basePassphrase),
            ] {
                owned.append((try passphrase.sealedFile(), number))
            }
        }
        for (port, number) in zip(ports, plan.ports) { owned.append((port, number)) }
        if let scratch, let number = plan.scratchKey { owned.append((scratch.key, number)) }
        for (file, number) in zip(scratch?.files ?? [], plan.scratch) { owned.append((file, number)) }
    }

    private mutating func open(_ path: String, _ flags: Int32, _ number: Int32) throws(SystemError) {
        let file = try OwnedDescriptor(Glibc.open(path, flags | O_CLOEXEC, 0o600), "open \(path)")
        owned.append((file, number))
    }

    /// QEMU opens a kernel anew by its descriptor, which asks for the file's permissions, not for its path's.
    private mutating func openKernel(_ path: String, _ number: Int32) throws(SystemError) {
        try open(path, O_RDONLY, number)
        var status = stat()
        guard let file = owned.last?.0, fstat(file.number, &status) == 0 else { throw SystemError("fstat \(path)") }
        guard status.st_mode & S_IROTH == 0 else { return }
        guard fchmod(file.number, status.st_mode & 0o7777 | S_IROTH) == 0 else { throw SystemError("fchmod \(path)") }
    }
}
