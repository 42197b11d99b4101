// Moments of volumes that nobody has open, under the keys that the control plane names.

import CloudTypes
import Foundation
import KeyRing
import Logging
import NodeContract
import QCOW2Volumes
import QEMUHypervisor
import Testing

@testable import NodeAgent

@Suite("A moment of a volume")
struct MomentKeyTests {
    @Test("is held under the volume's own key, and under no other, of which nothing is left")
    func keys() async throws {
        let folder = NSTemporaryDirectory() + "apus-moments-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let keys = try KeyRing(directory: "\(folder)/keys")
        let volumes = try QCOW2Volumes(directory: folder, keys: keys)
        let store = try SnapshotStore(directory: "\(folder)/snapshots", keys: keys, log: log)
        let windows = MomentWindows()
        let hypervisor = try QEMUHypervisor(
            configuration: QEMUConfiguration(stateDirectory: folder), logger: log)
        let moments = Moments(
            hypervisor: hypervisor, volumes: volumes, store: store,
            notes: try MomentNotes(folder: "\(folder)/notes"), windows: windows,
            feeds: Feeds(volumes: volumes, store: store, windows: windows, log: log) { _ in }
        ) { _ in }

        let all: [EncryptionKeyID?] = [
            nil, EncryptionKeyID("1f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f"),
            EncryptionKeyID("2f0e5c1a-2f3b-4c5d-8e9f-0a1b2c3d4e5f"),
        ]
        var held: Set<SnapshotID> = []
        for (place, own) in all.enumerated() {
            let volume = try #require(VolumeID("vol-0000000\(place)"))
            try await volumes.create(VolumeSpec(id: volume, sizeGiB: 1, snapshot: nil, key: own))
            for (number, named) in all.enumerated() {
                let id = try #require(SnapshotID("snap-000000\(place)\(number)"))
                let spec = SnapshotSpec(id: id, volume: volume, sizeGiB: 1, key: named, marksChanges: false)
                if named == own {
                    try await moments.hold([spec], in: [:])
                    held.insert(id)
                } else {
                    let reason = "\(volume) is not sealed with the key that was named for \(id)"
                    await #expect(throws: NodeError.hostFailed(reason)) { try await moments.hold([spec], in: [:]) }
                }
            }
        }
        #expect(await moments.known == held)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/notes").count == held.count)
        await hypervisor.detach()
    }
}
