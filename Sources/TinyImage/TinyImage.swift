// The tiny machine image: where its builder lies, and what the builder leaves behind.

internal import FoundationEssentials

package enum TinyImage {
    /// What the builder wrote about an image, from `image.json`.
    package struct Description: Codable, Sendable {
        package var name: String
        package var architecture: String
        package var rootDeviceName: String
        package var rootSizeBytes: Int
        package var kernel: String
        package var ramdisk: String
        package var kernelArguments: String
        package var kernelVersion: String
    }

    /// The builder's script: beside the program, else in the build folder's resources. nil: not found.
    package static var builderPath: String? {
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let folder = program.split(separator: "/").dropLast().joined(separator: "/")
        let candidates = ["/\(folder)/apus_TinyImage.resources", "/\(folder)/../share/apus"]
        return candidates.map { $0 + "/Resources/build-tiny-image" }.first {
            FileManager.default.fileExists(atPath: $0)
        }
    }

    /// Reads what the builder left in `directory`.
    package static func description(in directory: String) throws -> Description {
        let data = FileManager.default.contents(atPath: directory + "/image.json") ?? Data()
        return try JSONDecoder().decode(Description.self, from: data)
    }
}
