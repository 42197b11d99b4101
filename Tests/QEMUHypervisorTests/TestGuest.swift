// A guest small enough for tests: the tiny image's kernel and drivers, with a first process that does what a test says
// on its console. It needs no root disk and stands two seconds after its launch.

import Backends
import Foundation
import HostSystem

enum TestGuest {
    /// The kernel and ramdisk, made once per build folder; nil, with the reason printed, where this host cannot.
    static let files: Task<KernelFiles?, Never> = Task {
        do {
            guard geteuid() == 0 else { throw Unfit(reason: "guests need root") }
            for tool in ["qemu-system-x86_64", "qemu-img", "unshare", "prlimit", "setpriv"] {
                guard HostCommand.path(of: tool) != nil else { throw Unfit(reason: "\(tool) is not installed") }
            }
            return try await make()
        } catch {
            print("no guests here: \(error)")
            return nil
        }
    }

    /// What the kernel is told.
    static let arguments = "console=ttyS0 quiet panic=1 rdinit=/test-init"

    struct Unfit: Error, CustomStringConvertible {
        let reason: String
        var description: String { reason }
    }

    private static func make() async throws -> KernelFiles {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let directory = root + "/.build/test-tiny-image"
        if !FileManager.default.fileExists(atPath: directory + "/image.json") {
            let outcome = try await HostCommand.run(
                [root + "/Sources/ImageRecipes/Resources/tiny/build-tiny-image", directory],
                environment: HostCommand.plainEnvironment.merging(["HOME": NSHomeDirectory()]) { $1 },
                limits: HostCommand.Limits(deadline: .seconds(600)))
            guard outcome.isSuccess else { throw Unfit(reason: "the tiny image cannot be built: \(outcome.errorText)") }
        }
        let ramdisk = directory + "/test-\(UUID().uuidString).img"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: directory + "/initrd.img"))
        bytes.append(contentsOf: [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4))
        var archive = Archive()
        archive.add("test-init", mode: 0o100755, Array(firstProcess.utf8))
        for folder in ["etc", "etc/acpi", "etc/acpi/PWRF"] { archive.add(folder, mode: 0o040755, []) }
        archive.add(
            "etc/acpi/PWRF/00000080", mode: 0o100755, Array("#!/bin/busybox sh\n/bin/busybox poweroff -f\n".utf8))
        archive.end()
        bytes.append(contentsOf: archive.bytes)
        try bytes.write(to: URL(fileURLWithPath: ramdisk))
        let final = directory + "/test-initrd.img"
        guard rename(ramdisk, final) == 0 else { throw Unfit(reason: "rename of \(ramdisk)") }
        return KernelFiles(kernelPath: directory + "/vmlinux", ramdiskPath: final)
    }

    /// Loads the drivers, says what it sees, presses for power, then runs each line that comes in on the console.
    private static let firstProcess = """
        #!/bin/busybox sh
        B=/bin/busybox
        $B mount -t proc proc /proc; $B mount -t sysfs sys /sys; $B mount -t devtmpfs dev /dev
        while read -r module; do $B insmod "/modules/$module"; done </modules/order
        exec >/dev/console 2>&1 </dev/console
        $B acpid -l /dev/null
        for f in /sys/block/vd*/serial; do [ -e $f ] && echo "serial: $($B cat $f)"; done
        echo "uuid: $($B cat /sys/class/dmi/id/product_uuid) $($B cat /sys/class/dmi/id/product_serial)"
        echo "asset: $($B cat /sys/class/dmi/id/board_asset_tag)"
        echo "guest ready"
        while read -r line; do eval "$line"; done
        """
}

/// A ramdisk archive in the kernel's own format (`newc`).
private struct Archive {
    private(set) var bytes: [UInt8] = []
    private var number = 1000

    mutating func add(_ name: String, mode: Int, _ content: [UInt8]) {
        number += 1
        let fields = [number, mode, 0, 0, 1, 0, content.count, 0, 0, 0, 0, name.utf8.count + 1, 0]
        bytes += Array(("070701" + fields.map { hexadecimal($0) }.joined()).utf8)
        bytes += Array(name.utf8) + [0]
        pad()
        bytes += content
        pad()
    }

    mutating func end() { add("TRAILER!!!", mode: 0, []) }

    private mutating func pad() { bytes += [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4) }

    private func hexadecimal(_ number: Int) -> String {
        let digits = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
