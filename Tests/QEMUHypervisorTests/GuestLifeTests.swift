import Backends
import CloudTypes
import Foundation
import HostSystem
import NodeContract
import QCOW2Volumes
import QEMUHypervisor
import Testing

/// One guest at a time: each takes a processor of the host.
@Suite(
    "Real guests", .serialized, .timeLimit(.minutes(10)),
    .enabled("needs root, QEMU and the tiny image") { await TestGuest.files.value != nil })
struct GuestLifeTests {
    @Test("a guest boots, sees EC2 and its volume, prints on its console, and powers down when asked")
    func journey() async throws {
        try await GuestLab.with { lab, hypervisor in
            let listener = Listener(hypervisor)
            try await hypervisor.launch(lab.guest())
            #expect(await listener.await(.guest(lab.instance, .running(launch: 1))))
            #expect(await hypervisor.guests() == [lab.instance: .running(launch: 1)])
            try await lab.awaitConsole("guest ready", in: hypervisor)
            let output = try #require(try await hypervisor.consoleOutput(of: lab.instance))
            let console = String(decoding: output.bytes, as: UTF8.self)
            let uuid = console.components(separatedBy: "uuid: ").last?.prefix(36) ?? ""
            #expect(uuid.hasPrefix("ec2") && console.contains("uuid: \(uuid) \(uuid)"))
            #expect(console.contains("asset: \(lab.instance)"))
            #expect(console.contains("serial: \(lab.volume.description.filter { $0 != "-" })"))
            let process = try lab.process()
            try await hypervisor.powerDown(lab.instance)
            #expect(await listener.await(.guest(lab.instance, .ended(launch: 1, .requested))))
            #expect(!process.isRunning && access("/proc/\(process.pid)", F_OK) != 0, "no zombie is left")
            #expect(await hypervisor.guests() == [lab.instance: .ended(launch: 1, .requested)])
            #expect(try await hypervisor.consoleOutput(of: lab.instance) != nil)
            await #expect(throws: HypervisorError.noSuchGuest(lab.instance)) {
                try await hypervisor.powerDown(lab.instance)
            }
        }
    }

    @Test("a guest that panics, restarts or powers itself off is told as such")
    func byItself() async throws {
        try await GuestLab.with { lab, hypervisor in
            let listener = Listener(hypervisor)
            try await hypervisor.launch(lab.guest())
            try await lab.awaitConsole("guest ready", in: hypervisor)
            try await hypervisor.reset(lab.instance)
            #expect(await listener.await(.guestRestarted(lab.instance)))
            try await lab.awaitConsole("guest ready", count: 2, in: hypervisor)
            try await hypervisor.sendControlAltDelete(lab.instance)
            #expect(await listener.await(.guestRestarted(lab.instance)))
            try await lab.awaitConsole("guest ready", count: 3, in: hypervisor)
            try await lab.type("$B poweroff -f")
            #expect(await listener.await(.guest(lab.instance, .ended(launch: 1, .guestShutdown))))
            #expect(await hypervisor.guests() == [lab.instance: .ended(launch: 1, .guestShutdown)])
        }
    }

    @Test("QEMU has a user of its own, no capabilities, no new privileges, a filter, and no files but its own")
    func isolation() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            let pid = try lab.process().pid
            let status = try #require(SmallFile.read("/proc/\(pid)/status")).split(separator: "\n")
            func field(_ name: String) -> [Substring] {
                status.first { $0.hasPrefix(name + ":") }?.split(whereSeparator: \.isWhitespace).dropFirst().map { $0 }
                    ?? ["absent"]
            }
            let user = "\(lab.configuration.firstUserID)"
            #expect(field("Uid").allSatisfy { $0 == user } && field("Gid").allSatisfy { $0 == user })
            #expect(field("Groups") == [])
            for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
                #expect(field(set) == ["0000000000000000"])
            }
            #expect(field("NoNewPrivs") == ["1"] && field("Seccomp") == ["2"])
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/net") != own)
            let volume = try await lab.volumes.file(of: lab.volume).path
            let allowed = [
                lab.directory + "/", volume, lab.kernel.kernelPath, lab.kernel.ramdiskPath ?? "", "/dev/null",
            ]
            for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd") {
                let file = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(name)")
                let isOwn = !file.hasPrefix("/") || allowed.contains { file.hasPrefix($0) }
                #expect(isOwn, "descriptor \(name) is \(file)")
            }
        }
    }

    @Test("a launch that runs is left alone, an older one makes way, a newer one stays")
    func repeated() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            let process = try lab.process()
            try await hypervisor.launch(lab.guest())
            #expect(try lab.process() == process)
            try await hypervisor.launch(lab.guest(launch: 2))
            #expect(try lab.process() != process && !process.isRunning)
            await #expect(throws: HypervisorError.self) { try await hypervisor.launch(lab.guest(launch: 1)) }
            #expect(await hypervisor.guests() == [lab.instance: .running(launch: 2)])
        }
    }

    @Test("the same launch asked for many times at once happens once")
    func concurrent() async throws {
        try await GuestLab.with { lab, hypervisor in
            let guest = try await lab.guest()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await hypervisor.launch(guest) } }
                try await group.waitForAll()
            }
            let listener = Listener(hypervisor)
            try await hypervisor.kill(lab.instance)
            #expect(await listener.await(.guest(lab.instance, .running(launch: 1))))
            #expect(await listener.await(.guest(lab.instance, .ended(launch: 1, .requested))))
        }
    }

    @Test("cutting the power ends the process, may be repeated, and forgetting leaves nothing")
    func killing() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            let process = try lab.process()
            async let other: Void = hypervisor.kill(lab.instance)
            try await hypervisor.kill(lab.instance)
            try await other
            #expect(!process.isRunning)
            #expect(await hypervisor.guests() == [lab.instance: .ended(launch: 1, .requested)])
            try await hypervisor.launch(lab.guest(launch: 2))
            try await hypervisor.forget(lab.instance)
            try await hypervisor.forget(lab.instance)
            try await hypervisor.kill(lab.instance)
            #expect(await hypervisor.guests().isEmpty)
            #expect(access(lab.directory, F_OK) != 0)
        }
    }

    @Test("a guest whose power is cut while it is being launched never runs")
    func cancelled() async throws {
        try await GuestLab.with { lab, hypervisor in
            let guest = try await lab.guest()
            let launch = Task { try await hypervisor.launch(guest) }
            while access(lab.directory + "/launch.json", F_OK) != 0 { await Task.yield() }
            try await hypervisor.kill(lab.instance)
            _ = await launch.result
            try await hypervisor.kill(lab.instance)
            let after = await hypervisor.guests()
            #expect(after.isEmpty || after == [lab.instance: .ended(launch: 1, .requested)])
        }
    }

    @Test("a QEMU that dies is told at once")
    func death() async throws {
        try await GuestLab.with { lab, hypervisor in
            let listener = Listener(hypervisor)
            try await hypervisor.launch(lab.guest())
            kill(try lab.process().pid, SIGKILL)
            #expect(await listener.await(.guest(lab.instance, .ended(launch: 1, .died))))
        }
    }

    @Test("a launch that fails says what QEMU said, leaves no process, and can be tried again")
    func failure() async throws {
        try await GuestLab.with { lab, hypervisor in
            let broken = lab.path + "/broken.qcow2"
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: broken))
            let error = await #expect(throws: HypervisorError.self) {
                try await hypervisor.launch(lab.guest(disk: VolumeFile(path: broken, format: .qcow2)))
            }
            guard case .launchFailed(lab.instance, let text) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(text.contains("qcow2"), "\(text)")
            #expect(await hypervisor.guests().isEmpty)
            let absent = VolumeFile(path: lab.path + "/none.qcow2", format: .qcow2)
            await #expect(throws: HypervisorError.self) { try await hypervisor.launch(lab.guest(disk: absent)) }
            try await hypervisor.launch(lab.guest())
            #expect(await hypervisor.guests() == [lab.instance: .running(launch: 1)])
        }
    }

    @Test("an imported disk boots by its own loader")
    func firmware() async throws {
        try await GuestLab.with { lab, hypervisor in
            let disk = lab.path + "/boot.raw"
            try Data(bootSector).write(to: URL(fileURLWithPath: disk))
            truncate(disk, 1 << 20)
            try await hypervisor.launch(
                lab.guest(boot: .firmware(.bios), disk: VolumeFile(path: disk, format: .raw)))
            try await lab.awaitConsole("booted", in: hypervisor)
        }
    }

    /// A boot sector that prints `booted` on the first serial port and halts.
    private var bootSector: [UInt8] {
        // mov dx, 0x3f8; then for each letter: mov al, letter; out dx, al; at the end: hlt; jmp back.
        var code: [UInt8] = [0xba, 0xf8, 0x03]
        for letter in "booted".utf8 { code += [0xb0, letter, 0xee] }
        code += [0xf4, 0xeb, 0xfd]
        return code + [UInt8](repeating: 0, count: 510 - code.count) + [0x55, 0xaa]
    }
}
