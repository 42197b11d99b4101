// What the host has to give.

internal import FoundationEssentials
package import NodeContract

#if canImport(Glibc)
    import Glibc
#endif

package struct HostFacts: Sendable, Equatable {
    package var processorCount: Int
    /// All memory of the host less what the host itself needs: a sixteenth, at least 512 MiB.
    package var memoryMiB: Int
    package var architectures: [Architecture]

    package init(processorCount: Int, memoryMiB: Int, architectures: [Architecture]) {
        (self.processorCount, self.memoryMiB) = (processorCount, memoryMiB)
        self.architectures = architectures
    }

    /// Read from /proc and the system.
    package static func read() -> HostFacts {
        let total = memoryTotalMiB
        return HostFacts(
            processorCount: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), memoryMiB: total - max(512, total / 16),
            architectures: native)
    }

    private static var memoryTotalMiB: Int {
        guard let data = FileManager.default.contents(atPath: "/proc/meminfo") else { return 0 }
        let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
    }

    private static var native: [Architecture] {
        #if arch(x86_64)
            [.x86_64, .i386]
        #elseif arch(arm64)
            [.arm64]
        #else
            []
        #endif
    }
}

enum Descriptors {
    static func close(_ descriptor: Int32) {
        #if canImport(Glibc)
            _ = Glibc.close(descriptor)
        #endif
    }
}
