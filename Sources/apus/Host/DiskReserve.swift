// Room that Apus keeps for itself: on a disk that guests have filled it can still start, write records, and give disks back.
// Guests that stand still for want of room want more than this before they go on, so they do not take it.

import HostSystem

#if canImport(Glibc)
    import Glibc
#endif

struct DiskReserve {
    private static let bytes = 16 << 20
    /// A guest that writes finds the disk full with less than that; one that still runs must not be fed from the reserve.
    private static let nothing = 1 << 20
    private static let pause = Duration.seconds(5)

    let folder: String
    private var file: String { folder + "/reserve" }
    private var isKept: Bool { access(file, F_OK) == 0 }

    /// Gives the room back to the disk where there is next to none, and takes it again where there is plenty.
    func tend() {
        switch (isKept, DiskSpace.free(at: folder)) {
        case (true, ..<DiskReserve.nothing): unlink(file)
        case (false, (DiskReserve.bytes * 8)...): keep()
        default: break
        }
    }

    /// Looks now and then: a disk tells nobody that it is full.
    func watch() async {
        while !Task.isCancelled {
            tend()
            try? await Task.sleep(for: DiskReserve.pause)
        }
    }

    private func keep() {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if posix_fallocate(descriptor, 0, off_t(DiskReserve.bytes)) != 0 { unlink(file) }
    }
}
