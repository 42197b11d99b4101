import Backends
import CloudTypes
import Foundation
import HostSystem
import NodeContract
import QCOW2Volumes
import QEMUHypervisor
import Testing

@Suite(
    "Moments that a guest takes over with the volume", .serialized, .timeLimit(.minutes(10)),
    .enabled("needs root, QEMU and the tiny image") { await TestGuest.files.value != nil })
struct TakenOverMomentTests {
    private let first: SnapshotID
    private let second: SnapshotID

    init() throws {
        first = try #require(SnapshotID("snap-0123456789abcdef0"))
        second = try #require(SnapshotID("snap-0123456789abcdef1"))
    }

    @Test(
        "are held from before it runs, and each further stay in a guest adds to what is kept", arguments: [false, true])
    func chain(isSealed: Bool) async throws {
        try await GuestLab.with { lab, hypervisor in
            let key = EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f")
            let root = try await lab.free(first, of: lab.volume)
            try await hypervisor.launch(lab.guest(moments: [root]))
            try await lab.awaitConsole("guest ready", in: hypervisor)
            try await lab.fill("root", "vda", in: hypervisor)
            let run = GuestRun(instance: lab.instance, launch: 1)
            #expect(try await hypervisor.holds(first, of: lab.volume, in: run))
            #expect(try await lab.words(in: hypervisor.read(root, changedSince: nil, in: run)) == [])

            // A disk that was never in a guest, then one with a moment of an earlier stay.
            let (disk, file) = try await lab.furtherDisk(key: isSealed ? key : nil)
            try await hypervisor.attach(disk, file, holding: [], to: run)
            try await lab.type("until [ -b /dev/vdb ]; do :; done; echo \"there: $?\"")
            try await lab.awaitConsole("there: 0", in: hypervisor)
            try await lab.fill("before", in: hypervisor)
            _ = try await hypervisor.letGo(of: root, keepingChangesSince: [], in: run)
            try await lab.volumes.removeMoment(first)
            _ = try await lab.hold(first, of: disk.volume, hypervisor, run)
            try await lab.fill("after", in: hypervisor)
            try await lab.detach(disk, hypervisor, run)
            for word in ["at-last", "even-later"] {
                let moments = [
                    try await lab.extended(first, of: disk.volume),
                    try await lab.free(second, of: disk.volume, isNew: word == "at-last"),
                ]
                // As often as it is tried.
                #expect(try await lab.volumes.extendMoment(first, of: disk.volume) == moments[0].files)
                try await hypervisor.attach(disk, file, holding: moments, to: run)
                try await lab.type("until [ -b /dev/vdb ]; do :; done; echo \"back: $?\"")
                try await lab.awaitConsole("back: 0", count: word == "at-last" ? 1 : 2, in: hypervisor)
                try await lab.fill(word, in: hypervisor)
                for (moment, kept) in zip(moments, ["lab-before", "lab-after"]) {
                    let words = try await lab.words(in: hypervisor.read(moment, changedSince: nil, in: run))
                    #expect(words == [kept], "\(moment.snapshot) in the guest")
                }
                let changed = try await hypervisor.read(moments[1], changedSince: first, in: run)
                #expect(changed.changes == "qemu:dirty-bitmap:\(first)")
                try await lab.detach(disk, hypervisor, run)
                for (moment, kept) in zip([first, second], ["lab-before", "lab-after"]) {
                    #expect(try await lab.volumes.isMomentWhole(moment))
                    let served = try await lab.volumes.serveMoment(moment, of: disk.volume, changedSince: nil)
                    let words = try await lab.words(in: served.source)
                    #expect(words == [kept], "\(moment)")
                    await served.end()
                }
            }
            try await lab.volumes.removeMoment(first)
            try await lab.volumes.removeMoment(second)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(lab.path)/moments").isEmpty)
        }
    }

    @Test(
        "and that it cannot hold keep it from running; a machine that waits to run is no guest to a later run of ours")
    func unbegun() async throws {
        try await GuestLab.with { lab, hypervisor in
            var moment = try await lab.free(first, of: lab.volume)
            let files = moment.files
            moment.files.append("\(lab.path)/nothing")
            await #expect(throws: HypervisorError.self) { try await hypervisor.launch(lab.guest(moments: [moment])) }
            #expect(await hypervisor.guests().isEmpty)
            #expect(try await lab.volumes.isMomentWhole(first))

            moment.files = files
            try await hypervisor.launch(lab.guest(boot: .firmware(.bios), moments: [moment]))
            await hypervisor.detach()
            let process = try lab.process()
            try await lab.makeUnbegun()
            let later = try lab.open()
            #expect(try await later.adopt().isEmpty)
            #expect(!process.isRunning)
            #expect(try await lab.volumes.isMomentWhole(first))
            await later.detach()
        }
    }
}

extension GuestLab {
    /// A moment of a volume that no guest has, for the next one to hold.
    fileprivate func free(
        _ snapshot: SnapshotID, of volume: VolumeID, isNew: Bool = true
    ) async throws -> GuestMoment {
        if isNew { try await volumes.markChanges(of: volume, since: snapshot) }
        return try await extended(snapshot, of: volume)
    }

    fileprivate func extended(_ snapshot: SnapshotID, of volume: VolumeID) async throws -> GuestMoment {
        let files = try await volumes.extendMoment(snapshot, of: volume)
        return GuestMoment(snapshot: snapshot, volume: volume, files: files, marksChanges: false)
    }

    fileprivate func detach(
        _ disk: GuestSpec.Disk, _ hypervisor: QEMUHypervisor, _ run: GuestRun
    ) async throws {
        while try await !hypervisor.detach(disk.volume, from: run, force: false) {}
        try await type("until [ ! -e /sys/block/vdb ]; do :; done; echo \"left: $?\"")
    }

    /// As a machine is that was told to wait for an order to run.
    fileprivate func makeUnbegun() async throws {
        let script = """
            import json, os, socket, sys
            os.chdir(sys.argv[1])
            m = socket.socket(socket.AF_UNIX); m.connect("monitor.sock"); f = m.makefile()
            def say(command):
                m.sendall(json.dumps({"execute": command}).encode())
                while True:
                    answer = json.loads(f.readline())
                    if "event" not in answer: return answer["return"]
            f.readline()
            for command in ("qmp_capabilities", "stop", "system_reset"): say(command)
            while say("query-status")["status"] != "prelaunch": pass
            """
        let outcome = try await HostCommand.run(["python3", "-c", script, directory])
        #expect(outcome.isSuccess, "\(outcome.errorText)")
    }
}
