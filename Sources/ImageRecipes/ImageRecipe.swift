// The machine images that Apus builds itself: where their builders lie, and what a builder leaves behind.

internal import FoundationEssentials

/// An image that is built from Debian's packages.
package enum ImageRecipe: String, CaseIterable, Sendable {
    case tiny
    case debian12 = "debian-12"

    /// One line for those who choose.
    package var summary: String {
        switch self {
        case .tiny: "kernel, busybox, ssh server; boots in seconds even emulated"
        case .debian12: "cloud-init, systemd and openssh as Debian ships them, on a disk with its own loader"
        }
    }

    /// The builder's script: beside the program, else in the build folder's resources. nil: not found.
    package var builderPath: String? {
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let folder = program.split(separator: "/").dropLast().joined(separator: "/")
        let candidates = ["/\(folder)/apus_ImageRecipes.resources", "/\(folder)/../share/apus"]
        return candidates.map { "\($0)/Resources/\(script)" }.first { FileManager.default.fileExists(atPath: $0) }
    }

    private var script: String {
        switch self {
        case .tiny: "tiny/build-tiny-image"
        case .debian12: "debian-12/build-debian-image"
        }
    }
}

/// An image that a builder made: the files beside its `image.json`, which this is.
package struct BuiltImage: Codable, Sendable {
    /// The name to register it by: the same for the same packages.
    package var imageName: String
    package var description: String
    package var architecture: String
    package var rootDeviceName: String
    /// File names in the builder's folder; nil: the disk boots by its own loader.
    package var kernel: String?
    package var ramdisk: String?
    package var kernelArguments: String?
    /// `legacy-bios` or `uefi`, where the disk boots by its own loader.
    package var bootMode: String?

    /// The disk's name in the builder's folder.
    package static let disk = "disk.raw"

    /// Reads what the builder left in `directory`.
    package init(in directory: String) throws {
        let data = FileManager.default.contents(atPath: directory + "/image.json") ?? Data()
        self = try JSONDecoder().decode(BuiltImage.self, from: data)
    }
}
