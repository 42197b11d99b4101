import Backends
import CloudTypes
import NodeContract
import Testing

@testable import QEMUHypervisor

@Suite("A guest's command line")
struct QEMUArgumentsTests {
    @Test("gives each disk its volume id as serial, and a root port of its own")
    func disks() throws {
        let devices = try values(of: "-device", in: Sample.arguments())
        let disks = devices.filter { $0.hasPrefix("virtio-blk-pci") }
        #expect(disks.count == 2)
        #expect(disks[0].contains("serial=vol0123456789abcdef0") && disks[0].contains("bus=slot0"))
        #expect(disks[1].contains("bus=slot1"))
    }

    @Test("opens no file by its name: each is handed over open")
    func descriptors() throws {
        let arguments = try Sample.arguments()
        #expect(!arguments.contains { $0.contains("/var/lib/") })
        #expect(arguments.contains("/proc/self/fd/7"))
    }

    @Test("makes cloud-init see EC2: a uuid that begins with ec2 and equals the serial")
    func identity() throws {
        let arguments = try Sample.arguments()
        let uuid = try #require(try values(of: "-uuid", in: arguments).first)
        #expect(uuid.hasPrefix("ec2") && uuid.utf8.count == 36)
        #expect(try values(of: "-smbios", in: arguments).contains { $0.contains("serial=\(uuid),uuid=\(uuid)") })
    }

    @Test("differs between instances in the uuid alone by their ids")
    func uuids() throws {
        let (one, other) = (
            try #require(InstanceID("i-0123456789abcdef0")), try #require(InstanceID("i-0123456789abcdef1"))
        )
        #expect(QEMUArguments.uuid(of: one) != QEMUArguments.uuid(of: other))
        #expect(QEMUArguments.uuid(of: one) == QEMUArguments.uuid(of: one))
    }

    @Test("emulates with one processor and a bounded buffer, and gives KVM guests all of theirs")
    func processors() throws {
        let emulated = try Sample.arguments()
        #expect(try values(of: "-smp", in: emulated).first?.hasPrefix("cpus=1,") == true)
        #expect(try values(of: "-accel", in: emulated) == ["tcg,thread=multi,tb-size=64"])
        let accelerated = try Sample.arguments(.kvm)
        #expect(try values(of: "-smp", in: accelerated).first?.hasPrefix("cpus=2,") == true)
        #expect(try values(of: "-cpu", in: accelerated) == ["host"])
    }

    @Test(
        "gives KVM guests the cores and threads of their type or options",
        arguments: [(1, 2), (2, 1), (nil, 2), (3, 2)])
    func topology(threads: Int?, cores: Int) throws {
        let topology = try values(of: "-smp", in: Sample.arguments(.kvm, threadsPerCore: threads)).first
        let expected = threads == 3 ? 1 : threads ?? 1
        #expect(topology == "cpus=2,maxcpus=2,sockets=1,cores=\(cores),threads=\(expected)")
        let emulated = try values(of: "-smp", in: Sample.arguments(threadsPerCore: threads)).first
        #expect(emulated == "cpus=1,maxcpus=1,sockets=1,cores=1,threads=1")
    }

    @Test("gives each device of the host that it has for itself a root port of its own")
    func passedThrough() throws {
        let arguments = try Sample.arguments(passedThrough: ["0000:01:00.0", "0000:01:00.1"])
        let devices = try values(of: "-device", in: arguments)
        let given = devices.filter { $0.hasPrefix("vfio-pci") }
        #expect(given == ["vfio-pci,host=0000:01:00.0,bus=slot3", "vfio-pci,host=0000:01:00.1,bus=slot4"])
        #expect(devices.count { $0.hasPrefix("pcie-root-port") } == 3 + 2 + 8)
    }

    @Test("boots an imported disk by its own loader, the first disk first")
    func firmware() throws {
        let arguments = try Sample.arguments(boot: .firmware(.bios))
        #expect(!arguments.contains("-kernel"))
        let disks = try values(of: "-device", in: arguments).filter { $0.hasPrefix("virtio-blk-pci") }
        #expect(disks[0].hasSuffix("bootindex=0") && !disks[1].contains("bootindex"))
    }

    @Test("shuts QEMU into its sandbox")
    func sandbox() throws {
        let sandbox = try #require(try values(of: "-sandbox", in: Sample.arguments()).first)
        for word in ["on", "elevateprivileges=deny", "spawn=deny", "resourcecontrol=deny"] {
            #expect(sandbox.split(separator: ",").contains { $0 == word }, "\(word)")
        }
    }

    @Test("doubles commas in what a caller may have chosen")
    func escaping() { #expect(QEMUArguments.escaped("t3,micro") == "t3,,micro") }

    @Test("an instance store is encrypted by a key that the command line names by its descriptor alone")
    func instanceStore() throws {
        let arguments = try Sample.arguments(scratch: [GuestSpec.Scratch(index: 0, bytes: 1 << 30, isNVMe: true)])
        #expect(
            try values(of: "-object", in: arguments).contains {
                $0.hasPrefix("secret,id=instance-store-key,file=/proc/self/fd/")
            })
        #expect(
            try values(of: "-blockdev", in: arguments).contains {
                $0.contains("\"luks\"") && $0.contains("ephemeral0-d")
            })
        let devices = try values(of: "-device", in: arguments)
        #expect(devices.contains("nvme,serial=AWS123456789ABCDEF00,id=ephemeral0,bus=slot3,drive=ephemeral0-d"))
        #expect(devices.contains { $0.hasPrefix("pcie-root-port,id=slot3,") })
    }

    private func values(of option: String, in arguments: [String]) throws -> [String] {
        arguments.indices.dropLast().filter { arguments[$0] == option }.map { arguments[$0 + 1] }
    }
}

private enum Sample {
    static func arguments(
        _ acceleration: Acceleration = .tcg, boot: GuestSpec.Boot? = nil, scratch: [GuestSpec.Scratch] = [],
        threadsPerCore: Int? = nil, passedThrough: [String] = []
    ) throws -> [String] {
        let image = try #require(ImageID("ami-0000000a"))
        let boot = boot ?? .kernel(image: image, arguments: "console=ttyS0")
        var spec = GuestSpec(
            instance: try #require(InstanceID("i-0123456789abcdef0")), launch: 1, instanceType: "t3.micro",
            architecture: .x86_64, vCPUs: 2, memoryMiB: 1024, boot: boot,
            disks: [
                GuestSpec.Disk(volume: try #require(VolumeID("vol-0123456789abcdef0")), deviceName: "/dev/xvda"),
                GuestSpec.Disk(volume: try #require(VolumeID("vol-0123456789abcdef1")), deviceName: "/dev/sdf"),
            ],
            ports: [
                GuestSpec.Port(
                    interface: try #require(NetworkInterfaceID("eni-0000000a")),
                    vpc: try #require(VPCID("vpc-0000000a")),
                    macAddress: try #require(MACAddress("02:00:00:00:00:0a")))
            ])
        (spec.scratch, spec.threadsPerCore) = (scratch, threadsPerCore)
        let disks = ["a", "b"].map {
            VolumeFile(
                path: "/var/lib/apus/volumes/\($0).qcow2", format: .qcow2, backingPaths: ["/var/lib/apus/bases/c"])
        }
        var kernel: KernelFiles?
        if case .kernel = boot {
            kernel = KernelFiles(kernelPath: "/var/lib/apus/kernel", ramdiskPath: "/var/lib/apus/rd")
        }
        let plan = DescriptorPlan(disks: disks, kernel: kernel, boot: boot, portCount: 1, scratchCount: scratch.count)
        return QEMUArguments(
            spec: spec, disks: disks, plan: plan, acceleration: acceleration,
            configuration: QEMUConfiguration(stateDirectory: "/var/lib/apus"), marker: "fd=3,set=3,opaque=x",
            passedThrough: passedThrough
        ).arguments()
    }
}
