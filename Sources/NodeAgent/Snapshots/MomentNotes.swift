// What is remembered of each moment that is held, from before it is held until its bytes are stored: a small file each.

import CloudTypes
import FoundationEssentials
import HostSystem
import NodeContract

/// Whose bytes a snapshot is to have, and who held them still.
struct MomentNote: Codable, Sendable, Equatable {
    var snapshot: SnapshotID
    var volume: VolumeID
    /// The guest that had the volume open at that moment; nil: nobody had.
    var instance: InstanceID?
    var launch: Int?
    /// The volume is deleted, and is to go once this is stored.
    var outlivesVolume: Bool?
    /// Of the volume at that moment; nil: not known.
    var sizeGiB: Int?
    /// Whether changes since are told apart; nil: they are.
    var marksChanges: Bool?

    var guest: GuestRun? {
        guard let instance, let launch else { return nil }
        return GuestRun(instance: instance, launch: launch)
    }

    init(_ spec: SnapshotSpec, in guest: GuestRun?) {
        (snapshot, volume) = (spec.id, spec.volume)
        (instance, launch) = (guest?.instance, guest?.launch)
        (sizeGiB, marksChanges) = (spec.sizeGiB, spec.marksChanges ? nil : false)
    }
}

struct MomentNotes: Sendable {
    private let folder: String

    init(folder: String) throws(NodeError) {
        self.folder = folder
        do throws(SystemError) { try SmallFile.makeFolder(folder, mode: 0o700) } catch {
            throw .hostFailed(error.description)
        }
    }

    private func path(_ id: SnapshotID) -> String { "\(folder)/\(id).json" }

    func all() -> [MomentNote] {
        SmallFile.names(in: folder).compactMap { name in
            guard name.hasSuffix(".json"), let text = SmallFile.read("\(folder)/\(name)") else { return nil }
            return try? JSONDecoder().decode(MomentNote.self, from: Data(text.utf8))
        }
    }

    func note(of id: SnapshotID) -> MomentNote? {
        guard let text = SmallFile.read(path(id)) else { return nil }
        return try? JSONDecoder().decode(MomentNote.self, from: Data(text.utf8))
    }

    /// On the disk when this returns: a moment of a volume that nobody has open outlives the host's power.
    func write(_ note: MomentNote) throws(NodeError) {
        do {
            let text = String(decoding: try JSONEncoder().encode(note), as: UTF8.self)
            try SmallFile.replace(path(note.snapshot), with: text, isSynced: true)
        } catch {
            throw .hostFailed("a moment's note: \(error)")
        }
    }

    /// For good: with a note that came back a volume would wait for ever for a moment that is stored.
    func remove(_ id: SnapshotID) throws(NodeError) {
        do throws(SystemError) { try SmallFile.removeSynced(path(id)) } catch {
            throw .hostFailed("a moment's note: \(error)")
        }
    }
}
