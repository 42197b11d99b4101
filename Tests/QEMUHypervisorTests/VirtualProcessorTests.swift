// What a guest's vCPUs worked, read from a process table that is made up.

import Testing

@testable import QEMUHypervisor

@Suite("The work of a guest's vCPUs")
struct VirtualProcessorTests {
    @Test("is that of its vCPU threads, and of no other thread of its process")
    func threads() throws {
        let table = try MadeUpTree([
            "7/task/7/comm": "qemu-system-x86\n", "7/task/7/schedstat": "9000000000 1 2\n",
            "7/task/8/comm": "CPU 0/KVM\n", "7/task/8/schedstat": "1500000000 1 2\n",
            "7/task/9/comm": "CPU 1/KVM\n", "7/task/9/schedstat": "250000000 1 2\n",
        ])
        #expect(VirtualProcessors.seconds(of: 7, root: table.path) == 1.75)
        #expect(VirtualProcessors.seconds(of: 8, root: table.path) == nil)
    }
}
