// The instance store: the scratch disks that an instance type brings, those that a launch maps, and their sizes here.
// Source: EC2 User Guide, "Instance store temporary block storage for EC2 instances", "Block device mappings".

internal import CloudTypes
internal import InstanceTypeCatalogue
internal import NodeContract

extension InstanceTypeFacts.InstanceStore {
    /// Bytes of each disk, in the order of `ephemeral0`, `ephemeral1`…
    fileprivate var diskBytes: [Int] {
        disks.flatMap { Array(repeating: $0.sizeGB * 1_000_000_000, count: $0.count) }
    }
    var diskCount: Int { disks.map(\.count).reduce(0, +) }
}

extension GuestSpec {
    /// NVMe disks appear whether they were mapped or not; others where the launch or its image mapped them.
    static func scratch(of instance: InstanceRecord, percent: Int) -> [Scratch] {
        guard let store = InstanceTypeCatalogue.facts(of: instance.instanceType)?.instanceStore else { return [] }
        let mapped = Set((instance.instanceStoreDevices ?? [:]).values)
        return store.diskBytes.enumerated().compactMap { index, bytes in
            guard store.isNVMe || mapped.contains(index) else { return nil }
            return Scratch(index: index, bytes: scaled(bytes, percent), isNVMe: store.isNVMe)
        }
    }

    /// Whole MiB, at least one.
    private static func scaled(_ bytes: Int, _ percent: Int) -> Int {
        max(1, (bytes / 100 * percent) >> 20) << 20
    }
}

extension LaunchDisks {
    /// The devices that stand for instance store volumes. What the image maps and the type has not is passed over: images
    /// are made for many types. What the launch itself maps must be there.
    ///
    /// - Throws: `InvalidBlockDeviceMapping`.
    static func instanceStore(
        _ wishes: [LaunchOrder.BlockDevice], image: ImageRecord, _ facts: InstanceTypeFacts
    ) throws(EC2Error) -> [String: Int] {
        let count = facts.instanceStore?.diskCount ?? 0
        var devices: [String: Int] = [:]
        for mapping in image.blockDevices {
            guard let number = mapping.virtualName.flatMap(VirtualDevice.number), number < count else { continue }
            devices[mapping.deviceName] = number
        }
        for wish in wishes {
            devices[wish.deviceName] = nil
            guard let number = wish.instanceStore else { continue }
            guard number < count else {
                let what = count == 0 ? "no instance store volumes" : "\(count) instance store volumes"
                throw EC2Error(
                    "InvalidBlockDeviceMapping",
                    "The virtual name 'ephemeral\(number)' is invalid: instance type \(facts.name) has \(what).")
            }
            devices = devices.filter { $0.value != number }
            devices[wish.deviceName] = number
        }
        return devices
    }
}

/// The names of instance store volumes in mappings: `ephemeral0` to `ephemeral23`.
package enum VirtualDevice {
    package static func number(_ name: String) -> Int? {
        guard name.hasPrefix("ephemeral"), let number = Int(name.dropFirst("ephemeral".count)),
            (0...23).contains(number), name == "ephemeral\(number)"
        else { return nil }
        return number
    }
}
