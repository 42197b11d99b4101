// What an operator decides about the network of one Apus on one host, and what everything of it is called there.

package import CloudTypes

extension KernelNetwork {
    package struct Configuration: Sendable, Equatable {
        /// Tells this Apus from others on the host: names of links, namespaces and tables are made from it.
        package var stateDirectory: String
        /// Where public addresses come from. The first four are the fabric's own: see `hostAddress`.
        package var publicPool = CIDRBlock(IPv4Address(0xC612_0000), prefix: 16)
        /// The host's link through which guests with a public address reach out; nil keeps them in.
        package var uplink: String?
        /// The namespace that is the host, as a path; nil is the process's own.
        package var hostNamespacePath: String?
        /// Files of running things, gone at the next boot of the host as they are; nil is `/run/` and the prefix.
        package var runtimeDirectory: String?
        /// Who runs dnsmasq; nil is `dnsmasq` where there is such a user, else `nobody`.
        package var resolverUser: String?
        /// Where names that no VPC knows are asked for, used only with an uplink; nil: where the host asks.
        package var upstreamResolvers: [IPv4Address]?
        /// Of every link, in bytes; told to guests by DHCP.
        package var mtu = 1500
        package var portKind = PortKind.tap

        package init(stateDirectory: String) { self.stateDirectory = stateDirectory }

        /// The host's end of the pool: what guests see when the host calls, and where they reach the host.
        package var hostAddress: IPv4Address { publicPool.address.advanced(by: 1) }
        /// The edge's end of the link to the host.
        package var edgeAddress: IPv4Address { publicPool.address.advanced(by: 2) }
        /// Addresses at the start of the pool that no resource may get.
        package static let reservedPoolAddresses = 4

        /// With everything decided that was left to the host.
        var settled: Configuration {
            var settled = self
            settled.upstreamResolvers = upstreamResolvers ?? HostResolvers.read()
            return settled
        }

        var names: Names { Names(stateDirectory: stateDirectory) }
        var runtimePath: String { runtimeDirectory ?? "/run/\(names.prefix)" }
    }

    /// What stands at the VPC's side of an interface.
    package enum PortKind: Sendable, Equatable {
        /// A tap, which a hypervisor opens.
        case tap
        /// One end of a pair, whose other end (`p` for `e` in its name) is left in the VPC's namespace for a
        /// container, a test or a benchmark to take away.
        case pair
    }

    /// What must be installed: the tool and the Debian package that has it.
    package static let requiredCommands = [
        (tool: "ip", package: "iproute2"), (tool: "tc", package: "iproute2"), (tool: "nft", package: "nftables"),
        (tool: "dnsmasq", package: "dnsmasq-base"),
    ]
}

/// What things are called on the host. Link names hold at most 15 bytes.
struct Names: Sendable, Equatable {
    /// `apus-` and six hex digits of the state directory: also the host's link and table.
    let prefix: String

    init(stateDirectory: String) {
        let digits = Fingerprint(of: [stateDirectory]).description
        prefix = "apus-" + digits.prefix(6)
    }

    var hostLink: String { prefix }
    var hostTable: String { prefix }
    var edgeNamespace: String { prefix + "-edge" }
    func namespace(of vpc: VPCID) -> String { "\(prefix)-\(vpc)" }

    /// The VPC of a namespace's name; nil for other namespaces.
    func vpc(ofNamespace name: String) -> VPCID? {
        guard name.hasPrefix(prefix + "-") else { return nil }
        return VPCID(String(name.dropFirst(prefix.count + 1)))
    }

    /// The edge's end of the link to a VPC.
    func edgeLink(of vpc: VPCID) -> String { "v" + Names.tail(vpc.description) }
    /// The VPC's end of an interface.
    static func port(of interface: NetworkInterfaceID) -> String { "e" + tail(interface.description) }
    /// The end of a pair that stands for the guest's own link.
    static func peer(ofPort port: String) -> String { "p" + port.dropFirst() }

    /// The last 14 digits of an id, which are random as the whole is.
    private static func tail(_ id: String) -> Substring {
        (id.split(separator: "-").last ?? "").suffix(14)
    }

    /// Inside a VPC's namespace: the link to the edge, and the one that carries the router's own addresses.
    static let uplink = "up0"
    static let service = "svc"
    /// Inside the edge: the link to the host.
    static let edgeToHost = "host"
}

/// 64 bits that tell one text from another (FNV-1a); the same on every host and in every version.
struct Fingerprint: Equatable, CustomStringConvertible {
    private(set) var number: UInt64 = 0xcbf2_9ce4_8422_2325

    init(of texts: some Sequence<String>) {
        for text in texts {
            for byte in text.utf8 { add(byte) }
            add(0)
        }
    }

    /// Of a collection without an order: the sum of what each text's would be.
    init(ofAll texts: some Sequence<String>) {
        number = texts.reduce(0) { $0 &+ Fingerprint(of: CollectionOfOne($1)).number }
    }

    /// As if the texts had been among those that it was made of, or had not.
    mutating func add(_ texts: [String]) { number &+= Fingerprint(ofAll: texts).number }
    mutating func subtract(_ texts: [String]) { number &-= Fingerprint(ofAll: texts).number }

    private mutating func add(_ byte: UInt8) { number = (number ^ UInt64(byte)) &* 0x100_0000_01b3 }

    var description: String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
