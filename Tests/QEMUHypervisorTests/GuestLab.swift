// A hypervisor with a state directory of its own, for one test: what it launches is gone with it.

import Backends
import CloudTypes
import Foundation
import HostSystem
import Logging
import KeyRing
import NodeContract
import QCOW2Volumes
import QEMUHypervisor
import Testing

final class GuestLab: Sendable {
    let path: String
    let configuration: QEMUConfiguration
    let volumes: QCOW2Volumes
    let instance: InstanceID
    let volume: VolumeID
    let kernel: KernelFiles

    init() async throws {
        kernel = try #require(await TestGuest.files.value)
        // Long, as a Unix socket's address must not be.
        path = NSTemporaryDirectory() + "apus-guests-\(UUID().uuidString)-" + String(repeating: "x", count: 60)
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        var configuration = QEMUConfiguration(stateDirectory: path)
        configuration.acceleration = .tcg
        configuration.spareSlots = 2
        configuration.firstUserID = 300_000 + UInt32.random(in: 0..<1_000_000) * 16
        configuration.userIDCount = 16
        self.configuration = configuration
        volumes = try QCOW2Volumes(directory: path, keys: KeyRing(directory: path + "/keys"))
        var generator = SystemRandomNumberGenerator()
        instance = InstanceID(from: &generator)
        volume = VolumeID(from: &generator)
        try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: nil))
    }

    /// Runs a test's body, then ends the guest whatever became of it.
    static func with(_ body: (GuestLab, QEMUHypervisor) async throws -> Void) async throws {
        let lab = try await GuestLab()
        let first = try lab.open()
        do { try await body(lab, first) } catch {
            try? await lab.clean(first)
            throw error
        }
        try await lab.clean(first)
    }

    private func clean(_ first: QEMUHypervisor) async throws {
        await first.detach()
        let last = try open()
        _ = try await last.adopt()
        try await last.forget(instance)
        await last.detach()
        try FileManager.default.removeItem(atPath: path)
    }

    func open() throws -> QEMUHypervisor {
        try QEMUHypervisor(
            configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func guest(
        launch: Int = 1, boot: GuestSpec.Boot? = nil, disk: VolumeFile? = nil, moments: [GuestMoment] = []
    ) async throws -> GuestLaunch {
        let image = try #require(ImageID("ami-0000000a"))
        let boot = boot ?? .kernel(image: image, arguments: TestGuest.arguments)
        let usesKernel = if case .kernel = boot { true } else { false }
        let file = try await volumes.file(of: volume)
        return GuestLaunch(
            spec: GuestSpec(
                instance: instance, launch: launch, instanceType: "t3.micro", architecture: .x86_64, vCPUs: 2,
                memoryMiB: 128, boot: boot, disks: [GuestSpec.Disk(volume: volume, deviceName: "/dev/xvda")], ports: []),
            disks: [disk ?? file], portDescriptors: [], kernel: usesKernel ? kernel : nil,
            moments: moments)
    }

    // MARK: what the host sees

    var directory: String { "\(path)/guests/\(instance)" }

    /// The guest's process as its record names it.
    func process() throws -> ProcessIdentity {
        let text = try #require(SmallFile.read(directory + "/launch.json"))
        let record = try JSONDecoder().decode(Record.self, from: Data(text.utf8))
        return try #require(record.phase.running?._0)
    }

    private struct Record: Decodable {
        struct Running: Decodable { var _0: ProcessIdentity }
        struct Phase: Decodable { var running: Running? }
        var phase: Phase
    }

    // MARK: what the guest says and hears

    /// Returns once the console's log holds `text` at least `count` times.
    func awaitConsole(_ text: String, count: Int = 1, in hypervisor: QEMUHypervisor) async throws {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(120)
        while clock.now < end {
            let output = try await hypervisor.consoleOutput(of: instance)
            let all = String(decoding: output?.bytes ?? [], as: UTF8.self)
            if all.components(separatedBy: text).count > count { return }
            // A file tells nobody that it grew; the guest's own work is what is waited for.
            try await Task.sleep(for: .milliseconds(50))
        }
        let output = try await hypervisor.consoleOutput(of: instance)
        Issue.record("\(text) did not appear: \(String(decoding: output?.bytes ?? [], as: UTF8.self))")
    }

    /// Types a line on the guest's console. The guest takes a few letters at a time, and echoes what it took.
    func type(_ line: String) async throws {
        let script = """
            import socket, os, sys
            os.chdir(sys.argv[1])
            s = socket.socket(socket.AF_UNIX); s.connect("console.sock"); s.settimeout(60)
            line = sys.argv[2].encode(); s.sendall(line + b"\\n"); echoed = b""
            while line + b"\\r" not in echoed:
                more = s.recv(4096)
                if not more: break
                echoed += more
            """
        let outcome = try await HostCommand.run(["python3", "-c", script, directory, line])
        #expect(outcome.isSuccess, "\(outcome.errorText)")
    }
}

/// Gathers what a hypervisor tells, and waits for what it must.
actor Listener {
    private var iterator: AsyncStream<NodeEvent>.Iterator
    init(_ hypervisor: QEMUHypervisor) { iterator = hypervisor.events.makeAsyncIterator() }

    /// Passes over other events until `event` comes; false when the events end first.
    func await(_ event: NodeEvent) async -> Bool {
        var iterator = self.iterator
        defer { self.iterator = iterator }
        while let next = await iterator.next(isolation: self) { if next == event { return true } }
        return false
    }
}
