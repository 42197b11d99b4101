// A volume of two guests: one process serves it to both, from the first that has it to the last.

import Backends
import CloudTypes
import Foundation
import HostSystem
import NBD
import NodeContract
import QCOW2Volumes
import Testing

@testable import QEMUHypervisor

@Suite(
    "A volume of several guests", .serialized, .timeLimit(.minutes(10)),
    .enabled("needs root, QEMU and the tiny image") { await TestGuest.files.value != nil })
struct SharedVolumeTests {
    @Test("is opened by one process alone, which is there as long as a guest has it")
    func life() async throws {
        try await GuestLab.withTwo { lab, hypervisor, runs in
            let (disk, file) = try await lab.sharedDisk()
            for run in runs {
                try await hypervisor.attach(disk, file, holding: [], to: run)
                try await hypervisor.attach(disk, file, holding: [], to: run)
            }
            let server = try #require(lab.server(of: disk.volume))
            #expect(lab.files(of: server.pid).contains(file.path))
            #expect(try !lab.openFiles().contains(file.path))
            #expect(await hypervisor.isServed(disk.volume))
            #expect(try await hypervisor.detach(disk.volume, from: runs[0], force: true))
            #expect(lab.server(of: disk.volume) == server)
            try await hypervisor.kill(runs[1].instance)
            #expect(lab.server(of: disk.volume) == nil)
            #expect(await !hypervisor.isServed(disk.volume))
            // Nobody has it open: it can be grown, and served again.
            try await lab.volumes.grow(disk.volume, toGiB: 2)
        }
    }

    @Test("is found again by the next run of ours, and served again where what served it died meanwhile")
    func adoption() async throws {
        try await GuestLab.withTwo { lab, hypervisor, runs in
            let (disk, file) = try await lab.sharedDisk()
            for run in runs { try await hypervisor.attach(disk, file, holding: [], to: run) }
            let server = try #require(lab.server(of: disk.volume))
            await hypervisor.detach()
            let second = try lab.open()
            _ = try await second.adopt()
            #expect(await second.isServed(disk.volume) && lab.server(of: disk.volume) == server)
            try await second.grow(disk.volume, toGiB: 2, in: runs[0])
            try await second.limit(disk.volume, to: DiskLimits(iops: 200), in: runs[0])
            await second.detach()
            let watch = try ProcessWatch(server)
            watch.signal(SIGKILL)
            _ = await watch.waitForEnd()
            let third = try lab.open()
            _ = try await third.adopt()
            var unserved = third.unserved.makeAsyncIterator()
            #expect(await unserved.next() == disk.volume)
            try await third.serve(disk.volume, file, holding: [])
            try await third.serve(disk.volume, file, holding: [])
            let next = try #require(lab.server(of: disk.volume))
            #expect(next != server)
            // While we look, its death is told at once.
            kill(next.pid, SIGKILL)
            #expect(await unserved.next() == disk.volume)
            try await third.serve(disk.volume, file, holding: [])
            for run in runs { #expect(try await third.detach(disk.volume, from: run, force: true)) }
            #expect(lab.server(of: disk.volume) == nil)
            await third.detach()
        }
    }

    @Test("is captured with its guest's own at one instant of what the guest writes to both")
    func oneInstant() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            try await lab.awaitConsole("guest ready", in: hypervisor)
            let (disk, file) = try await lab.sharedDisk()
            let run = GuestRun(instance: lab.instance, launch: 1)
            try await hypervisor.attach(disk, file, holding: [], to: run)
            try await lab.type("until [ -b /dev/vdb ]; do :; done; echo \"there: $?\"")
            try await lab.awaitConsole("there: 0", in: hypervisor)
            // One number after the other, to its own disk first: at no instant are they further apart than by one.
            let write = { (disk: String) in "echo $n | $B dd of=/dev/\(disk) bs=512 conv=sync,notrunc,fsync 2>/dev/null"
            }
            try await lab.type(
                "n=0; while :; do n=$((n+1)); \(write("vda")); \(write("vdb")); [ $n = 9 ] && echo \"goes: $n\"; done &"
            )
            try await lab.awaitConsole("goes: 9", in: hypervisor)
            let snapshots = ["a", "b"].compactMap { SnapshotID("snap-0123456789abcde0\($0)") }
            let guests = [lab.volume: run, disk.volume: run]
            for time in 1...10 {
                var moments: [GuestMoment] = []
                for (snapshot, volume) in zip(snapshots, [lab.volume, disk.volume]) {
                    let path = try await lab.volumes.makeMoment(snapshot, of: volume)
                    moments.append(GuestMoment(snapshot: snapshot, volume: volume, files: [path]))
                }
                try await hypervisor.hold(moments, in: guests)
                #expect(lab.stops() == (time, time))
                var numbers: [Int] = []
                for moment in moments {
                    numbers.append(try await lab.number(in: hypervisor.read(moment, changedSince: nil, in: run)))
                    _ = try await hypervisor.letGo(of: moment, keepingChangesSince: [], in: run)
                }
                #expect([0, 1].contains(numbers[0] - numbers[1]), "\(numbers)")
            }
            // What cannot be held of one is held of none, and the guest goes on.
            let path = try await lab.volumes.makeMoment(snapshots[0], of: lab.volume)
            let held = GuestMoment(snapshot: snapshots[0], volume: lab.volume, files: [path])
            let broken = GuestMoment(snapshot: snapshots[1], volume: disk.volume, files: ["\(lab.path)/nothing"])
            await #expect(throws: HypervisorError.self) { try await hypervisor.hold([held, broken], in: guests) }
            #expect(try await !hypervisor.holds(snapshots[0], of: lab.volume, in: run))
            #expect(await hypervisor.examine(run) == MachineHealth(isThere: true, hasDisks: true))
            #expect(lab.stops().0 == lab.stops().1)
        }
    }

    @Test("is captured by a run of ours that dies while the guest stands still: the next has it go on")
    func standing() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            try await lab.awaitConsole("guest ready", in: hypervisor)
            await hypervisor.detach()
            try await lab.standStill()
            let later = try lab.open()
            _ = try await later.adopt()
            try await lab.type("echo \"on again: $?\"")
            try await lab.awaitConsole("on again: 0", in: later)
            await later.detach()
        }
    }

    @Test("is let go of by a launch that comes to nothing", arguments: [true, false])
    func failedLaunch(reachingUs: Bool) async throws {
        try await GuestLab.withTwo { lab, hypervisor, runs in
            let (disk, file) = try await lab.sharedDisk()
            try await hypervisor.attach(disk, file, holding: [], to: runs[0])
            var generator = SystemRandomNumberGenerator()
            let third = GuestRun(instance: InstanceID(from: &generator), launch: 1)
            #expect(await hypervisor.share(disk.volume, with: third))
            if reachingUs {
                var spec = try await lab.guest(boot: .firmware(.bios)).spec
                (spec.instance, spec.disks) = (third.instance, [disk])
                let launch = GuestLaunch(spec: spec, disks: [], portDescriptors: [], kernel: nil)
                await #expect(throws: HypervisorError.self) { try await hypervisor.launch(launch) }
            } else {
                // Whoever prepares the launch failed before: it is given up.
                try await hypervisor.kill(third.instance)
            }
            #expect(try await hypervisor.detach(disk.volume, from: runs[0], force: true))
            #expect(lab.server(of: disk.volume) == nil)
            #expect(SmallFile.names(in: lab.path + "/servers").isEmpty)
        }
    }

    @Test("is let go of where its guests ended while nobody looked")
    func leftover() async throws {
        try await GuestLab.withTwo { lab, hypervisor, runs in
            let (disk, file) = try await lab.sharedDisk()
            try await hypervisor.attach(disk, file, holding: [], to: runs[0])
            await hypervisor.detach()
            let process = try ProcessWatch(lab.process())
            process.signal(SIGKILL)
            _ = await process.waitForEnd()
            let second = try lab.open()
            _ = try await second.adopt()
            #expect(lab.server(of: disk.volume) == nil)
            #expect(SmallFile.names(in: lab.path + "/servers").isEmpty)
            await second.detach()
        }
    }
}

extension GuestLab {
    /// Two guests that run, ended whatever becomes of the test.
    static func withTwo(
        _ body: (GuestLab, QEMUHypervisor, [GuestRun]) async throws -> Void
    ) async throws {
        try await with { lab, hypervisor in
            var generator = SystemRandomNumberGenerator()
            let other = InstanceID(from: &generator)
            do {
                let guest = try await lab.guest(boot: .firmware(.bios))
                try await hypervisor.launch(guest)
                let root = VolumeID(from: &generator)
                try await lab.volumes.create(VolumeSpec(id: root, sizeGiB: 1, snapshot: nil))
                var spec = guest.spec
                (spec.instance, spec.disks) = (other, [GuestSpec.Disk(volume: root, deviceName: "/dev/xvda")])
                try await hypervisor.launch(
                    GuestLaunch(
                        spec: spec, disks: [lab.volumes.file(of: root)], portDescriptors: [], kernel: nil))
                try await body(
                    lab, hypervisor, [lab.instance, other].map { GuestRun(instance: $0, launch: 1) })
            } catch {
                try await lab.end(other, after: hypervisor)
                throw error
            }
            try await lab.end(other, after: hypervisor)
        }
    }

    private func end(_ instance: InstanceID, after first: QEMUHypervisor) async throws {
        await first.detach()
        let hypervisor = try open()
        _ = try await hypervisor.adopt()
        try await hypervisor.forget(instance)
        await hypervisor.detach()
    }

    func sharedDisk() async throws -> (GuestSpec.Disk, VolumeFile) {
        var (disk, file) = try await furtherDisk()
        disk.isShared = true
        return (disk, file)
    }

    /// How often the guest stood still, and went on, as its machine told.
    func stops() -> (Int, Int) {
        let log = SmallFile.read(directory + "/monitor.log") ?? ""
        let counts = ["STOP", "RESUME"].map { log.components(separatedBy: "\"event\": \"\($0)\"").count - 1 }
        return (counts[0], counts[1])
    }

    /// The number on the disk's first line.
    func number(in source: MomentSource) async throws -> Int {
        let bytes = try await HostThread.run {
            Result {
                let client = try NBDClient(try UnixSocket.connect(source.socketPath), export: source.export)
                defer { client.close() }
                var bytes = [UInt8](repeating: 0, count: 512)
                try bytes.withUnsafeMutableBytes { try client.read(at: 0, into: $0) }
                return bytes
            }
        }.get()
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        return try #require(Int(String(decoding: line, as: UTF8.self)))
    }

    /// As a run of ours leaves the guest that dies in that instant.
    fileprivate func standStill() async throws {
        let script = """
            import os, socket, sys
            os.chdir(sys.argv[1])
            m = socket.socket(socket.AF_UNIX); m.connect("monitor.sock"); f = m.makefile()
            f.readline(); m.sendall(b'{"execute": "qmp_capabilities"}'); f.readline()
            m.sendall(b'{"execute": "stop"}')
            while '"return"' not in f.readline(): pass
            """
        let outcome = try await HostCommand.run(["python3", "-c", script, directory])
        #expect(outcome.isSuccess, "\(outcome.errorText)")
    }

    func server(of volume: VolumeID) -> ProcessIdentity? {
        ProcessTable.process(withArgument: ServerFolder(volume, in: path + "/servers").marker)
    }

    func files(of pid: Int32) -> [String] {
        SmallFile.names(in: "/proc/\(pid)/fd").compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)")
        }
    }
}
