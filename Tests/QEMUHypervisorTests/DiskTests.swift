import Backends
import CloudTypes
import Foundation
import HostSystem
import JSON
import NodeContract
import QCOW2Volumes
import QMP
import Testing

@testable import QEMUHypervisor

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
            try await hypervisor.attach(disk, file, holding: [], to: run)
            try await hypervisor.attach(disk, file, holding: [], to: run)
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
            try await hypervisor.attach(disk, file, holding: [], to: run)
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
            try await hypervisor.attach(disk, file, holding: [], to: run)
            await hypervisor.detach()
            let next = try lab.open()
            _ = try await next.adopt()
            try await next.attach(disk, file, holding: [], to: run)
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
            try await hypervisor.attach(disk, file, holding: [], to: run)
            #expect(try await !hypervisor.detach(disk.volume, from: run, force: false))
            #expect(try lab.openFiles().contains(file.path))
            #expect(try await hypervisor.detach(disk.volume, from: run, force: true))
            #expect(try !lab.openFiles().contains(file.path))
            #expect(try await hypervisor.detach(disk.volume, from: run, force: false))
            await #expect(throws: HypervisorError.self) {
                try await hypervisor.attach(disk, file, holding: [], to: run)
            }
            // A reset ends every unplugging that was begun.
            try await hypervisor.reset(lab.instance)
            #expect(await listener.await(.volumeDetached(disk.volume, from: lab.instance)))
            try await hypervisor.attach(disk, file, holding: [], to: run)
            #expect(try lab.openFiles().contains(file.path))
        }
    }

    @Test("an encrypted disk comes and goes, grows, and its key is in no argument, log or file")
    func encrypted() async throws {
        try await GuestLab.with { lab, hypervisor in
            let key = EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
            let (root, rootFile) = try await lab.furtherDisk(key: key)
            let (disk, file) = try await lab.furtherDisk(key: key)
            var guest = try await lab.guest(boot: .firmware(.bios))
            guest.spec.disks.append(root)
            guest.disks.append(rootFile)
            try await hypervisor.launch(guest)
            let run = GuestRun(instance: lab.instance, launch: 1)
            try await hypervisor.attach(disk, file, holding: [], to: run)
            try await hypervisor.attach(disk, file, holding: [], to: run)
            try await hypervisor.grow(disk.volume, toGiB: 2, in: run)
            let digits = try [rootFile, file].map { Data(try #require($0.passphrase).digits) }
            let process = "/proc/\(try lab.process().pid)"
            var places = [process + "/cmdline", process + "/environ"]
            places += (FileManager.default.enumerator(atPath: lab.path)?.compactMap { $0 as? String } ?? [])
                .map { "\(lab.path)/\($0)" }
            for place in places {
                guard let bytes = FileManager.default.contents(atPath: place) else { continue }
                for secret in digits { #expect(bytes.range(of: secret) == nil, "\(place)") }
            }
            #expect(try await hypervisor.detach(disk.volume, from: run, force: true))
            #expect(try !lab.openFiles().contains(file.path))
            #expect(try !lab.openFiles().contains { $0 == file.path })
            // Nothing of it is in the way of another one.
            try await lab.volumes.delete(disk.volume)
            let (next, nextFile) = try await lab.furtherDisk(key: key)
            try await hypervisor.attach(next, nextFile, holding: [], to: run)
        }
    }

    @Test("a guest whose type bursts does what its credits pay for, also in the eyes of another run of ours")
    func credits() async throws {
        try await GuestLab.with { lab, hypervisor in
            var guest = try await lab.guest()
            let burst = DiskLimits.Burst(unit: .operations, baseline: 20, capacity: 200)
            guest.spec.diskLimits = DiskLimits(iops: 5_000, bytesPerSecond: 1 << 30, burst: burst)
            try await hypervisor.launch(guest)
            try await lab.awaitConsole("guest ready", in: hypervisor)
            #expect(try await hypervisor.operationsLimit(of: lab.instance) == 5_000)
            try await lab.type("$B dd if=/dev/vda of=/dev/null bs=4k count=16000 2>/dev/null; echo \"read: $?\"")
            try await lab.awaitConsole("read: 0", in: hypervisor)
            await hypervisor.settleCredits(at: 1_000)
            #expect(try await hypervisor.operationsLimit(of: lab.instance) == 20)
            await hypervisor.detach()
            let next = try lab.open()
            _ = try await next.adopt()
            await next.settleCredits(at: 1_005)
            #expect(try await next.operationsLimit(of: lab.instance) == 30)
            await next.settleCredits(at: 1_500)
            #expect(try await next.operationsLimit(of: lab.instance) == 40)
            await next.detach()
        }
    }

    @Test("grows though its record of changes says nothing any more, since its machine died")
    func voidChanges() async throws {
        try await GuestLab.with { lab, hypervisor in
            let snapshot = try #require(SnapshotID("snap-0123456789abcdef0"))
            try await hypervisor.launch(lab.guest(boot: .firmware(.bios)))
            let (disk, file) = try await lab.furtherDisk()
            let first = GuestRun(instance: lab.instance, launch: 1)
            try await hypervisor.attach(disk, file, holding: [], to: first)
            let moment = try await lab.hold(snapshot, of: disk.volume, hypervisor, first)
            _ = try await hypervisor.letGo(of: moment, keepingChangesSince: [snapshot], in: first)
            // Told to be in use while the machine lives, as it is once the file was opened for writing again.
            try await hypervisor.kill(lab.instance)
            let next = GuestRun(instance: lab.instance, launch: 2)
            try await hypervisor.launch(lab.guest(launch: 2, boot: .firmware(.bios)))
            try await hypervisor.attach(disk, file, holding: [], to: next)
            let process = try ProcessWatch(lab.process())
            process.signal(SIGKILL)
            _ = await process.waitForEnd()
            let last = GuestRun(instance: lab.instance, launch: 3)
            try await hypervisor.launch(lab.guest(launch: 3, boot: .firmware(.bios)))
            try await hypervisor.attach(disk, file, holding: [], to: last)
            try await hypervisor.grow(disk.volume, toGiB: 2, in: last)
            let again = try await lab.hold(snapshot, of: disk.volume, hypervisor, last)
            let source = try await hypervisor.read(again, changedSince: nil, in: last)
            #expect(source.changes == nil)
        }
    }

    @Test("is asked of one launch only, and of as many disks as there are slots")
    func refused() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest(boot: .firmware(.bios)))
            let (disk, file) = try await lab.furtherDisk()
            let gone = HypervisorError.noSuchGuest(lab.instance)
            let other = GuestRun(instance: lab.instance, launch: 2)
            await #expect(throws: gone) { try await hypervisor.attach(disk, file, holding: [], to: other) }
            await #expect(throws: gone) { try await hypervisor.detach(disk.volume, from: other, force: true) }
            let run = GuestRun(instance: lab.instance, launch: 1)
            for _ in 0..<hypervisor.hotPlugSlots {
                let (disk, file) = try await lab.furtherDisk()
                try await hypervisor.attach(disk, file, holding: [], to: run)
            }
            await #expect(throws: HypervisorError.self) {
                try await hypervisor.attach(disk, file, holding: [], to: run)
            }
            #expect(try !lab.openFiles().contains(file.path), "nothing is left of what could not be")
        }
    }
}

extension GuestLab {
    /// One more volume of 1 GiB, not yet attached to anything.
    func furtherDisk(key: EncryptionKeyID? = nil) async throws -> (GuestSpec.Disk, VolumeFile) {
        var generator = SystemRandomNumberGenerator()
        let volume = VolumeID(from: &generator)
        try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: nil, key: key))
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

extension QEMUHypervisor {
    /// What the guest's machine lets all of its disks do together.
    fileprivate func operationsLimit(of instance: InstanceID) async throws -> Int64? {
        var limit: Int64?
        try await existing(instance).withDisks(for: GuestRun(instance: instance, launch: 1)) {
            disks throws(GuestDisks.Failure) in
            do throws(QMPError) {
                let limits = try await disks.monitor.execute(
                    "qom-get", ["path": "/objects/limit-guest", "property": "limits"])
                limit = limits["iops-total"]?.integer
            } catch { throw .monitor(error) }
        }
        return limit
    }
}
