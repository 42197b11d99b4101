// Turns an inspected image into a flat, sparse raw file: the form of a base.

import Backends
import Glibc
import HostSystem

struct ImageConversion {
    let image: ImageInspection
    /// A file that does not exist yet.
    let destination: String

    /// `FICLONE` of linux/fs.h: shares the blocks of another file, where the file system can.
    private static let shareBlocks: UInt = 0x4004_9409

    /// Returns once the bytes are on the disk.
    func perform() async throws(VolumeBackendError) {
        let file = try VolumeDirectory.open(destination, O_RDWR | O_CREAT | O_EXCL)
        if try !sharedBlocks(with: file) {
            try requireSpace(in: file)
            try await ImageTool.require(
                ["qemu-img", "convert", "-f", image.format.rawValue, "-O", "raw", "-S", "4k", image.path, destination],
                deadline: .seconds(12 * 3600))
        }
        guard ftruncate(file.number, off_t((image.virtualSize + 511) / 512 * 512)) == 0 else {
            throw .system("ftruncate")
        }
        guard fchmod(file.number, 0o400) == 0 else { throw .system("fchmod") }
        guard fsync(file.number) == 0 else { throw .system("fsync") }
    }

    private func sharedBlocks(with file: OwnedDescriptor) throws(VolumeBackendError) -> Bool {
        guard image.format == .raw else { return false }
        let source = try VolumeDirectory.open(image.path, O_RDONLY)
        return ioctl(file.number, ImageConversion.shareBlocks, source.number) == 0
    }

    /// The conversion takes at least what the image itself takes, unless that is zeros.
    private func requireSpace(in file: OwnedDescriptor) throws(VolumeBackendError) {
        var status = stat()
        guard stat(image.path, &status) == 0 else { throw .system("stat") }
        let needed = Int(status.st_blocks) * 512
        let free = DiskSpace.free(at: destination)
        guard free >= needed else { throw .noSpace("\(needed) bytes needed, \(free) free") }
    }
}
