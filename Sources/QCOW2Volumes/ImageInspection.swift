// Looks at a disk image that need not be trusted, before any tool reads it for us: which format it is, and that it
// stands alone. An image may name further files of the host as its parent, its data or its parts; such are refused.

import Backends
import DiskFormats
import FoundationEssentials
import Glibc
import HostSystem

struct ImageInspection: Sendable {
    let path: String
    let format: DiskImageFile.Format
    /// What a guest would see, in bytes.
    let virtualSize: Int

    /// The largest volume there is: 64 TiB.
    static let maximumSize = 64 << 40

    /// - Throws: `VolumeBackendError.unreadableImage` with the reason for the operator.
    init(_ image: DiskImageFile) async throws(VolumeBackendError) {
        // An absolute path, so that no tool takes it for a protocol or an option.
        guard image.path.hasPrefix("/") else { throw .unreadableImage("its path is not absolute") }
        path = image.path
        format = try ImageInspection.format(of: image)
        virtualSize = try await ImageInspection.askTool(path, format)
        guard virtualSize > 0 else { throw .unreadableImage("it is empty") }
        guard virtualSize <= ImageInspection.maximumSize else {
            throw .unreadableImage("it is larger than 64 TiB")
        }
    }

    private static func format(of image: DiskImageFile) throws(VolumeBackendError) -> DiskImageFile.Format {
        let file: OwnedDescriptor
        do { file = try VolumeDirectory.open(image.path, O_RDONLY | O_NONBLOCK) } catch {
            throw .unreadableImage("it cannot be opened")
        }
        var status = stat()
        guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadableImage("it is no regular file")
        }
        let start = try VolumeDirectory.read(file, at: 0, count: QCOW2Header.readLength)
        let end = try VolumeDirectory.read(file, at: max(0, Int(status.st_size) - 512), count: 512)
        let found = try ImageSignature(start: start, end: end).format()
        guard let wanted = image.format else {
            guard found != .raw || (start.count >= 512 && start[510...511] == [0x55, 0xAA]) else {
                throw .unreadableImage(
                    "it has neither a known format nor a boot sector; say that its format is raw if it is a disk")
            }
            return found
        }
        guard wanted != found else { return found }
        // Any bytes are a raw image, if that is what they are said to be.
        guard wanted == .raw else { throw .unreadableImage("it is \(found.rawValue), not \(wanted.rawValue)") }
        return .raw
    }

    /// What `qemu-img info` says, as far as we must know.
    private struct Report: Decodable {
        var virtualSize: Int
        var isEncrypted: Bool?
        var backingFile: String?
        var specific: Specific?

        struct Specific: Decodable { var data: Details? }
        struct Details: Decodable {
            var dataFile: String?
            var parentID: UInt64?
            var extents: [Extent]?
            enum CodingKeys: String, CodingKey { case dataFile = "data-file", parentID = "parent-cid", extents }
        }
        struct Extent: Decodable { var filename: String? }

        enum CodingKeys: String, CodingKey {
            case virtualSize = "virtual-size"
            case isEncrypted = "encrypted"
            case backingFile = "backing-filename"
            case specific = "format-specific"
        }
    }

    private static func askTool(
        _ path: String, _ format: DiskImageFile.Format
    ) async throws(VolumeBackendError) -> Int {
        // Bounded in memory and time, as a hostile image may ask for both.
        let outcome = try await ImageTool.run(
            [
                "prlimit", "--as=2147483648", "--cpu=30", "qemu-img", "info", "--output=json", "-f", format.rawValue,
                path,
            ],
            deadline: .seconds(60))
        guard outcome.isSuccess else {
            throw .unreadableImage("it does not read as \(format.rawValue)")
        }
        let report: Report
        do { report = try JSONDecoder().decode(Report.self, from: Data(outcome.standardOutput)) } catch {
            throw .hostFailed("qemu-img info: \(error)")
        }
        let details = report.specific?.data
        guard report.isEncrypted != true else { throw .unreadableImage("it is encrypted") }
        guard report.backingFile == nil, details?.dataFile == nil,
            details?.parentID.map({ $0 == 0xffff_ffff }) ?? true,
            details?.extents?.allSatisfy({ $0.filename == path }) ?? true
        else { throw .unreadableImage("it needs other files") }
        return report.virtualSize
    }
}

/// The first and last bytes of a file, by which image formats are told apart.
struct ImageSignature {
    let start: [UInt8]
    /// The last 512 bytes.
    let end: [UInt8]

    func format() throws(VolumeBackendError) -> DiskImageFile.Format {
        if start.starts(with: QCOW2Header.magic) {
            guard let header = QCOW2Header(start) else { throw .unreadableImage("its qcow2 header is damaged") }
            guard header.backingFile == nil, !header.hasExternalData else {
                throw .unreadableImage("it needs other files")
            }
            guard !header.isEncrypted else { throw .unreadableImage("it is encrypted") }
            return .qcow2
        }
        if start.starts(with: Array("KDMV".utf8)) {
            // Without a capacity the file is a list of other files.
            guard start.count >= 512, start.littleEndian(at: 12, width: 8) != 0 else {
                throw .unreadableImage("it needs other files")
            }
            return .vmdk
        }
        if start.starts(with: Array("# Disk Desc".utf8)) || start.starts(with: Array("COWD".utf8)) {
            throw .unreadableImage("only VMDK files that hold all of their data can be read")
        }
        if start.starts(with: Array("vhdxfile".utf8)) { return .vhdx }
        let footer = Array("conectix".utf8)
        let copy = start.starts(with: footer) ? start : end
        guard copy.starts(with: footer), copy.count >= 512 else { return .raw }
        // A differencing disk names its parent.
        guard copy.bigEndian(at: 60, width: 4) != 4 else { throw .unreadableImage("it needs other files") }
        return .vhd
    }
}
