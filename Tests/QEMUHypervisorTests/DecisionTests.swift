import Backends
import CloudTypes
import Foundation
import HostSystem
import Logging
import NodeContract
import Testing

@testable import QEMUHypervisor

@Suite("What a guest's end means")
struct GuestEndTests {
    @Test(
        "follows from what we asked and what QEMU said last",
        arguments: [
            (nil, "guest-shutdown", GuestEnd.guestShutdown), (nil, nil, .died), (nil, "host-signal", .died),
            (nil, "host-qmp-quit", .died), (.powerDown, "guest-shutdown", .requested), (.powerDown, nil, .died),
            (.kill, nil, .requested), (.kill, "guest-shutdown", .requested), (.kill, "host-qmp-quit", .requested),
        ] as [(GuestRecord.Request?, String?, GuestEnd)])
    func causes(request: GuestRecord.Request?, reason: String?, end: GuestEnd) {
        #expect(GuestEnd(requested: request, shutdownReason: reason) == end)
    }
}

@Suite("What a launch means to a guest")
struct GuestStateTests {
    @Test("depends on what is there")
    func decisions() {
        let starting = GuestState.starting(GuestState.Starting(launch: 2))
        #expect(GuestState.absent.decide(launching: 1) == .start)
        #expect(GuestState.ended(launch: 2, .died).decide(launching: 2) == .start)
        #expect(GuestState.ended(launch: 2, .died).decide(launching: 1) == .refuse("launch 2 came after it"))
        #expect(starting.decide(launching: 2) == .wait)
        #expect(starting.decide(launching: 3) == .killFirst)
        #expect(starting.decide(launching: 1) == .refuse("launch 2 came after it"))
    }
}

@Suite("The descriptors of a guest")
struct DescriptorPlanTests {
    @Test("are numbered without gaps or doubles, and none is a standard one")
    func numbers() throws {
        let disks = [
            VolumeFile(path: "a", format: .qcow2, backingPaths: ["c"]), VolumeFile(path: "b", format: .raw),
        ]
        let plan = DescriptorPlan(
            disks: disks, kernel: KernelFiles(kernelPath: "k", ramdiskPath: "r"), boot: .firmware(.uefi), portCount: 2)
        let fixed = [
            DescriptorPlan.monitor, DescriptorPlan.monitorLog, DescriptorPlan.console, DescriptorPlan.consoleLog,
        ]
        let optional = [plan.kernel, plan.ramdisk, plan.variables].compactMap { $0 }
        let all = fixed + optional + plan.disks.flatMap { [$0.file] + $0.backing } + plan.ports
        #expect(all.sorted() == Array(3..<Int32(3 + all.count)))
    }
}

@Suite("Logs that QEMU appends to")
struct LogFileTests {
    private func temporaryFile() -> String { NSTemporaryDirectory() + "apus-log-\(UUID().uuidString)" }

    @Test("give their end, however short they are")
    func tail() throws {
        let path = temporaryFile()
        defer { unlink(path) }
        #expect(LogFile(path) == nil)
        try Data("hello".utf8).write(to: URL(fileURLWithPath: path))
        let log = try #require(LogFile(path))
        #expect(log.tail(3).bytes == Array("llo".utf8) && log.tail(100).bytes == Array("hello".utf8))
        #expect(log.tail(1).lastWritten.milliseconds > 1_600_000_000_000)
    }

    @Test("take a bounded part of the disk, and keep their last bytes")
    func bounds() throws {
        let path = temporaryFile()
        defer { unlink(path) }
        let bytes = (0..<3 << 20).map { UInt8(truncatingIfNeeded: $0 >> 8) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let log = try #require(LogFile(path))
        log.bound(limit: 2 << 20, keeping: 1 << 20)
        var status = stat()
        #expect(
            stat(path, &status) == 0 && status.st_size == 3 << 20 && Int(status.st_blocks) * 512 <= (1 << 20) + 8192)
        #expect(log.tail(1 << 20).bytes == Array(bytes.suffix(1 << 20)))
    }
}

@Suite("Canary")
struct AccelerationTests {
    @Test("without a usable /dev/kvm, or with one that runs no kernel, guests are emulated")
    func answer() async throws {
        guard let kernel = await TestGuest.files.value?.kernelPath else { return }
        let directory = NSTemporaryDirectory() + "apus-canary-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var configuration = QEMUConfiguration(stateDirectory: directory)
        configuration.canaryKernel = { kernel }
        let probe = AccelerationProbe(configuration: configuration, logger: .init(label: "test"))
        let first = await probe.answer()
        #expect(first.isCertain)
        let isKept = SmallFile.read(directory + "/acceleration.json") != nil
        #expect(isKept == (access("/dev/kvm", R_OK | W_OK) == 0))
        #expect(await probe.answer() == first)
    }

    @Test("a kernel for the canary is what makes the answer certain")
    func guess() async {
        let probe = AccelerationProbe(
            configuration: QEMUConfiguration(stateDirectory: "/nonexistent"), logger: .init(label: "test"))
        let answer = await probe.answer()
        #expect(answer.isCertain == (access("/dev/kvm", R_OK | W_OK) != 0))
    }
}
