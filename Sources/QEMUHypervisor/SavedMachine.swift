// What is kept of a machine whose memory is saved: which launch it was, and how it was built, for a memory goes on in a
// machine like its own alone. Where each file lies tells how far it has come, so that no memory goes on twice.

import CloudTypes
import DiskFormats
import FoundationEssentials
import Glibc
import HostSystem
import NodeContract

struct SavedMachine: Codable, Sendable, Equatable {
    var version = 1
    var launch: Int
    var acceleration: Acceleration
    var vCPUs: Int
    var memoryMiB: Int
    var boot: GuestSpec.Boot
    var slotCount: Int
    /// The slot of each device that is plugged into one.
    var places: [String: Int]

    init(_ spec: GuestSpec, acceleration: Acceleration, slotCount: Int, places: [String: Int]) {
        (launch, vCPUs, memoryMiB, boot) = (spec.launch, spec.vCPUs, spec.memoryMiB, spec.boot)
        (self.acceleration, self.slotCount, self.places) = (acceleration, slotCount, places)
    }

    /// Whether the guest goes on with this memory, and can.
    func fits(_ spec: GuestSpec, acceleration: Acceleration) -> Bool {
        let devices = spec.disks.map(\.volume.description) + spec.ports.map(\.interface.description)
        return spec.resumes == launch && acceleration == self.acceleration && spec.vCPUs == vCPUs
            && spec.memoryMiB == memoryMiB && spec.boot == boot && spec.scratch.isEmpty && spec.gpus == nil
            && Set(devices) == Set(places.keys)
    }
}

//  draft ─whole and synced─▶ saved ─loaded, before the processors run─▶ used ─they run─▶ gone
//                              ▲──────── they never ran ────────────────┘
struct MemoryFiles: Sendable {
    private let folder: String
    init(_ directory: GuestDirectory) { folder = directory.path }

    var draft: String { folder + "/memory.new" }
    var saved: String { folder + "/memory" }
    private var used: String { folder + "/memory.used" }
    private var description: String { folder + "/memory.json" }

    /// nil where no memory is there to be gone on with.
    var machine: SavedMachine? {
        guard access(saved, F_OK) == 0, let text = SmallFile.read(description) else { return nil }
        return try? JSONDecoder().decode(SavedMachine.self, from: Data(text.utf8))
    }

    /// An empty file that a passphrase opens, with room for as much memory.
    func makeDraft(opening header: LUKSHeader, memoryMiB: Int) throws(SystemError) {
        unlink(draft)
        let file = try OwnedDescriptor(open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600), "open \(draft)")
        let bytes = header.bytes
        guard pwrite(file.number, bytes, bytes.count, 0) == bytes.count else { throw SystemError("pwrite \(draft)") }
        // What is not written takes no room.
        let room = (memoryMiB + memoryMiB / 4 + 64) << 20
        guard ftruncate(file.number, off_t(bytes.count + room)) == 0 else { throw SystemError("ftruncate \(draft)") }
    }

    /// The draft is whole: it is the memory of the machine from now on, whatever befalls us or the host.
    func keep(_ machine: SavedMachine) throws {
        try sync(draft, O_RDWR)
        try SmallFile.replace(
            description, with: String(decoding: try JSONEncoder().encode(machine), as: UTF8.self), mode: 0o600)
        try sync(description, O_RDWR)
        guard rename(draft, saved) == 0 else { throw SystemError("rename \(draft)") }
        try sync(folder, O_RDONLY | O_DIRECTORY)
    }

    /// Before the processors run: a crash from now on finds no memory.
    func use() throws(SystemError) {
        guard rename(saved, used) == 0 else { throw SystemError("rename \(saved)") }
        try sync(folder, O_RDONLY | O_DIRECTORY)
    }

    /// The processors never ran.
    func giveBack() { rename(used, saved) }

    func dropUsed() { unlink(used) }

    /// What is not erased for good must not be thought so.
    func drop() throws(SystemError) {
        guard access(folder, F_OK) == 0 else { return }
        for path in [draft, saved, used, description] where unlink(path) != 0 && errno != ENOENT {
            throw SystemError("unlink \(path)")
        }
        try sync(folder, O_RDONLY | O_DIRECTORY)
    }

    private func sync(_ path: String, _ flags: Int32) throws(SystemError) {
        let file = try OwnedDescriptor(open(path, flags | O_CLOEXEC), "open \(path)")
        guard fsync(file.number) == 0 else { throw SystemError("fsync \(path)") }
    }
}
