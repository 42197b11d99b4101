// The disks of a guest that runs, as its monitor tells them and changes them. What is there is always asked for first:
// whatever a crash of ours left half done, the next call finishes or takes back.

import Backends
import CloudTypes
import Glibc
import HostSystem
import JSON
import NodeContract
import QMP

struct GuestDisks: Sendable {
    let monitor: GuestMonitor

    /// What the monitor knows of disks.
    struct View: Sendable {
        /// Everything plugged in, root ports too.
        var devices: Set<String> = []
        /// Virtual sizes in bytes, by node.
        var nodes: [String: Int64] = [:]
        /// The nodes that have something beneath them.
        var overlays: Set<String> = []
        /// Throttle groups, and what opens encrypted volumes.
        var groups: Set<String> = []
        /// By what they are for.
        var descriptors: [String: [AddedDescriptor]] = [:]
        /// What is kept of changes, by node.
        var bitmaps: [String: [ChangeBitmap]] = [:]

        func isPlugged(_ names: BlockNames) -> Bool { devices.contains(names.device) }
        /// Whether the guest still holds the place of a volume that was taken from it.
        func isSevered(_ names: BlockNames) -> Bool { nodes[names.severed] != nil }
    }

    enum Failure: Error {
        case monitor(QMPError)
        case host(SystemError)
        /// The text says what is in the way.
        case impossible(String)

        init(_ error: any Error) {
            switch error {
            case let failure as Failure: self = failure
            case let failure as QMPError: self = .monitor(failure)
            case let failure as SystemError: self = .host(failure)
            default: self = .impossible("\(error)")
            }
        }
    }

    private static let devicePath = "/machine/peripheral"

    func look() async throws(QMPError) -> View {
        var view = View()
        for device in try await list(GuestDisks.devicePath) { view.devices.insert(device) }
        for object in try await list("/objects") { view.groups.insert(object) }
        for node in try await monitor.execute("query-named-block-nodes", ["flat": true]).elements ?? [] {
            guard let name = node["node-name"]?.text else { continue }
            view.nodes[name] = node["image"]?["virtual-size"]?.integer ?? 0
            if node["backing_file"]?.text != nil { view.overlays.insert(name) }
            view.bitmaps[name] = (node["dirty-bitmaps"]?.elements ?? []).compactMap(ChangeBitmap.init)
        }
        for set in try await monitor.execute("query-fdsets").elements ?? [] {
            guard let number = set["fdset-id"]?.integer else { continue }
            for descriptor in set["fds"]?.elements ?? [] {
                let added = AddedDescriptor(set: number, number: descriptor["fd"]?.integer ?? -1)
                view.descriptors[descriptor["opaque"]?.text ?? "", default: []].append(added)
            }
        }
        return view
    }

    /// The names of an object's children.
    private func list(_ path: String) async throws(QMPError) -> [String] {
        let answer = try await monitor.execute("qom-list", ["path": .string(path)])
        return (answer.elements ?? []).compactMap { entry in
            entry["type"]?.text?.hasPrefix("child<") == true ? entry["name"]?.text : nil
        }
    }

    // MARK: in

    /// Plugs in a disk of which nothing is there. The guest cannot write before its moments are held.
    func plug(_ disk: GuestSpec.Disk, _ file: VolumeFile, holding moments: [GuestMoment]) async throws(Failure) {
        let names = BlockNames(disk.volume)
        do {
            let view = try await look()
            let slot = try await freeSlot(view)
            try await define(disk, file, view)
            for moment in moments { try await hold([moment]) }
            try await monitor.execute(
                "device_add",
                [
                    "driver": "virtio-blk-pci", "id": .string(names.device), "bus": .string(slot),
                    "drive": .string(names.top), "serial": .string(BlockNames.serial(of: disk.volume)),
                ])
        } catch {
            throw Failure(error)
        }
    }

    /// Everything beneath the device: descriptors, groups, nodes.
    func define(_ disk: GuestSpec.Disk, _ file: VolumeFile, _ view: View) async throws {
        let names = BlockNames(disk.volume)
        if !view.groups.contains(BlockNames.sharedGroup) {
            try await monitor.execute("object-add", DiskLimits.group(BlockNames.sharedGroup, nil))
        }
        try await monitor.execute("object-add", DiskLimits.group(names.group, disk.limits))
        let descriptors: DescriptorPlan.Disk
        if let folder = file.sharedFolder {
            descriptors = DescriptorPlan.Disk(file: try await hand(folder, as: names), backing: [])
        } else {
            descriptors = try await open(file, as: names)
        }
        let nodes = BlockNodes(volume: disk.volume, file: file, descriptors: descriptors)
        for node in nodes.definitions { try await monitor.execute("blockdev-add", node) }
    }

    private func open(_ file: VolumeFile, as names: BlockNames) async throws -> DescriptorPlan.Disk {
        var sets: [Int32] = []
        for (index, path) in ([file.path] + file.backingPaths).enumerated() {
            let flags = index == 0 ? O_RDWR : O_RDONLY
            let open = try OwnedDescriptor(Glibc.open(path, flags | O_CLOEXEC), "open \(path)")
            sets.append(Int32(truncatingIfNeeded: try await monitor.add(open.number, for: names.use(index)).set))
            withExtendedLifetime(open) {}
        }
        var feed: Int32?
        if let folder = file.feed?.folder, let set = sets.first {
            // In the set of the volume's own file, which is in use: alone it would go with the monitor's connection.
            feed = try await hand(folder: folder, for: names.feedUse, to: Int64(set))
        }
        if let passphrase = file.passphrase { try await hand(passphrase, names.secret, of: names) }
        if let passphrase = file.basePassphrase { try await hand(passphrase, names.baseSecret, of: names) }
        return DescriptorPlan.Disk(file: sets[0], backing: Array(sets.dropFirst()), feed: feed)
    }

    /// In the set of the monitor's log, which is in use as long as the guest runs.
    func hand(_ shared: SharedVolumeFolder, as names: BlockNames) async throws -> Int32 {
        try await hand(folder: shared.path, for: names.use(0), to: Int64(DescriptorPlan.monitorLog))
    }

    private func hand(folder: String, for use: String, to set: Int64) async throws -> Int32 {
        let open = try OwnedDescriptor(Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open \(folder)")
        let added = try await monitor.add(open.number, for: use, to: set)
        withExtendedLifetime(open) {}
        return Int32(truncatingIfNeeded: added.number)
    }

    /// What opens the volume goes in as a descriptor, which nobody needs once it was read.
    private func hand(_ passphrase: VolumePassphrase, _ secret: String, of names: BlockNames) async throws {
        let file = try passphrase.sealedFile()
        let added = try await monitor.add(file.number, for: names.secretUse)
        try await monitor.execute("object-add", names.secretObject(secret, descriptor: added.number))
        try await monitor.execute("remove-fd", ["fdset-id": .integer(added.set)])
        withExtendedLifetime(file) {}
    }

    /// How many root ports there are, and the number of the one behind which each device is.
    func places() async throws(QMPError) -> (count: Int, places: [String: Int]) {
        let view = try await look()
        let slots = view.devices.filter { $0.hasPrefix("slot") }
        var places: [String: Int] = [:]
        for (device, slot) in try await taken(view) { places[device] = Int(slot.dropFirst("slot".count)) }
        return (slots.count, places)
    }

    /// The root port of each device that is behind one.
    private func taken(_ view: View) async throws(QMPError) -> [String: String] {
        var taken: [String: String] = [:]
        for device in view.devices where !device.hasPrefix("slot") {
            let bus = try await monitor.execute(
                "qom-get", ["path": .string("\(GuestDisks.devicePath)/\(device)"), "property": "parent_bus"])
            for part in (bus.text ?? "").split(separator: "/") where part.hasPrefix("slot") {
                taken[device] = String(part)
            }
        }
        return taken
    }

    /// A root port with nothing behind it.
    private func freeSlot(_ view: View) async throws -> String {
        let slots = Set(view.devices.filter { $0.hasPrefix("slot") })
        let free = slots.subtracting(try await taken(view).values).sorted { ($0.count, $0) < ($1.count, $1) }
        guard let slot = free.first else { throw Failure.impossible("the guest has no free slot left") }
        return slot
    }

    // MARK: out

    /// Presses the button of the disk's slot. Asking again while the guest makes up its mind is refused, which is fine.
    func askToLetGo(of names: BlockNames) async throws(QMPError) {
        do throws(QMPError) {
            try await monitor.execute("device_del", ["id": .string(names.device)])
        } catch {
            guard case .refused = error else { throw error }
        }
    }

    /// Takes the volume from under a device that the guest does not let go of: from now on every access is an error.
    func sever(_ names: BlockNames, _ view: View) async throws(QMPError) {
        if !view.isSevered(names) {
            if view.nodes[names.void] == nil {
                let size = view.nodes[names.top] ?? 0
                try await monitor.execute(
                    "blockdev-add",
                    ["driver": "null-co", "node-name": .string(names.void), "size": .integer(size)])
            }
            let fault: JSONValue = ["event": "none", "errno": .integer(Int64(EIO))]
            try await monitor.execute(
                "blockdev-add",
                [
                    "driver": "blkdebug", "node-name": .string(names.severed), "image": .string(names.void),
                    "inject-error": .array([fault]),
                ])
        }
        let top = names.throttle(names.top, group: BlockNames.sharedGroup, over: names.severed)
        // A shared volume's requests are answered first, once the guest has connected again to what serves it.
        try await monitor.execute("blockdev-reopen", ["options": .array([top])], within: .seconds(30))
        try await clear(names, try await look(), keeping: [names.top, names.severed, names.void])
    }

    /// Removes what is left of a volume; returns once its files are closed.
    func clear(_ names: BlockNames, _ view: View, keeping kept: Set<String> = []) async throws(QMPError) {
        for node in names.nodes(among: Set(view.nodes.keys)) where !kept.contains(node) {
            try await monitor.execute("blockdev-del", ["node-name": .string(node)])
        }
        for object in [names.group, names.secret, names.baseSecret] where view.groups.contains(object) {
            try await monitor.execute("object-del", ["id": .string(object)])
        }
        let mine = view.descriptors.filter { $0.key.hasPrefix(names.volume.description + "/") }
        for descriptor in mine.values.joined() { try await monitor.remove(descriptor) }
    }

    // MARK: changes

    func grow(_ names: BlockNames, toBytes size: Int64, _ view: View) async throws(QMPError) {
        guard let current = view.nodes[names.data], current < size else { return }
        // A file of which a record of changes says nothing any more cannot grow.
        for bitmap in view.bitmaps[names.data] ?? [] where bitmap.isVoid {
            try await monitor.execute(
                "block-dirty-bitmap-remove",
                ["node": .string(names.data), "name": .string(bitmap.snapshot.description)])
        }
        try await monitor.execute(
            "block_resize", ["node-name": .string(names.top), "size": .integer(size)], within: .seconds(60))
    }

    /// By the volumes' devices, whatever their nodes are called.
    func counters() async throws(QMPError) -> [VolumeID: DiskCounters] {
        var counters: [VolumeID: DiskCounters] = [:]
        for device in try await monitor.execute("query-blockstats").elements ?? [] {
            let path = (device["qdev"]?.text ?? "").split(separator: "/")
            guard let volume = path.lazy.compactMap({ VolumeID(String($0)) }).first, let stats = device["stats"] else {
                continue
            }
            var found = DiskCounters()
            found.readOperations = stats["rd_operations"]?.integer ?? 0
            found.writeOperations = stats["wr_operations"]?.integer ?? 0
            found.readBytes = stats["rd_bytes"]?.integer ?? 0
            found.writtenBytes = stats["wr_bytes"]?.integer ?? 0
            counters[volume] = found
        }
        return counters
    }

    func limit(_ names: BlockNames, to limits: DiskLimits?) async throws(QMPError) {
        try await limit(group: names.group, to: limits)
    }

    func limit(group: String, to limits: DiskLimits?) async throws(QMPError) {
        try await monitor.execute(
            "qom-set",
            [
                "path": .string("/objects/\(group)"), "property": "limits",
                "value": (limits ?? DiskLimits()).throttle,
            ])
    }
}
