// What every volume backend promises, told once; a suite per backend runs it.

import Backends
import CloudTypes
import NodeContract
import Testing

/// Calls that each hold a fresh, empty backend to its promises.
struct VolumeBackendContract {
    let backend: any VolumeBackend
    /// A raw image of 3 MiB whose first bytes are `image`.
    let imagePath: String
    private let ids = ContractIDs()

    func aVolumeLivesUntilItIsDeleted() async throws {
        let volume = VolumeSpec(id: ids.volume, sizeGiB: 2, snapshot: nil)
        #expect(try await backend.volumes().isEmpty)
        try await backend.create(volume)
        #expect(try await backend.volumes() == [ids.volume])
        let file = try await backend.file(of: ids.volume)
        try await backend.create(volume)
        #expect(try await backend.file(of: ids.volume) == file)
        #expect(file.backingPaths.isEmpty)
        try await backend.delete(ids.volume)
        try await backend.delete(ids.volume)
        #expect(try await backend.volumes().isEmpty)
        await #expect(throws: VolumeBackendError.noSuchVolume(ids.volume)) { try await backend.file(of: ids.volume) }
    }

    func aBaseOutlivesItsVolumes() async throws {
        let image = DiskImageFile(path: imagePath, format: .raw)
        #expect(try await backend.importBase(ids.snapshot, from: image) == 3 << 20)
        #expect(try await backend.importBase(ids.snapshot, from: image) == 3 << 20)
        #expect(try await backend.bases() == [ids.snapshot])
        try await backend.create(VolumeSpec(id: ids.volume, sizeGiB: 1, snapshot: SnapshotBytes(ids.snapshot)))
        #expect(try await !backend.file(of: ids.volume).backingPaths.isEmpty)
        await #expect(throws: VolumeBackendError.baseInUse(ids.snapshot)) {
            try await backend.deleteBase(ids.snapshot)
        }
        try await backend.delete(ids.volume)
        try await backend.deleteBase(ids.snapshot)
        try await backend.deleteBase(ids.snapshot)
        #expect(try await backend.bases().isEmpty)
    }

    func aSnapshotWithoutABaseIsFed() async throws {
        let bytes = SnapshotBytes(ids.snapshot, key: EncryptionKeyID("9a5bd8a2-5a6f-4f0e-9f44-0b6b1a1c8f00"))
        try await backend.create(VolumeSpec(id: ids.volume, sizeGiB: 1, snapshot: bytes))
        let file = try await backend.file(of: ids.volume)
        #expect(file.feed?.snapshot == bytes && file.backingPaths.isEmpty)
        #expect(try await backend.feeds() == file.feed.map { [ids.volume: $0] })
        try await backend.delete(ids.volume)
        #expect(try await backend.feeds().isEmpty)
    }

    func anAbsentImageIsRefused() async throws {
        await #expect(throws: VolumeBackendError.self) {
            try await backend.importBase(ids.snapshot, from: DiskImageFile(path: imagePath + ".none", format: nil))
        }
        #expect(try await backend.bases().isEmpty)
    }
}

private struct ContractIDs {
    let volume: VolumeID
    let snapshot: SnapshotID
    init() {
        var generator = SystemRandomNumberGenerator()
        volume = VolumeID(from: &generator)
        snapshot = SnapshotID(from: &generator)
    }
}
