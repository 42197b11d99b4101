import Backends
import CloudTypes
import Foundation
import HostSystem
import NodeContract
import QCOW2Volumes
import QEMUHypervisor
import Testing

@Suite(
    "Disks of guests that run", .serialized, .timeLimit(.minutes(10)),
    .enabled("needs root, QEMU and the tiny image") { await TestGuest.files.value != nil })
struct DiskTests {
    @Test("a volume is plugged in, seen with its id, written, let go of, and still has what was written")
    func journey() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            try await lab.awaitConsole("guest ready", in: hypervisor)
            let (disk, file) = try await lab.furtherDisk()
            let run = GuestRun(instance: lab.instance, launch: 1)
            try await hypervisor.attach(disk, file, to: run)
            try await hypervisor.attach(disk, file, to: run)
            try await lab.type(
                "until [ -s /sys/block/vdb/serial ]; do :; done; echo \"found $($B cat /sys/block/vdb/serial).\"")
            try await lab.awaitConsole("found \(disk.volume.description.filter { $0 != "-" }).", in: hypervisor)
            #expect(try lab.openFiles().contains(file.path))
            try await lab.type("echo kept-data >/dev/vdb; $B sync; echo \"written: $?\"")
            try await lab.awaitConsole("written: 0", in: hypervisor)
            try await hypervisor.grow(disk.volume, toGiB: 3, in: run)
            try await hypervisor.grow(disk.volume, toGiB: 2, in: run)
            try await lab.type("echo \"sectors: $($B cat /sys/block/vdb/size)\"")
            try await lab.awaitConsole("sectors: \(3 << 21)", in: hypervisor)
            try await hypervisor.limit(disk.volume, to: DiskLimits(iops: 500), in: run)
            #expect(try await hypervisor.detach(disk.volume, from: run, force: false))
            #expect(try !lab.openFiles().contains(file.path))
            #expect(try await hypervisor.detach(disk.volume, from: run, force: false))
            try await lab.type("until [ ! -e /sys/block/vdb ]; do :; done; echo \"gone: $?\"")
            try await lab.awaitConsole("gone: 0", in: hypervisor)
            try await hypervisor.attach(disk, file, to: run)
            try await lab.type("until [ -b /dev/vdb ]; do :; done; $B head -n 1 /dev/vdb")
            try await lab.awaitConsole("kept-data", count: 2, in: hypervisor)
            let check = try await HostCommand.run(["qemu-img", "check", "-U", file.path])
            #expect(check.isSuccess, "\(check.errorText)")
        }
    }

    @Test("after a restart of ours the guest still has its disk, and lets go of it when asked")
    func adopted() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            try await lab.awaitConsole("guest ready", in: hypervisor)
            let (disk, file) = try await lab.furtherDisk()
            let run = GuestRun(instance: lab.instance, launch: 1)
            try await hypervisor.attach(disk, file, to: run)
            await hypervisor.detach()
            let next = try lab.open()
            _ = try await next.adopt()
            try await next.attach(disk, file, to: run)
            #expect(
                try lab.openFiles().filter { $0 == file.path }.count == 2, "the disk is open once: in a set, and used")
            #expect(try await next.detach(disk.volume, from: run, force: false))
            #expect(try !lab.openFiles().contains(file.path))
            await next.detach()
        }
    }

    @Test(
        "a guest that does not let go keeps the disk until it is taken by force, and is then told apart from one that did"
    )
    func forced() async throws {
        try await GuestLab.with { lab, hypervisor in
            let listener = Listener(hypervisor)
            // Without a system nobody answers the slot's button.
            try await hypervisor.launch(lab.guest(boot: .firmware(.bios)))
            let (disk, file) = try await lab.furtherDisk()
            let run = GuestRun(instance: lab.instance, launch: 1)
            try await hypervisor.attach(disk, file, to: run)
            #expect(try await !hypervisor.detach(disk.volume, from: run, force: false))
            #expect(try lab.openFiles().contains(file.path))
            #expect(try await hypervisor.detach(disk.volume, from: run, force: true))
            #expect(try !lab.openFiles().contains(file.path))
            #expect(try await hypervisor.detach(disk.volume, from: run, force: false))
            await #expect(throws: HypervisorError.self) { try await hypervisor.attach(disk, file, to: run) }
            // A reset ends every unplugging that was begun.
            try await hypervisor.reset(lab.instance)
            #expect(await listener.await(.volumeDetached(disk.volume, from: lab.instance)))
            try await hypervisor.attach(disk, file, to: run)
            #expect(try lab.openFiles().contains(file.path))
        }
    }

    @Test("is asked of one launch only, and of as many disks as there are slots")
    func refused() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest(boot: .firmware(.bios)))
            let (disk, file) = try await lab.furtherDisk()
            let gone = HypervisorError.noSuchGuest(lab.instance)
            let other = GuestRun(instance: lab.instance, launch: 2)
            await #expect(throws: gone) { try await hypervisor.attach(disk, file, to: other) }
            await #expect(throws: gone) { try await hypervisor.detach(disk.volume, from: other, force: true) }
            let run = GuestRun(instance: lab.instance, launch: 1)
            for _ in 0..<hypervisor.hotPlugSlots {
                let (disk, file) = try await lab.furtherDisk()
                try await hypervisor.attach(disk, file, to: run)
            }
            await #expect(throws: HypervisorError.self) { try await hypervisor.attach(disk, file, to: run) }
            #expect(try !lab.openFiles().contains(file.path), "nothing is left of what could not be")
        }
    }
}

extension GuestLab {
    /// One more volume of 1 GiB, not yet attached to anything.
    func furtherDisk() async throws -> (GuestSpec.Disk, VolumeFile) {
        var generator = SystemRandomNumberGenerator()
        let volume = VolumeID(from: &generator)
        try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: nil))
        let disk = GuestSpec.Disk(
            volume: volume, deviceName: "/dev/sdf", limits: DiskLimits(iops: 3_000, bytesPerSecond: 125 << 20))
        return (disk, try await volumes.file(of: volume))
    }

    /// The paths behind all descriptors of the guest's QEMU.
    func openFiles() throws -> [String] {
        let folder = "/proc/\(try process().pid)/fd"
        return try FileManager.default.contentsOfDirectory(atPath: folder).compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
        }
    }
}
