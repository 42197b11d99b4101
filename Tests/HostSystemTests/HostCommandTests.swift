// What running the host's tools promises.

import Glibc
import HostSystem
import Testing

@Suite("Running a tool of the host")
struct HostCommandTests {
    @Test("its input reaches it and its output comes back")
    func echo() async throws {
        let outcome = try await HostCommand.run(["cat"], standardInput: Array("hello".utf8))
        #expect(outcome.isSuccess && outcome.outputText == "hello" && outcome.errorText.isEmpty)
    }

    @Test("a failure is an outcome with its status and standard error")
    func failure() async throws {
        let outcome = try await HostCommand.run(["ls", "/nowhere-at-all"])
        #expect(outcome.exitStatus == 2 && outcome.errorText.contains("nowhere-at-all"))
    }

    @Test("arguments are taken literally, whatever a shell would make of them")
    func literal() async throws {
        #expect(try await HostCommand.run(["echo", "$HOME; `id` *"]).outputText == "$HOME; `id` *\n")
    }

    @Test("a tool that is not there is named")
    func missing() async {
        await #expect(throws: HostCommandError.notFound("no-such-tool")) {
            try await HostCommand.run(["no-such-tool"])
        }
    }

    @Test("a tool that overruns its deadline is killed")
    func deadline() async {
        let limits = HostCommand.Limits(deadline: .milliseconds(50))
        await #expect(throws: HostCommandError.timedOut("sleep", .milliseconds(50))) {
            try await HostCommand.run(["sleep", "60"], limits: limits)
        }
    }

    @Test("a tool whose task is cancelled is killed", .timeLimit(.minutes(1)))
    func cancellation() async {
        let task = Task { try await HostCommand.run(["sleep", "3600"]) }
        task.cancel()
        await #expect(throws: HostCommandError.cancelled("sleep")) { try await task.value }
    }

    @Test("a tool that prints without end is killed at the limit")
    func bounded() async {
        let limits = HostCommand.Limits(output: 100_000)
        await #expect(throws: HostCommandError.tooMuchOutput("yes", limit: 100_000)) {
            try await HostCommand.run(["yes"], limits: limits)
        }
    }

    @Test("a tool has no descriptor of ours but the three")
    func descriptors() async throws {
        let leak = open("/dev/null", O_RDONLY)
        defer { close(leak) }
        #expect(leak > 2)
        let outcome = try await HostCommand.run(["ls", "/proc/self/fd"])
        // The fourth is ls's own, on the folder it lists.
        #expect(outcome.outputText == "0\n1\n2\n3\n")
    }

    @Test("many at once all come back")
    func many() async throws {
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<40 {
                group.addTask { try await HostCommand.run(["echo", "\(number)"]).outputText }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(texts.count == 40)
    }
}

@Suite("Processes that outlive a call")
struct ProcessWatchTests {
    @Test("a detached process has the descriptors it was given, under its own numbers", .timeLimit(.minutes(1)))
    func inheriting() async throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let pid = try await HostCommand.spawnDetached(["sh", "-c", "echo hi >&7"], inheriting: [ends[1]: 7])
        close(ends[1])
        #expect(await (try ProcessWatch(pid)).waitForEnd() == .exited(0))
        var buffer = [UInt8](repeating: 0, count: 16)
        #expect(read(ends[0], &buffer, 16) == 3)
        close(ends[0])
    }

    @Test("its end is told, with the signal that ended it", .timeLimit(.minutes(1)))
    func killed() async throws {
        let watch = try ProcessWatch(try await HostCommand.spawnDetached(["sleep", "3600"]))
        #expect(watch.end == nil && ProcessIdentity(of: watch.pid)?.isRunning == true)
        #expect(watch.signal(SIGKILL))
        #expect(await watch.waitForEnd() == .signalled(SIGKILL))
        #expect(await watch.waitForEnd() == .signalled(SIGKILL))
        #expect(ProcessIdentity(of: watch.pid) == nil)
    }

    @Test("the end of a process that is no child of ours is told too", .timeLimit(.minutes(1)))
    func stranger() async throws {
        let outcome = try await HostCommand.run(["sh", "-c", "sleep 3600 >/dev/null 2>&1 & echo $!"])
        let pid = try #require(Int32(outcome.outputText.dropLast()))
        let identity = try #require(ProcessIdentity(of: pid))
        let watch = try ProcessWatch(identity)
        watch.signal(SIGTERM)
        _ = await watch.waitForEnd()
        #expect(!identity.isRunning)
    }

    @Test("a number that another process has by now is refused")
    func reused() throws {
        let own = try #require(ProcessIdentity(of: getpid()))
        let earlier = ProcessIdentity(pid: own.pid, startTicks: own.startTicks - 1)
        #expect(throws: SystemError("pidfd_open", number: ESRCH)) { try ProcessWatch(earlier) }
    }
}
