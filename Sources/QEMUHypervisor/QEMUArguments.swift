// The command line of a guest: pure, from what the guest should be and the descriptors it is born with.
// Follows: QEMU documentation, "Invocation"; PCIe guidelines: hot-pluggable devices sit on root ports of their own.

import Backends
import CloudTypes
import JSON
import NodeContract
import QMP

struct QEMUArguments {
    let spec: GuestSpec
    let disks: [VolumeFile]
    let plan: DescriptorPlan
    let acceleration: Acceleration
    let configuration: QEMUConfiguration
    /// Tells this guest's process from every other: `GuestDirectory.marker`.
    let marker: String
    /// PCI addresses of the host's devices that it has for itself.
    var passedThrough: [String] = []
    /// Whether its processors wait for an order to run.
    var waits = false
    /// The machine that goes on with its memory in this one; nil: none does.
    var resumed: SavedMachine?

    func arguments() -> [String] {
        var parts = base + identity + descriptorSets + channels + boot + slots + limits
        for index in spec.disks.indices { parts += disk(index) }
        for index in spec.ports.indices { parts += port(index) }
        parts += scratch + hostDevices
        if waits { parts.append("-S") }
        return parts + [
            "-device", "virtio-rng-pci", "-device", "virtio-balloon-pci,id=balloon", "-device", "pvpanic-pci",
            // A panic is told; what follows it (restart, dump) is the guest's own affair.
            "-action", "panic=none", "-sandbox", Isolation.sandbox,
        ] + display
    }

    /// What a loader or a system that is booted by one draws on. A kernel that is started directly finds no firmware that
    /// would tell it of a display: its console is the serial one.
    private var display: [String] {
        switch spec.boot {
        case .kernel: []
        case .firmware: ["-device", "VGA,id=display"]
        }
    }

    private var base: [String] {
        let count = processorCount
        let threads = count == spec.vCPUs && count % (spec.threadsPerCore ?? 1) == 0 ? spec.threadsPerCore ?? 1 : 1
        return [
            "-nodefaults", "-no-user-config", "-display", "none", "-machine", machine, "-accel", accelerator,
            "-cpu", acceleration == .kvm ? "host" : "max,la57=off", "-m", "\(spec.memoryMiB)M",
            "-smp", "cpus=\(count),maxcpus=\(count),sockets=1,cores=\(count / threads),threads=\(threads)",
        ]
    }

    private var processorCount: Int {
        switch acceleration {
        case .kvm: max(1, spec.vCPUs)
        case .tcg: max(1, min(spec.vCPUs, configuration.emulatedProcessorLimit))
        }
    }

    private var accelerator: String {
        switch acceleration {
        case .kvm: "kvm"
        case .tcg: "tcg,thread=multi,tb-size=\(configuration.translationBufferMiB)"
        }
    }

    private var machine: String {
        let common = "q35,vmport=off,dump-guest-core=off"
        return switch spec.boot {
        case .firmware(.uefi): common + ",pflash0=uefi-code,pflash1=uefi-variables"
        case .kernel, .firmware(.bios): common
        }
    }

    /// What makes a guest's software believe it is on EC2: a product uuid that begins with `ec2` and equals the serial.
    private var identity: [String] {
        let uuid = QEMUArguments.uuid(of: spec.instance)
        let type = QEMUArguments.escaped(spec.instanceType)
        return [
            "-name", "guest=\(spec.instance),debug-threads=on", "-uuid", uuid,
            "-smbios", "type=0,vendor=Amazon EC2,version=1.0",
            "-smbios", "type=1,manufacturer=Amazon EC2,product=\(type),serial=\(uuid),uuid=\(uuid)",
            "-smbios", "type=2,manufacturer=Amazon EC2,asset=\(spec.instance)",
            "-smbios", "type=3,manufacturer=Amazon EC2",
        ]
    }

    /// Deterministic; keeps all digits of the id.
    static func uuid(of instance: InstanceID) -> String {
        let digits = instance.description.dropFirst("i-".count)
        let text = Array("ec2" + digits + String(repeating: "0", count: max(0, 27 - digits.count)))
        let groups = [
            String(text[0..<8]), String(text[8..<12]), "4" + String(text[12..<15]), "8" + String(text[15..<18]),
            String(text[18..<30]),
        ]
        return groups.joined(separator: "-")
    }

    /// Files that QEMU "opens" by the number of a set instead of a path.
    private var descriptorSets: [String] {
        var parts = ["-add-fd", marker]
        var numbers = [DescriptorPlan.monitorLog]
        if let variables = plan.variables { numbers.append(variables) }
        for (disk, number) in zip(spec.scratch, plan.scratch) {
            parts += ["-add-fd", "fd=\(number),set=\(number),opaque=\(ScratchArguments.name(of: disk))"]
        }
        for number in numbers { parts += ["-add-fd", "fd=\(number),set=\(number)"] }
        for (place, (disk, descriptors)) in zip(spec.disks, plan.disks).enumerated()
        where disks[place].sharedFolder == nil {
            for (index, number) in ([descriptors.file] + descriptors.backing).enumerated() {
                let use = BlockNames(disk.volume).use(index)
                parts += ["-add-fd", "fd=\(number),set=\(number),opaque=\(use)"]
            }
        }
        return parts
    }

    private var channels: [String] {
        [
            "-chardev", channel("monitor", socket: DescriptorPlan.monitor, log: DescriptorPlan.monitorLog),
            "-mon", "chardev=monitor,mode=control",
            "-chardev", channel("console", socket: DescriptorPlan.console, log: DescriptorPlan.consoleLog), "-serial",
            "chardev:console",
        ]
    }

    private func channel(_ id: String, socket: Int32, log: Int32) -> String {
        "socket,id=\(id),fd=\(socket),server=on,wait=off,logfile=/dev/fdset/\(log),logappend=on"
    }

    private var boot: [String] {
        switch spec.boot {
        case .kernel(_, let arguments):
            var parts = ["-append", arguments]
            if let kernel = plan.kernel { parts += ["-kernel", "/proc/self/fd/\(kernel)"] }
            if let ramdisk = plan.ramdisk { parts += ["-initrd", "/proc/self/fd/\(ramdisk)"] }
            return parts
        case .firmware(.bios): return []
        case .firmware(.uefi):
            let code: JSONValue = [
                "driver": "file", "filename": .string(configuration.uefiDirectory + "/OVMF_CODE_4M.fd"),
                "node-name": "uefi-code", "read-only": true,
            ]
            let variables: JSONValue = [
                "driver": "file", "filename": .string("/dev/fdset/\(plan.variables ?? -1)"),
                "node-name": "uefi-variables",
            ]
            return ["-blockdev", code.description, "-blockdev", variables.description]
        }
    }

    /// Eight root ports share one place on the root bus.
    private var slots: [String] {
        let count =
            resumed?.slotCount
            ?? spec.disks.count + spec.ports.count + spec.scratch.count + passedThrough.count
            + configuration.spareSlots
        return (0..<count).flatMap { index in
            let place = "addr=0x\(String(0x10 + index / 8, radix: 16)).\(index % 8)"
            let shared = index % 8 == 0 ? ",multifunction=on" : ""
            return [
                "-device",
                "pcie-root-port,id=slot\(index),bus=pcie.0,\(place)\(shared),chassis=\(index + 1),slot=\(index + 1)"
                    + ",io-reserve=0",
            ]
        }
    }

    /// A memory knows its devices by where they are.
    private func place(of device: String, else number: Int) -> Int { resumed?.places[device] ?? number }

    /// One throttle group for all disks, one for each.
    private var limits: [String] {
        let groups =
            [DiskLimits.group(BlockNames.sharedGroup, spec.diskLimits)]
            + spec.disks.map { DiskLimits.group(BlockNames($0.volume).group, $0.limits) }
        return groups.flatMap { ["-object", $0.description] }
    }

    private func disk(_ index: Int) -> [String] {
        let volume = spec.disks[index].volume
        let nodes = BlockNodes(volume: volume, file: disks[index], descriptors: plan.disks[index])
        var device =
            "virtio-blk-pci,id=\(volume),bus=slot\(place(of: volume.description, else: index)),drive=\(nodes.names.top)"
            + ",serial=\(BlockNames.serial(of: volume))"
        switch spec.boot {
        case .firmware where index == 0: device += ",bootindex=0"
        case .firmware, .kernel: break
        }
        let (plan, names) = (plan.disks[index], nodes.names)
        let secrets = [(names.secret, plan.passphrase), (names.baseSecret, plan.basePassphrase)].flatMap {
            (secret, descriptor) -> [String] in
            descriptor.map { ["-object", names.secretObject(secret, descriptor: Int64($0)).description] } ?? []
        }
        return secrets + nodes.definitions.flatMap { ["-blockdev", $0.description] } + ["-device", device]
    }

    private func port(_ index: Int) -> [String] {
        let port = spec.ports[index]
        let slot = place(of: port.interface.description, else: spec.disks.count + index)
        return [
            "-netdev", "tap,id=net-\(port.interface),fd=\(plan.ports[index]),vhost=off",
            // Without an option ROM: nothing boots from the network.
            "-device",
            "virtio-net-pci,id=\(port.interface),bus=slot\(slot),netdev=net-\(port.interface)"
                + ",mac=\(port.macAddress),romfile=",
        ]
    }

    private var hostDevices: [String] {
        let first = spec.disks.count + spec.ports.count + spec.scratch.count
        return passedThrough.enumerated().flatMap { place, address in
            ["-device", "vfio-pci,host=\(address),bus=slot\(first + place)"]
        }
    }

    private var scratch: [String] {
        guard let key = plan.scratchKey else { return [] }
        var parts = ScratchArguments.key(key)
        for (index, disk) in spec.scratch.enumerated() {
            let slot = spec.disks.count + spec.ports.count + index
            parts +=
                ScratchArguments(disk: disk, spec: spec, descriptor: plan.scratch[index], slot: slot).arguments
        }
        return parts
    }

    /// A value inside a list of options: commas are doubled.
    static func escaped(_ text: String) -> String {
        text.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }
}
