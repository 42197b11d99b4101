import Backends
import CloudTypes
import Foundation
import HostSystem
import NodeContract
import QEMUHypervisor
import Testing

@Suite(
    "Guests after a restart of ours", .serialized, .timeLimit(.minutes(10)),
    .enabled("needs root, QEMU and the tiny image") { await TestGuest.files.value != nil })
struct AdoptionTests {
    @Test("a running guest is found again, told as running, and obeys")
    func running() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            let process = try lab.process()
            await hypervisor.detach()
            let next = try lab.open()
            let listener = Listener(next)
            #expect(try await next.adopt() == [lab.instance: .running(launch: 1)])
            #expect(process.isRunning)
            try await next.launch(lab.guest())
            #expect(try lab.process() == process)
            try await next.reset(lab.instance)
            #expect(await listener.await(.guestRestarted(lab.instance)))
            kill(process.pid, SIGKILL)
            #expect(await listener.await(.guest(lab.instance, .ended(launch: 1, .died))))
            await next.detach()
        }
    }

    @Test("what ended meanwhile is told with its reason: by itself, by death, or because we had asked")
    func endedMeanwhile() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            try await lab.awaitConsole("guest ready", in: hypervisor)
            let process = try ProcessWatch(lab.process())
            await hypervisor.detach()
            try await lab.type("$B poweroff -f")
            _ = await process.waitForEnd()
            let second = try lab.open()
            #expect(try await second.adopt() == [lab.instance: .ended(launch: 1, .guestShutdown)])
            try await second.launch(lab.guest(launch: 2))
            let next = try ProcessWatch(lab.process())
            await second.detach()
            next.signal(SIGKILL)
            _ = await next.waitForEnd()
            let third = try lab.open()
            #expect(try await third.adopt() == [lab.instance: .ended(launch: 2, .died)])
            await third.detach()
            let fourth = try lab.open()
            #expect(try await fourth.adopt() == [lab.instance: .ended(launch: 2, .died)])
            await fourth.detach()
        }
    }

    @Test("a process that was started but not yet recorded is found by its mark")
    func unrecorded() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            let process = try lab.process()
            await hypervisor.detach()
            try lab.rewriteRecord { $0["phase"] = ["starting": [String: String]()] }
            let next = try lab.open()
            #expect(try await next.adopt() == [lab.instance: .running(launch: 1)])
            #expect(try lab.process() == process)
            await next.detach()
        }
    }

    @Test("a launch that never had a process leaves no trace")
    func neverStarted() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            try await hypervisor.kill(lab.instance)
            await hypervisor.detach()
            try lab.rewriteRecord { $0["phase"] = ["starting": [String: String]()] }
            let next = try lab.open()
            #expect(try await next.adopt().isEmpty)
            try await next.launch(lab.guest())
            #expect(await next.guests() == [lab.instance: .running(launch: 1)])
            await next.detach()
        }
    }

    @Test("a power cut that we were about to make can be made after the restart")
    func interruptedKill() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            let process = try lab.process()
            await hypervisor.detach()
            try lab.rewriteRecord { $0["request"] = "kill" }
            let next = try lab.open()
            #expect(try await next.adopt() == [lab.instance: .running(launch: 1)])
            try await next.kill(lab.instance)
            #expect(!process.isRunning)
            #expect(await next.guests() == [lab.instance: .ended(launch: 1, .requested)])
            await next.detach()
        }
    }

    @Test("a record of an earlier boot of the host, or of a process whose number is another's now, is of the dead")
    func strangers() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            try await hypervisor.kill(lab.instance)
            await hypervisor.detach()
            let own = getpid()
            let dead = ["running": ["_0": ["pid": Int(own), "startTicks": 1]]]
            try lab.rewriteRecord { record in
                record["phase"] = dead
                record["request"] = nil
            }
            let next = try lab.open()
            // What the monitor had told of the power cut stands in its log; nobody recorded having asked for it.
            #expect(try await next.adopt() == [lab.instance: .ended(launch: 1, .died)])
            await next.detach()
        }
    }

    @Test("a record that cannot be read is kept, hides no other guest, and makes way for a new launch")
    func unreadable() async throws {
        try await GuestLab.with { lab, hypervisor in
            try await hypervisor.launch(lab.guest())
            let process = try lab.process()
            await hypervisor.detach()
            try Data("{".utf8).write(to: URL(fileURLWithPath: lab.directory + "/launch.json"))
            let next = try lab.open()
            #expect(try await next.adopt().isEmpty)
            #expect(SmallFile.read(lab.directory + "/launch.json") == "{")
            try await next.launch(lab.guest(launch: 2))
            #expect(!process.isRunning)
            #expect(await next.guests() == [lab.instance: .running(launch: 2)])
            await next.detach()
        }
    }
}

extension GuestLab {
    /// Changes the guest's record as a crash or a power loss might have left it.
    func rewriteRecord(_ change: (inout [String: Any]) -> Void) throws {
        let url = URL(fileURLWithPath: directory + "/launch.json")
        var record = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        change(&record)
        try JSONSerialization.data(withJSONObject: record).write(to: url)
    }
}
