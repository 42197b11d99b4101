// The kernels and ramdisks of images that carry their own: `images/AMI/{kernel,ramdisk}` under the state directory.
// Written whole or not at all; guests read them, nobody changes them.

package import Backends
package import CloudTypes
internal import FoundationEssentials

package struct KernelStore: Sendable {
    private let directory: String

    package init(directory: String) throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory)
    }

    /// nil where the image brings no kernel.
    package func files(of image: ImageID) -> KernelFiles? {
        let kernel = folder(image) + "/kernel"
        let ramdisk = folder(image) + "/ramdisk"
        guard FileManager.default.fileExists(atPath: kernel) else { return nil }
        return KernelFiles(
            kernelPath: kernel, ramdiskPath: FileManager.default.fileExists(atPath: ramdisk) ? ramdisk : nil)
    }

    package func store(kernel: String, ramdisk: String?, of image: ImageID) throws {
        let temporary = folder(image) + ".new"
        try? FileManager.default.removeItem(atPath: temporary)
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: temporary)
        try copy(kernel, to: temporary + "/kernel")
        if let ramdisk { try copy(ramdisk, to: temporary + "/ramdisk") }
        try? FileManager.default.removeItem(atPath: folder(image))
        try FileManager.default.moveItem(atPath: temporary, toPath: folder(image))
    }

    package func remove(_ image: ImageID) { try? FileManager.default.removeItem(atPath: folder(image)) }

    /// Any kernel there is: what a canary guest boots.
    package var anyKernel: String? {
        let images = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return images.sorted().compactMap { ImageID($0).flatMap(files)?.kernelPath }.first
    }

    private func folder(_ image: ImageID) -> String { "\(directory)/\(image)" }

    private func copy(_ source: String, to target: String) throws {
        try FileManager.default.copyItem(atPath: source, toPath: target)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: target)
    }
}
