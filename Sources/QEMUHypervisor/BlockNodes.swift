// A volume as QEMU's block layer sees it: a file node and a format node for it and for everything beneath it.
// Formats and layers are said, never found out: what a guest writes cannot become a header that is believed.

import Backends
import CloudTypes
import JSON
import NodeContract
import QMP

struct BlockNodes {
    let names: BlockNames
    let file: VolumeFile
    let descriptors: DescriptorPlan.Disk

    init(volume: VolumeID, file: VolumeFile, descriptors: DescriptorPlan.Disk) {
        (names, self.file, self.descriptors) = (BlockNames(volume), file, descriptors)
    }

    /// In the order in which QEMU must learn of them.
    var definitions: [JSONValue] {
        var nodes = file.sharedFolder == nil ? ownFile : [names.shared(names.data, folder: Int64(descriptors.file))]
        nodes.append(names.throttle(names.limited, group: names.group, over: names.data))
        nodes.append(names.throttle(names.top, group: BlockNames.sharedGroup, over: names.limited))
        return nodes
    }

    /// The file and what lies beneath it, opened by the process itself.
    private var ownFile: [JSONValue] {
        var nodes: [JSONValue] = []
        for (index, number) in descriptors.backing.enumerated().reversed() {
            let name = names.backing(index)
            nodes.append([
                "driver": "file", "node-name": .string(name + "-f"), "filename": .string("/dev/fdset/\(number)"),
                "read-only": true,
            ])
            var node: [String: JSONValue] = [
                "driver": "raw", "node-name": .string(name), "file": .string(name + "-f"), "read-only": true,
            ]
            if file.basePassphrase != nil {
                (node["driver"], node["backing"]) = ("qcow2", .null)
                node["encrypt"] = ["format": "luks", "key-secret": .string(names.baseSecret)]
            }
            nodes.append(.object(node))
        }
        if let feed = file.feed, let number = descriptors.feed {
            nodes.append(names.feed(feed, folder: Int64(number)))
        }
        nodes.append([
            "driver": "file", "node-name": .string(names.file),
            "filename": .string("/dev/fdset/\(descriptors.file)"), "discard": "unmap",
        ])
        var format: [String: JSONValue] = [
            "driver": .string(file.format.rawValue), "node-name": .string(names.data), "file": .string(names.file),
            "discard": "unmap",
        ]
        switch file.format {
        case .qcow2:
            let isAlone = descriptors.backing.isEmpty && descriptors.feed == nil
            format["backing"] = isAlone ? .null : .string(names.backing(0))
        case .raw: break
        }
        if file.passphrase != nil { format["encrypt"] = names.encryption }
        nodes.append(.object(format))
        return nodes
    }
}

/// What the pieces of a volume are called in QEMU: device and data by the volume's id, the others by it and a suffix.
struct BlockNames: Sendable {
    let volume: VolumeID
    init(_ volume: VolumeID) { self.volume = volume }

    /// The group that all disks of the guest share: what its type allows.
    static let sharedGroup = "limit-guest"

    var device: String { volume.description }
    /// The format node: what the guest wrote, as it wrote it.
    var data: String { volume.description }
    var file: String { "\(volume)-f" }
    /// Above the data, what the volume may do.
    var limited: String { "\(volume)-l" }
    /// The node that the device is plugged into: what the guest's type lets through.
    var top: String { "\(volume)-t" }
    /// What a guest finds where the volume was, that did not let go of it: every access is an error.
    var severed: String { "\(volume)-s" }
    var void: String { "\(volume)-v" }
    /// The throttle group of this volume alone.
    var group: String { "limit-\(volume)" }
    /// The object that holds what opens an encrypted volume.
    var secret: String { "\(volume)-k" }
    /// The one that holds what opens a sealed base beneath it.
    var baseSecret: String { "\(volume)-bk" }
    /// QEMU reads it once, from a sealed file in memory that it has as a descriptor; no monitor and no log sees it.
    func secretObject(_ secret: String, descriptor: Int64) -> JSONValue {
        ["qom-type": "secret", "id": .string(secret), "file": .string("/proc/self/fd/\(descriptor)")]
    }
    var secretUse: String { "\(volume)/k" }
    var encryption: JSONValue { ["format": "luks", "key-secret": .string(secret)] }
    func backing(_ index: Int) -> String { "\(volume)-b\(index)" }
    /// What is served by us is waited for while we are away, however long: the guest meets no error.
    func feed(_ feed: SnapshotFeed, folder: Int64) -> JSONValue {
        [
            "driver": "nbd", "node-name": .string(backing(0)), "read-only": true,
            "server": ["type": "unix", "path": .string("/proc/self/fd/\(folder)/\(SnapshotFeed.socketName)")],
            "export": .string(SnapshotFeed.export(of: feed.snapshot)), "reconnect-delay": .integer(365 * 86_400),
        ]
    }
    /// A volume that a process of its own serves to several guests: while that is away, what a guest asks waits.
    func shared(_ name: String, folder: Int64) -> JSONValue {
        [
            "driver": "nbd", "node-name": .string(name), "discard": "unmap",
            "server": ["type": "unix", "path": .string("/proc/self/fd/\(folder)/\(SharedVolumeFolder.socketName)")],
            "export": .string(export), "reconnect-delay": .integer(365 * 86_400),
        ]
    }
    /// What a shared volume is called where it is served.
    var export: String { volume.description }
    /// Stands in for `data` while a guest connects to a shared volume anew.
    var renewed: String { "\(volume)-n" }
    /// The job that reads what the volume has not of its feed.
    var fill: String { "\(volume)\(BlockNames.fillSuffix)" }
    static let fillSuffix = "-fill"

    /// Whose descriptor it is, for whoever asks the monitor.
    func use(_ index: Int) -> String { "\(volume)/\(index)" }
    var feedUse: String { "\(volume)/feed" }

    func throttle(_ name: String, group: String, over node: String) -> JSONValue {
        [
            "driver": "throttle", "node-name": .string(name), "throttle-group": .string(group),
            "file": .string(node),
        ]
    }

    /// Those of the names that are the volume's nodes, in the order in which they can be removed.
    func nodes(among names: Set<String>) -> [String] {
        var order = [top, severed, void, limited, renewed, data, file]
        for index in 0..<DiskLimits.maximumBackings { order += [backing(index), backing(index) + "-f"] }
        return order.filter(names.contains)
    }

    /// What the guest reads as the disk's serial, 20 characters at most: the id without its dash.
    static func serial(of volume: VolumeID) -> String { String(volume.description.filter { $0 != "-" }) }
}

extension DiskLimits {
    /// A clone sits on one base; more would be a chain.
    fileprivate static let maximumBackings = 4

    /// As `limits` of a throttle group; figures that are left out would stay as they were.
    var throttle: JSONValue {
        [
            "iops-total": .integer(Int64(iops ?? 0)), "bps-total": .integer(Int64(bytesPerSecond ?? 0)),
            // Refused where operations are not limited.
            "iops-size": .integer(iops == nil ? 0 : Int64(operationBytes)),
        ]
    }

    /// A throttle group of the name.
    static func group(_ name: String, _ limits: DiskLimits?) -> JSONValue {
        [
            "qom-type": "throttle-group", "id": .string(name),
            "limits": (limits ?? DiskLimits()).throttle,
        ]
    }
}
