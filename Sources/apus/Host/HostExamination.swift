// What this host can and cannot do for Apus, one finding a line, each with what to do about it.

import FoundationEssentials
import HostSystem
import KernelNetwork
import Logging
import NodeAgent
import QEMUHypervisor

#if canImport(Glibc)
    import Glibc
#endif

/// One line of `apus doctor`.
struct Finding: Codable, Sendable {
    enum Verdict: String, Codable, Sendable {
        case ok
        /// Works, less well.
        case limited
        /// Guests cannot run until this is mended.
        case missing
    }
    var subject: String
    var verdict: Verdict
    var detail: String
    var advice: String?
}

struct HostExamination {
    let directory: StateDirectory
    let port: Int

    func findings() async -> [Finding] {
        var findings = [privilege]
        findings += packages
        findings.append(await acceleration())
        findings += await datapath()
        findings.append(await networkBounds())
        findings += [tap, processorBounds, gpus, diskSpace, memory, portUse]
        return findings
    }

    private var privilege: Finding {
        geteuid() == 0
            ? Finding(subject: "privilege", verdict: .ok, detail: "runs as root")
            : Finding(
                subject: "privilege", verdict: .missing, detail: "not root: no guests, disks or networks",
                advice: "run as root, or use: apus up --simulate")
    }

    private var packages: [Finding] {
        HostRequirements.all.map { tool, package in
            guard let path = HostCommand.path(of: tool) else {
                return Finding(
                    subject: tool, verdict: .missing, detail: "not installed",
                    advice: "apt-get install --no-install-recommends \(package)")
            }
            return Finding(subject: tool, verdict: .ok, detail: path)
        }
    }

    private func acceleration() async -> Finding {
        let subject = "acceleration"
        guard geteuid() == 0, let kernels = try? KernelStore(directory: directory.kernels) else {
            return Finding(subject: subject, verdict: .limited, detail: "not examined: needs root")
        }
        var configuration = QEMUConfiguration(stateDirectory: directory.path)
        configuration.canaryKernel = { kernels.anyKernel }
        let log = Logger(label: "apus", factory: { _ in SwiftLogNoOpLogHandler() })
        guard let hypervisor = try? QEMUHypervisor(configuration: configuration, logger: log),
            let found = try? await hypervisor.acceleration()
        else {
            return Finding(
                subject: subject, verdict: .missing, detail: "QEMU does not run",
                advice: "apt-get install --no-install-recommends qemu-system-x86")
        }
        let proof =
            kernels.anyKernel == nil ? "not proven yet: no kernel here to boot a canary" : "a canary guest booted"
        if found == "kvm" { return Finding(subject: subject, verdict: .ok, detail: "kvm (\(proof))") }
        return Finding(
            subject: subject, verdict: .limited, detail: "tcg, emulation (\(proof)): slow, and no security boundary",
            advice: "use a host whose /dev/kvm runs guests; the BIOS may have virtualisation off")
    }

    /// Tried in a namespace of its own, which vanishes with the command.
    private func datapath() async -> [Finding] {
        guard geteuid() == 0 else {
            return [Finding(subject: "datapath", verdict: .limited, detail: "not examined: needs root")]
        }
        let trials: [(String, [String], String)] = [
            ("network namespaces", ["unshare", "--net", "true"], "the kernel needs CONFIG_NET_NS"),
            (
                "nftables",
                [
                    "unshare", "--net", "nft",
                    "add table inet t; add chain inet t c { type filter hook forward priority 0; }",
                ],
                "the kernel needs nf_tables with the inet family"
            ),
            (
                "connection tracking",
                [
                    "unshare", "--net", "nft",
                    "add table ip t; add chain ip t c { type nat hook prerouting priority 0; }",
                ],
                "the kernel needs nf_conntrack and nft_nat"
            ),
        ]
        var findings: [Finding] = []
        for (subject, command, advice) in trials {
            let outcome = try? await HostCommand.run(command)
            let works = outcome?.isSuccess == true
            let detail = works ? "works" : String((outcome?.errorText ?? "cannot be run").prefix(120))
            findings.append(
                Finding(subject: subject, verdict: works ? .ok : .missing, detail: detail, advice: works ? nil : advice)
            )
        }
        return findings
    }

    private var tap: Finding {
        let descriptor = open("/dev/net/tun", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            return Finding(
                subject: "taps", verdict: .missing, detail: "/dev/net/tun cannot be opened", advice: "modprobe tun")
        }
        close(descriptor)
        return Finding(subject: "taps", verdict: .ok, detail: "/dev/net/tun opens")
    }

    /// Tried with a group that is gone again.
    private var processorBounds: Finding {
        let subject = "processor bounds"
        guard geteuid() == 0 else {
            return Finding(subject: subject, verdict: .limited, detail: "not examined: needs root")
        }
        do {
            let groups = try ProcessorGroups.find()
            try groups.tryOut()
            let place = groups.version == .unified ? "cgroup v2" : "the cpu controller of cgroup v1"
            return Finding(subject: subject, verdict: .ok, detail: "guests are held to their vCPUs by \(place)")
        } catch {
            let reason = (error as? ProcessorGroups.Unavailable)?.reason ?? "\(error)"
            return Finding(
                subject: subject, verdict: .limited, detail: "\(reason): guests use what the host has",
                advice: "mount cgroup v2 with the cpu controller; of a service: Delegate=yes")
        }
    }

    private func networkBounds() async -> Finding {
        let subject = "network bounds"
        guard geteuid() == 0 else {
            return Finding(subject: subject, verdict: .limited, detail: "not examined: needs root")
        }
        guard let obstacle = await KernelNetwork.shapingObstacle() else {
            return Finding(
                subject: subject, verdict: .ok, detail: "interfaces are held to their type's bandwidth by tc")
        }
        return Finding(
            subject: subject, verdict: .limited, detail: "\(obstacle): interfaces carry what the host can",
            advice: "the kernel needs sch_tbf, sch_ingress, cls_u32, act_mirred and ifb")
    }

    private var gpus: Finding {
        let found = HostGPU.scan()
        let models = Dictionary(found.map { ($0.model, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        return Finding(
            subject: "gpus", verdict: .ok,
            detail: found.isEmpty
                ? "none bound to vfio-pci: types with GPUs are refused"
                : models.map { "\($0.value) \($0.key)" }.joined(separator: ", ") + " for guests")
    }

    private var diskSpace: Finding {
        let free = DiskSpace.free(at: directory.path) >> 30
        return Finding(
            subject: "disk space", verdict: free >= 10 ? .ok : free >= 2 ? .limited : .missing,
            detail: "\(free) GiB free for \(directory.path)",
            advice: free >= 10 ? nil : "free some space, or choose another --state-dir")
    }

    private var memory: Finding {
        let facts = HostFacts.read()
        return Finding(
            subject: "memory", verdict: facts.memoryMiB >= 1024 ? .ok : .limited,
            detail: "\(facts.memoryMiB) MiB for guests, \(facts.processorCount) processors",
            advice: facts.memoryMiB >= 1024 ? nil : "guests of 1 GiB and more will not find room")
    }

    private var portUse: Finding {
        if (try? OperatorClient(socketPath: directory.operatorSocket).call("GET", "/status")) != nil {
            return Finding(subject: "port", verdict: .ok, detail: "Apus serves on this state already")
        }
        guard LoopbackPort.isFree(port) else {
            return Finding(
                subject: "port", verdict: .limited, detail: "127.0.0.1:\(port) is taken by something else",
                advice: "apus up --port 4567")
        }
        return Finding(subject: "port", verdict: .ok, detail: "127.0.0.1:\(port) is free")
    }
}

enum LoopbackPort {
    static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
