// What is kept on the disk of a guest, so that another run of ours finds and understands it.

import CloudTypes
import HostSystem
import NodeContract

struct GuestRecord: Codable, Sendable, Equatable {
    /// What we last asked of the guest.
    enum Request: String, Codable, Sendable { case powerDown, kill, hibernate }

    enum Phase: Codable, Sendable, Equatable {
        /// A process may exist or not: it carries the directory's marker.
        case starting
        case running(ProcessIdentity)
        case ended(GuestEnd)
    }

    var version = 1
    var spec: GuestSpec
    var acceleration: Acceleration
    /// Of the host: no process outlives it.
    var bootID: String
    var userID: UInt32
    /// The host's that it has for itself; nil: none.
    var gpus: [HostGPU]?
    var phase: Phase
    var request: Request?

    static func currentBootID() -> String {
        let text = SmallFile.read("/proc/sys/kernel/random/boot_id") ?? ""
        return String(text.prefix { $0 != "\n" })
    }
}

extension GuestEnd {
    /// Why a guest ended, from what we asked and from the reason that QEMU gave last.
    ///
    /// - Parameter shutdownReason: of QEMU's SHUTDOWN event; nil when it died without telling.
    init(requested request: GuestRecord.Request?, shutdownReason: String?) {
        switch (request, shutdownReason) {
        case (.kill, _): self = .requested
        case (.powerDown, "guest-shutdown"), (.powerDown, "host-qmp-quit"): self = .requested
        case (nil, "guest-shutdown"): self = .guestShutdown
        case (.powerDown, _), (.hibernate, _), (nil, _): self = .died
        }
    }
}
