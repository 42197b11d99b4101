// The host's GPUs that guests may have for themselves: those bound to vfio-pci, alone in their IOMMU group but for
// functions of their own. Read from the kernel's sysfs, whose root may be another.
// Follows: the kernel's Documentation/driver-api/vfio.rst.

import Glibc
import HostSystem

/// A GPU, and what of the host goes with it to its guest.
package struct HostGPU: Sendable, Hashable, Codable {
    /// As the catalogue of instance types spells it: `t4`.
    package let model: String
    /// Its PCI address: `0000:65:00.0`.
    package let address: String
    let group: Int
    /// All functions of its group: a group is passed through as a whole.
    let functions: [String]

    /// In the order of their addresses; those of models that no instance type has are left out.
    package static func scan(root: String = "/sys") -> [HostGPU] {
        let bus = root + "/bus/pci/devices"
        return SmallFile.names(in: bus).sorted().compactMap { address in
            guard let device = Device(address, in: bus), device.isDisplay, let group = device.group,
                let model = models[device.identity]
            else { return nil }
            let names = SmallFile.names(in: "\(root)/kernel/iommu_groups/\(group)/devices").sorted()
            let members = names.compactMap { Device($0, in: bus) }.filter { !$0.isBridge }
            guard members.count(where: \.isDisplay) == 1, members.allSatisfy({ $0.driver == "vfio-pci" }) else {
                return nil
            }
            return HostGPU(model: model, address: address, group: group, functions: members.map(\.address))
        }
    }

    /// Vendor and device, as PCI numbers them. Source: the PCI ID repository.
    private static let models = [
        "10de:1eb8": "t4", "10de:1eb4": "t4g", "10de:2237": "a10g", "10de:27b8": "l4", "10de:26b9": "l40s",
        "10de:1db1": "v100", "10de:1db4": "v100", "10de:1db5": "v100", "10de:1db6": "v100", "10de:20b0": "a100",
        "10de:20b2": "a100", "10de:20b5": "a100", "10de:20f1": "a100", "10de:2330": "h100", "10de:2331": "h100",
        "10de:2335": "h200", "1002:7362": "radeon-pro-v520",
    ]

    private struct Device {
        let address: String
        let identity: String
        let driver: String?
        let group: Int?
        private let kind: Substring

        init?(_ address: String, in bus: String) {
            let folder = "\(bus)/\(address)"
            func number(_ name: String) -> Substring? {
                guard let text = SmallFile.read("\(folder)/\(name)"), text.hasPrefix("0x") else { return nil }
                return text.dropFirst(2).prefix { !$0.isWhitespace }
            }
            guard let vendor = number("vendor"), let device = number("device"), let kind = number("class") else {
                return nil
            }
            func target(_ name: String) -> String? {
                SmallFile.target(of: "\(folder)/\(name)")?.split(separator: "/").last.map(String.init)
            }
            (self.address, identity, self.kind) = (address, "\(vendor):\(device)", kind)
            (driver, group) = (target("driver"), target("iommu_group").flatMap { Int($0) })
        }

        var isDisplay: Bool { kind.hasPrefix("03") }
        var isBridge: Bool { kind.hasPrefix("06") }
    }
}

extension HostGPU {
    /// Where the kernel offers its group to programs.
    private var file: String { "/dev/vfio/\(group)" }

    /// Lets the guest's user open it, and nobody else.
    func hand(to userID: UInt32) throws(SystemError) {
        guard chown(file, userID, userID) == 0 else { throw SystemError("chown \(file)") }
    }

    func takeBack() { _ = chown(file, 0, 0) }
}

/// Who has which of the host's GPUs.
struct GPUAssignments<Guest: Hashable & Sendable>: Sendable {
    private(set) var byGuest: [Guest: [HostGPU]] = [:]

    mutating func adopt(_ gpus: [HostGPU], of guest: Guest) { byGuest[guest] = gpus.isEmpty ? nil : gpus }

    /// Those the guest gets; what it had goes back first. nil, with nothing taken, where there are not as many.
    mutating func take(_ wanted: [String: Int], of present: [HostGPU], for guest: Guest) -> [HostGPU]? {
        byGuest[guest] = nil
        let taken = Set(byGuest.values.joined())
        var given: [HostGPU] = []
        for (model, count) in wanted.sorted(by: { $0.key < $1.key }) {
            let free = present.filter { $0.model == model && !taken.contains($0) }
            guard free.count >= count else { return nil }
            given += free.prefix(count)
        }
        adopt(given, of: guest)
        return given
    }

    @discardableResult
    mutating func giveBack(of guest: Guest) -> [HostGPU] { byGuest.removeValue(forKey: guest) ?? [] }
}
