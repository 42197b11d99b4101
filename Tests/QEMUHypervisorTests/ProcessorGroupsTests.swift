// How guests are bounded: on trees that are made up, and on the host's own where it has the controller.

import FoundationEssentials
import Glibc
import HostSystem
import Testing

@testable import QEMUHypervisor

@Suite("Bounds on processors")
struct ProcessorGroupsTests {
    @Test("are cgroup v2's where it has the controller, else the older hierarchy's")
    func finding() throws {
        let tree = try MadeUpTree([
            "v2/cgroup.controllers": "cpuset cpu io memory\n", "bare/cgroup.controllers": "pids\n",
        ])
        let (unified, bare) = ("cgroup2 \(tree.path)/v2 cgroup2 rw 0 0\n", "cgroup2 \(tree.path)/bare cgroup2 rw 0 0\n")
        let legacy = "cgroup \(tree.path)/cpu cgroup rw,nosuid,cpu,cpuacct 0 0\n"
        let memory = "cgroup \(tree.path)/memory cgroup rw,memory 0 0\n"
        #expect(try ProcessorGroups.find(mounts: memory + legacy + bare).version == .legacy)
        #expect(try ProcessorGroups.find(mounts: legacy + unified).version == .unified)
        #expect(try ProcessorGroups.find(mounts: unified).parent == tree.path + "/v2")
        #expect(throws: ProcessorGroups.Unavailable.self) { try ProcessorGroups.find(mounts: memory + bare) }
        #expect(throws: ProcessorGroups.Unavailable.self) { try ProcessorGroups.find(mounts: "") }
    }

    @Test("are written as each hierarchy has it")
    func spelling() throws {
        let tree = try MadeUpTree([
            "a/i/cpu.max": "", "a/i/cgroup.procs": "", "a/i/cpu.cfs_quota_us": "", "a/i/cpu.cfs_period_us": "",
            "b/cpu.max": "max 100000\n", "b/cpu.cfs_quota_us": "-1\n",
        ])
        let unified = ProcessorGroups(parent: tree.path, version: .unified)
        #expect(try !unified.place(7, in: "a/i"))
        try unified.limit("a/i", to: 0.2)
        #expect(tree.read("a/i/cgroup.procs") == "7" && tree.read("a/i/cpu.max") == "20000 100000")
        try ProcessorGroups(parent: tree.path, version: .legacy).limit("a/i", to: 2)
        #expect(tree.read("a/i/cpu.cfs_quota_us") == "200000" && tree.read("a/i/cpu.cfs_period_us") == "100000")
        for version in [ProcessorGroups.Version.unified, .legacy] {
            let groups = ProcessorGroups(parent: tree.path, version: version)
            #expect(groups.isLimited("a/i") && !groups.isLimited("b") && !groups.isLimited("c"))
        }
    }

    @Test("hand the controller down in v2, and are told where they cannot be made")
    func handedDown() throws {
        let tree = try MadeUpTree(["cgroup.subtree_control": ""])
        let groups = ProcessorGroups(parent: tree.path, version: .unified)
        #expect(throws: SystemError.self) { try groups.place(7, in: "apus/i-1") }
        #expect(tree.read("cgroup.subtree_control") == "+cpu")
        groups.remove("apus/i-1")
        #expect(access(tree.path + "/apus", F_OK) != 0)
    }

    @Test("go with what they bound, and never while it is there", .enabled(if: HostGroups.areThere))
    func real() async throws {
        let groups = try ProcessorGroups.find()
        let ours = "apus-test-\(UUID().uuidString)"
        let process = try await HostCommand.spawnDetached(["sleep", "1000"], inheriting: [:], outputPath: "/dev/null")
        let watch = try ProcessWatch(process)
        #expect(try groups.place(process, in: ours + "/one"))
        try groups.limit(ours + "/one", to: 0.5)
        #expect(SmallFile.read("/proc/\(process)/cgroup")?.contains(ours + "/one") == true)
        #expect(try !groups.place(process, in: ours + "/one"))
        groups.remove(ours + "/one")
        #expect(access("\(groups.parent)/\(ours)/one", F_OK) == 0)
        watch.signal(SIGKILL)
        _ = await watch.waitForEnd()
        groups.sweep(ours)
        #expect(access("\(groups.parent)/\(ours)", F_OK) != 0)
    }
}

enum HostGroups {
    /// Whether this host lets us bound anything.
    static let areThere = (try? ProcessorGroups.find().tryOut()) != nil
}
