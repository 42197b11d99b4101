import FoundationEssentials
import Testing

/// A folder of small files, as the kernel shows them; it goes with the value.
final class MadeUpTree {
    let path = FileManager.default.temporaryDirectory.path + "/apus-tree-\(UUID().uuidString)"

    init(_ files: [String: String] = [:]) throws {
        for (name, text) in files { try write(name, text) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
        let file = "\(path)/\(name)"
        let folder = String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)])
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try #require(FileManager.default.createFile(atPath: file, contents: Data(text.utf8)))
    }

    /// A link with a target relative to its folder.
    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
    }

    func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: "\(path)/\(name)").map { String(decoding: $0, as: UTF8.self) }
    }
}
