// The operator's images on a real host: the disk becomes the read-only base of a snapshot, kernel and ramdisk go beside
// it, then the records tell of them. What a failure leaves behind is taken away again.

import Backends
import CloudTypes
import ControlPlane
import NodeAgent
import NodeContract

struct HostImages: ImageStore {
    let volumes: any VolumeBackend
    let kernels: KernelStore

    func register(_ order: ImageOrder, in cloud: Cloud) async throws -> ImageLine {
        guard let architecture = Architecture(rawValue: order.architecture) else {
            throw CommandFailure("--arch is one of: \(Architecture.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        var generator = SystemRandomNumberGenerator()
        let (image, snapshot) = (ImageID(from: &generator), SnapshotID(from: &generator))
        let format = try order.format.map(parse)
        do {
            let bytes = try await volumes.importBase(
                snapshot, from: DiskImageFile(path: order.diskPath, format: format))
            var boot = ImageRecord.Boot.firmware
            if let kernel = order.kernelPath {
                try kernels.store(kernel: kernel, ramdisk: order.ramdiskPath, of: image)
                boot = .kernel(arguments: order.kernelArguments ?? "console=ttyS0")
            }
            var wanted = OperatorImage(
                id: image, snapshot: snapshot, name: order.name, architecture: architecture,
                sizeGiB: max(1, (bytes + (1 << 30) - 1) >> 30), boot: boot)
            (wanted.description, wanted.bootMode) = (order.description, order.bootMode)
            wanted.rootDeviceName = order.rootDeviceName ?? wanted.rootDeviceName
            let new = wanted
            let record = try await cloud.transact(as: .system(for: cloud.operatorAccount)) {
                transaction throws(EC2Error) in try transaction.registerOperatorImage(new)
            }
            return ImageLine(record, ownerAlias: cloud.records.ownerAlias(of: record))
        } catch {
            kernels.remove(image)
            try? await volumes.deleteBase(snapshot)
            throw HostImages.told(error)
        }
    }

    /// The reason in words for the operator.
    private static func told(_ error: any Error) -> any Error {
        switch error {
        case let refusal as EC2Error: CommandFailure(refusal.message)
        case VolumeBackendError.unreadableImage(let reason):
            CommandFailure("The disk image cannot be taken in: \(reason).")
        case VolumeBackendError.noSpace(let reason): CommandFailure("There is no room for the disk image: \(reason).")
        default: error
        }
    }

    private func parse(_ name: String) throws -> DiskImageFile.Format {
        let formats = DiskImageFile.Format.allCases
        guard let format = formats.first(where: { "\($0)" == name || $0.rawValue == name }) else {
            throw CommandFailure("--format is one of: \(formats.map { "\($0)" }.joined(separator: ", ")).")
        }
        return format
    }
}
