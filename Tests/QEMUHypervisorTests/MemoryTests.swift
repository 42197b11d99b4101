import Backends
import CloudTypes
import Foundation
import Glibc
import HostSystem
import NodeContract
import QCOW2Volumes
import Testing

@testable import QEMUHypervisor

@Suite(
    "The memory of a guest that hibernates", .serialized, .timeLimit(.minutes(10)),
    .enabled("needs root, QEMU and the tiny image") { await TestGuest.files.value != nil })
struct MemoryTests {
    private let key = EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
    private static let word = "a-word-that-nobody-reads"

    /// A guest with a word in its memory alone, on an encrypted disk.
    private func begin(_ lab: GuestLab, _ hypervisor: QEMUHypervisor) async throws -> (GuestSpec.Disk, VolumeFile) {
        let (disk, file) = try await lab.furtherDisk(key: key)
        try await hypervisor.launch(guest(lab, disk, file))
        try await lab.awaitConsole("guest ready", in: hypervisor)
        try await lab.type("A=a-word-that; W=$A-nobody-reads; echo \"kept: ${#W}\"")
        try await lab.awaitConsole("kept: \(MemoryTests.word.utf8.count)", in: hypervisor)
        return (disk, file)
    }

    private func guest(
        _ lab: GuestLab, _ disk: GuestSpec.Disk, _ file: VolumeFile, launch: Int = 1, resumes: Int? = nil
    ) async throws -> GuestLaunch {
        var guest = try await lab.guest(launch: launch)
        (guest.spec.disks, guest.disks) = ([disk], [file])
        guest.spec.resumes = resumes
        return guest
    }

    private func left(_ lab: GuestLab) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: lab.directory).filter { $0.hasPrefix("memory") })
    }

    private func hibernate(
        _ lab: GuestLab, _ disk: GuestSpec.Disk, _ file: VolumeFile, _ hypervisor: QEMUHypervisor
    )
        async throws
    {
        let run = GuestRun(instance: lab.instance, launch: 1)
        #expect(try await hypervisor.hibernate(run, sealedAs: disk.volume, with: #require(file.passphrase)))
        #expect(await hypervisor.guests() == [lab.instance: .ended(launch: 1, .hibernated)])
        #expect(try left(lab) == ["memory", "memory.json"])
    }

    @Test("is nowhere in the clear, is gone on with once, and then no more")
    func once() async throws {
        try await GuestLab.with { lab, hypervisor in
            let (disk, file) = try await begin(lab, hypervisor)
            let process = try lab.process()
            try await hibernate(lab, disk, file, hypervisor)
            #expect(!process.isRunning)
            let found = try await HostCommand.run(["grep", "-rlaF", "--", "nobody-reads", lab.directory + "/memory"])
            #expect(!found.isSuccess && found.errorText.isEmpty, "grep found nothing, and nothing was wrong")
            await hypervisor.detach()
            let next = try lab.open()
            #expect(try await next.adopt() == [lab.instance: .ended(launch: 1, .hibernated)])
            try await next.launch(guest(lab, disk, file, launch: 2, resumes: 1))
            #expect(try left(lab) == ["memory.json"])
            try await lab.type("echo \"still: $W\"")
            try await lab.awaitConsole("still: \(MemoryTests.word)", in: next)
            try await next.kill(lab.instance)
            try await next.launch(guest(lab, disk, file, launch: 3, resumes: 1))
            try await lab.awaitConsole("guest ready", in: next)
            #expect(try left(lab).isEmpty)
            await next.detach()
        }
    }

    @Test("is given up where it is of no use, and the guest boots; and dropped when it is told to be")
    func useless() async throws {
        try await GuestLab.with { lab, hypervisor in
            let (disk, file) = try await begin(lab, hypervisor)
            try await hibernate(lab, disk, file, hypervisor)
            let memory = open(lab.directory + "/memory", O_WRONLY)
            var noise = [UInt8](repeating: 7, count: 1 << 20)
            #expect(pwrite(memory, &noise, noise.count, 3 << 20) == noise.count)
            close(memory)
            try await hypervisor.launch(guest(lab, disk, file, launch: 2, resumes: 1))
            try await lab.awaitConsole("guest ready", in: hypervisor)
            #expect(try left(lab).isEmpty)
            let run = GuestRun(instance: lab.instance, launch: 2)
            #expect(try await hypervisor.hibernate(run, sealedAs: disk.volume, with: #require(file.passphrase)))
            try await hypervisor.dropMemory(of: lab.instance)
            #expect(try left(lab).isEmpty)
            #expect(await hypervisor.guests() == [lab.instance: .ended(launch: 2, .requested)])
        }
    }

    @Test("is still there where a restart of ours finds its machine loading it, which answers nobody meanwhile")
    func loading() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest(launch: 2))
            let process = try lab.process()
            await hypervisor.detach()
            kill(process.pid, SIGSTOP)
            let files = MemoryFiles(GuestDirectory(lab.instance, in: lab.path + "/guests"))
            #expect(FileManager.default.createFile(atPath: files.draft, contents: Data("memory".utf8)))
            try files.keep(
                SavedMachine(try await lab.guest().spec, acceleration: .tcg, slotCount: 4, places: [:]))
            try lab.rewriteRecord { record in
                var spec = record["spec"] as? [String: Any]
                spec?["resumes"] = 1
                record["spec"] = spec
            }
            let next = try lab.open()
            #expect(try await next.adopt().isEmpty)
            #expect(!process.isRunning)
            #expect(try left(lab) == ["memory", "memory.json"])
            await next.detach()
        }
    }

    @Test("is given back where the processors never ran, and lost where they may have")
    func files() throws {
        let parent = NSTemporaryDirectory() + "apus-memory-\(UUID().uuidString)"
        let directory = GuestDirectory(try #require(InstanceID("i-0000000a")), in: parent)
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let files = MemoryFiles(directory)
        let spec = GuestSpec(
            instance: try #require(InstanceID("i-0000000a")), launch: 1, instanceType: "t3.micro",
            architecture: .x86_64,
            vCPUs: 2, memoryMiB: 128, boot: .firmware(.bios), disks: [], ports: [])
        let machine = SavedMachine(spec, acceleration: .tcg, slotCount: 4, places: [:])
        #expect(files.machine == nil)
        #expect(FileManager.default.createFile(atPath: files.draft, contents: Data("memory".utf8)))
        #expect(files.machine == nil, "a draft is no memory")
        try files.keep(machine)
        #expect(files.machine == machine)
        try files.use()
        #expect(files.machine == nil)
        files.giveBack()
        #expect(files.machine == machine)
        try files.use()
        files.dropUsed()
        files.giveBack()
        #expect(files.machine == nil)
        #expect(throws: SystemError.self) { try files.use() }
        var next = spec
        (next.launch, next.resumes) = (2, 1)
        #expect(machine.fits(next, acceleration: .tcg) && !machine.fits(next, acceleration: .kvm))
        #expect(!machine.fits(spec, acceleration: .tcg), "nobody asked for it")
        next.disks = [GuestSpec.Disk(volume: try #require(VolumeID("vol-0000000a")), deviceName: "/dev/xvda")]
        #expect(!machine.fits(next, acceleration: .tcg), "it has another disk")
    }
}
