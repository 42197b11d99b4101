// A moment that is held: a block store beside it, and a server of its bytes, in a folder that goes afterwards.

import Backends
import Foundation
import HostSystem
import KeyRing
import Logging
import NBD

@testable import NodeAgent

enum HeldMoment {
    static func with(
        _ bytes: some NBDExport, _ body: (SnapshotStore, MomentSource) async throws -> Void
    ) async throws {
        let folder = NSTemporaryDirectory() + "apus-held-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try SnapshotStore(
            directory: "\(folder)/snapshots", keys: try KeyRing(directory: "\(folder)/keys"),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let (path, server) = ("\(folder)/held", NBDServer { $0 == "held" ? bytes : nil })
        let listener = try UnixSocket.listen(path)
        let serving = Task {
            try await HostThread.run {
                while let connection = UnixSocket.accept(listener) {
                    Task { try await HostThread.run { try? server.serve(connection) } }
                }
            }
        }
        try await body(store, MomentSource(socketPath: path, export: "held", changes: nil))
        shutdown(listener.number, Int32(SHUT_RDWR))
        try await serving.value
    }
}
