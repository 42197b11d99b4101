import Backends
import CloudTypes
import Foundation
import HostSystem
import NBD
import NodeContract
import QCOW2Volumes
import QEMUHypervisor
import Testing

@Suite(
    "Moments of an encrypted disk that a guest writes to", .serialized, .timeLimit(.minutes(10)),
    .enabled("needs root, QEMU and the tiny image") { await TestGuest.files.value != nil })
struct SealedMomentTests {
    private let key = EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
    private let snapshot: SnapshotID
    private let next: SnapshotID

    init() throws {
        snapshot = try #require(SnapshotID("snap-0123456789abcdef0"))
        next = try #require(SnapshotID("snap-0123456789abcdef1"))
    }

    @Test("have the bytes of their instant, which are nowhere in the clear, and outlive the disk's stay in the guest")
    func moments() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            try await lab.awaitConsole("guest ready", in: hypervisor)
            let (disk, file) = try await lab.furtherDisk(key: key)
            let run = GuestRun(instance: lab.instance, launch: 1)
            try await hypervisor.attach(disk, file, holding: [], to: run)
            try await lab.type("until [ -b /dev/vdb ]; do :; done; echo \"there: $?\"")
            try await lab.awaitConsole("there: 0", in: hypervisor)
            try await lab.fill("before", in: hypervisor)

            let first = try await lab.hold(snapshot, of: disk.volume, hypervisor, run)
            try await lab.fill("after", in: hypervisor)
            let source = try await hypervisor.read(first, changedSince: nil, in: run)
            #expect(try await lab.words(in: source) == ["lab-before"])
            try lab.expectNothingClear(file)

            // A kill of ours changes nothing: the next one holds, reads and ends moments of the guest it finds.
            await hypervisor.detach()
            let later = try lab.open()
            _ = try await later.adopt()
            #expect(try await later.holds(snapshot, of: disk.volume, in: run))
            let second = try await lab.hold(next, of: disk.volume, later, run)
            try await lab.fill("at-last", in: later)
            let changed = try await later.read(second, changedSince: snapshot, in: run)
            #expect(changed.changes == "qemu:dirty-bitmap:\(snapshot)")
            #expect(try await lab.words(in: changed) == ["lab-after"])
            #expect(try await lab.words(in: later.read(first, changedSince: nil, in: run)) == ["lab-before"])

            #expect(try await later.detach(disk.volume, from: run, force: false))
            for (moment, word) in [(snapshot, "lab-before"), (next, "lab-after")] {
                #expect(try await lab.volumes.isMomentWhole(moment))
                let served = try await lab.volumes.serveMoment(moment, of: disk.volume, changedSince: nil)
                #expect(try await lab.words(in: served.source) == [word])
                await served.end()
            }
            try lab.expectNothingClear(file)
            await later.detach()
        }
    }

    @Test("are read also where an earlier run of ours died when the guest's machine had a socket and no server yet")
    func halfAServer() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest(boot: .firmware(.bios)))
            let (disk, file) = try await lab.furtherDisk(key: key)
            let run = GuestRun(instance: lab.instance, launch: 1)
            try await hypervisor.attach(disk, file, holding: [], to: run)
            let moment = try await lab.hold(snapshot, of: disk.volume, hypervisor, run)
            await hypervisor.detach()
            try await lab.giveSocketAlone()
            let later = try lab.open()
            _ = try await later.adopt()
            for _ in 0..<2 {
                let source = try await later.read(moment, changedSince: nil, in: run)
                #expect(try await lab.words(in: source).count == 0)
            }
            await later.detach()
        }
    }
}

extension GuestLab {
    /// Has the guest write 4 MiB of a word that is on no line that is typed.
    func fill(_ word: String, _ device: String = "vdb", in hypervisor: QEMUHypervisor) async throws {
        try await type("w=\(word); $B yes lab-$w | $B head -c 4194304 >/dev/\(device); $B sync; echo \"done $w: $?\"")
        try await awaitConsole("done \(word): 0", in: hypervisor)
    }

    func hold(
        _ snapshot: SnapshotID, of volume: VolumeID, _ hypervisor: QEMUHypervisor, _ run: GuestRun
    ) async throws -> GuestMoment {
        let path = try await volumes.makeMoment(snapshot, of: volume)
        let moment = GuestMoment(snapshot: snapshot, volume: volume, files: [path])
        try await hypervisor.hold([moment], in: [volume: run])
        return moment
    }

    /// What a run of ours does first of what it does to have moments served.
    fileprivate func giveSocketAlone() async throws {
        let script = """
            import array, os, socket, sys
            os.chdir(sys.argv[1])
            s = socket.socket(socket.AF_UNIX); s.bind("moments.sock"); s.listen(8)
            m = socket.socket(socket.AF_UNIX); m.connect("monitor.sock"); f = m.makefile()
            f.readline(); m.sendall(b'{"execute": "qmp_capabilities"}')
            assert "return" in f.readline()
            socket.send_fds(m, [b'{"execute": "getfd", "arguments": {"fdname": "moments"}}'], [s.fileno()])
            assert "return" in f.readline()
            """
        let outcome = try await HostCommand.run(["python3", "-c", script, directory])
        #expect(outcome.isSuccess, "\(outcome.errorText)")
    }

    /// The lines of the disk's first 4 MiB, each once.
    func words(in source: MomentSource) async throws -> Set<String> {
        let bytes = try await HostThread.run {
            Result {
                let client = try NBDClient(try UnixSocket.connect(source.socketPath), export: source.export)
                defer { client.close() }
                var bytes = [UInt8](repeating: 0, count: 4 << 20)
                try bytes.withUnsafeMutableBytes { try client.read(at: 0, into: $0) }
                return bytes
            }
        }.get()
        // The last line is cut off.
        let lines = bytes.split(separator: UInt8(ascii: "\n")).dropLast()
        return Set(lines.map { String(decoding: $0, as: UTF8.self) })
    }

    /// Neither words that the guest wrote nor the passphrase are in a file, or in what the process was started with.
    fileprivate func expectNothingClear(_ file: VolumeFile) throws {
        let secrets = [Data("lab-before".utf8), Data("lab-after".utf8), Data(try #require(file.passphrase).digits)]
        var places = ["cmdline", "environ"].map { "/proc/\((try? process().pid) ?? 0)/\($0)" }
        places += try FileManager.default.subpathsOfDirectory(atPath: path).map { "\(path)/\($0)" }
        #expect(places.contains { $0.hasSuffix("monitor.log") } && places.contains { $0.hasSuffix(".qcow2") })
        for place in places {
            guard let bytes = FileManager.default.contents(atPath: place) else { continue }
            for secret in secrets { #expect(bytes.range(of: secret) == nil, "\(place)") }
        }
    }
}
