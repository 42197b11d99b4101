// Logs that QEMU appends to for as long as a guest runs: their end is read, their beginning given back to the disk.

import CHostSystem
import CloudTypes
import Glibc
import HostSystem

struct LogFile: Sendable {
    private let file: OwnedDescriptor

    /// Nil when there is no such file.
    init?(_ path: String) {
        guard let file = try? OwnedDescriptor(open(path, O_RDWR | O_CLOEXEC), "open") else { return nil }
        self.file = file
    }

    /// At most `count` bytes from the end, and when the last of them was written.
    func tail(_ count: Int) -> (bytes: [UInt8], lastWritten: Timestamp) {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { return ([], Timestamp(milliseconds: 0)) }
        let moment = Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
        let start = max(0, Int(status.st_size) - count)
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size) - start)
        let length = pread(file.number, &bytes, bytes.count, off_t(start))
        return (Array(bytes.prefix(max(0, length))), Timestamp(milliseconds: moment))
    }

    /// Frees the blocks of all but the last bytes once the file takes more than `limit` bytes on the disk.
    ///
    /// The file's length stays, so that whoever appends meanwhile loses nothing; the freed part reads as zeros.
    func bound(limit: Int, keeping: Int) {
        var status = stat()
        guard fstat(file.number, &status) == 0, Int(status.st_blocks) * 512 > limit else { return }
        let end = (Int(status.st_size) - keeping) / 4096 * 4096
        guard end > 0 else { return }
        _ = apus_punch_hole(file.number, 0, Int64(end))
    }
}

extension LogFile {
    /// Keeps what a guest's QEMU may write while it runs within a few MiB on the disk.
    static func boundLogs(of directory: GuestDirectory) {
        LogFile(directory.consoleLog)?.bound(limit: 4 << 20, keeping: 1 << 20)
        LogFile(directory.monitorLog)?.bound(limit: 1 << 20, keeping: 128 << 10)
        LogFile(directory.processLog)?.bound(limit: 1 << 20, keeping: 128 << 10)
    }
}
