// What a guest has used of its host.

/// Counts since the guest's machine was started.
package struct GuestUse: Sendable, Equatable, Codable {
    /// How long ago that was.
    package var seconds: Double
    /// Of one processor at full speed.
    package var processorSeconds: Double
    /// Of the host's memory, now: what the guest has ever touched and not given back.
    package var memoryMiB: Int
    /// Read and written, over all its disks.
    package var diskBytes: Int
    /// Received and sent, over all its interfaces.
    package var networkBytes: Int

    package init(
        seconds: Double, processorSeconds: Double, memoryMiB: Int, diskBytes: Int = 0, networkBytes: Int = 0
    ) {
        (self.seconds, self.processorSeconds, self.memoryMiB) = (seconds, processorSeconds, memoryMiB)
        (self.diskBytes, self.networkBytes) = (diskBytes, networkBytes)
    }
}
