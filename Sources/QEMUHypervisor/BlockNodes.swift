// A volume as QEMU's block layer sees it: a file node and a format node for it and for everything beneath it.
// Formats and layers are said, never found out: what a guest writes cannot become a header that is believed.

import Backends
import CloudTypes
import NodeContract
import QMP

struct BlockNodes {
    let volume: VolumeID
    let file: VolumeFile
    let descriptors: DescriptorPlan.Disk

    /// The node a device is plugged into.
    var top: String { volume.description }

    /// In the order in which QEMU must learn of them.
    var definitions: [JSONValue] {
        var nodes: [JSONValue] = []
        for (index, number) in descriptors.backing.enumerated().reversed() {
            let name = backingName(index)
            nodes.append([
                "driver": "file", "node-name": .string(name + "-f"), "filename": .string("/dev/fdset/\(number)"),
                "read-only": true,
            ])
            nodes.append([
                "driver": "raw", "node-name": .string(name), "file": .string(name + "-f"), "read-only": true,
            ])
        }
        nodes.append([
            "driver": "file", "node-name": .string(top + "-f"), "filename": .string("/dev/fdset/\(descriptors.file)"),
            "discard": "unmap",
        ])
        var format: [String: JSONValue] = [
            "driver": .string(file.format.rawValue), "node-name": .string(top), "file": .string(top + "-f"),
            "discard": "unmap",
        ]
        switch file.format {
        case .qcow2: format["backing"] = descriptors.backing.isEmpty ? .null : .string(backingName(0))
        case .raw: break
        }
        nodes.append(.object(format))
        return nodes
    }

    private func backingName(_ index: Int) -> String { "\(top)-b\(index)" }

    /// What the guest reads as the disk's serial, 20 characters at most: the id without its dash.
    static func serial(of volume: VolumeID) -> String { String(volume.description.filter { $0 != "-" }) }
}
