// The host's GPUs, found in a tree that is made up.

import FoundationEssentials
import Testing

@testable import QEMUHypervisor

@Suite("The host's GPUs")
struct HostGPUTests {
    /// A host with a T4 and its sound, an A10G in a group with a foreign disk, one whose driver is the host's own, and an L4.
    private func tree() throws -> MadeUpTree {
        let tree = try MadeUpTree()
        func add(_ address: String, _ identity: (String, String), _ kind: String, _ driver: String, _ group: Int) throws
        {
            let folder = "bus/pci/devices/\(address)"
            try tree.write(folder + "/vendor", "0x\(identity.0)\n")
            try tree.write(folder + "/device", "0x\(identity.1)\n")
            try tree.write(folder + "/class", "0x\(kind)\n")
            try tree.write("bus/pci/drivers/\(driver)/bind", "")
            try tree.write("kernel/iommu_groups/\(group)/type", "DMA\n")
            try tree.write("kernel/iommu_groups/\(group)/devices/\(address)", "")
            try tree.link(folder + "/driver", to: "../../drivers/\(driver)")
            try tree.link(folder + "/iommu_group", to: "../../../../kernel/iommu_groups/\(group)")
        }
        try add("0000:01:00.0", ("10de", "1eb8"), "030200", "vfio-pci", 7)
        try add("0000:01:00.1", ("10de", "10f8"), "040300", "vfio-pci", 7)
        try add("0000:00:01.0", ("8086", "1901"), "060400", "pcieport", 7)
        try add("0000:02:00.0", ("10de", "2237"), "030200", "vfio-pci", 8)
        try add("0000:02:01.0", ("144d", "a808"), "010802", "nvme", 8)
        try add("0000:03:00.0", ("10de", "1eb8"), "030200", "nvidia", 9)
        try add("0000:04:00.0", ("10de", "27b8"), "030200", "vfio-pci", 10)
        try add("0000:05:00.0", ("10de", "ffff"), "030000", "vfio-pci", 11)
        return tree
    }

    @Test("are those bound to vfio-pci, alone in their group but for their own functions and bridges")
    func found() throws {
        let tree = try tree()
        let gpus = HostGPU.scan(root: tree.path)
        #expect(gpus.map(\.model) == ["t4", "l4"] && gpus.map(\.group) == [7, 10])
        #expect(gpus[0].functions == ["0000:01:00.0", "0000:01:00.1"] && gpus[1].address == "0000:04:00.0")
        #expect(HostGPU.scan(root: tree.path + "/nowhere").isEmpty)
    }

    @Test("are given to one guest at a time, all that it wants or none, and come back")
    func assigned() throws {
        let tree = try tree()
        let gpus = HostGPU.scan(root: tree.path)
        var assignments = GPUAssignments<String>()
        #expect(assignments.take(["t4": 1], of: gpus, for: "a")?.map(\.model) == ["t4"])
        #expect(assignments.take(["t4": 1], of: gpus, for: "b") == nil)
        #expect(assignments.take(["l4": 1, "t4": 1], of: gpus, for: "b") == nil)
        #expect(assignments.take(["l4": 1], of: gpus, for: "b")?.count == 1)
        // A next launch of the same guest finds its own.
        #expect(assignments.take(["t4": 1], of: gpus, for: "a")?.count == 1)
        #expect(assignments.giveBack(of: "a").map(\.model) == ["t4"])
        #expect(assignments.take(["t4": 1], of: gpus, for: "c")?.count == 1)
        var another = GPUAssignments<String>()
        another.adopt([gpus[0]], of: "c")
        #expect(another.take(["t4": 1], of: gpus, for: "d") == nil)
    }
}
