import NodeContract
import Testing

@testable import QEMUHypervisor

@Suite("What a guest's process has used")
struct ProcessUseTests {
    private func use(name: String) -> GuestUse? {
        ProcessUse.read(
            stat: "4711 (\(name)) S 1 4711 4711 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 9000 2000000 65536 0\n",
            statm: "500000 65536 100 10 0 400 0\n", uptime: "130.00 250.11\n", ticksPerSecond: 100, pageBytes: 4_096)
    }

    @Test("is its time since it began and the memory that it has touched", arguments: ["qemu", "a ) b (c", "1 2 3"])
    func figures(name: String) {
        #expect(use(name: name) == GuestUse(seconds: 40, processorSeconds: 3, memoryMiB: 256))
    }

    @Test("is nothing where the kernel tells nothing")
    func nothing() {
        #expect(ProcessUse.read(stat: "", statm: "", uptime: "", ticksPerSecond: 100, pageBytes: 4_096) == nil)
    }
}
