// The paths that a guest can ask for, and what each answers: pure, made from `InstanceMetadata`.
// Source: EC2 User Guide, "Instance metadata categories", "Instance identity documents".

package import NodeContract
internal import CloudTypes

/// One instance's metadata as a tree of names.
package struct MetadataTree: Sendable, Equatable {
    package indirect enum Node: Sendable, Equatable {
        case text(String)
        case bytes([UInt8])
        /// Names in the order of the listing.
        case folder([(name: String, node: Node)])

        package static func == (left: Node, right: Node) -> Bool {
            switch (left, right) {
            case (.text(let one), .text(let other)): one == other
            case (.bytes(let one), .bytes(let other)): one == other
            case (.folder(let one), .folder(let other)):
                one.count == other.count && zip(one, other).allSatisfy { $0.name == $1.name && $0.node == $1.node }
            case (.text, _), (.bytes, _), (.folder, _): false
            }
        }
    }

    package let root: Node

    /// - Parameters:
    ///   - identityNames: what lies under `instance-identity/`; the texts are signed when asked for.
    ///   - keyNames: what always lies under `managed-ssh-keys/`; its texts are made when asked for too.
    package init(of metadata: InstanceMetadata, identityNames: [String], keyNames: [String] = []) {
        let documents = identityNames.map { (name: $0, node: Node.text("")) }
        let version: [(name: String, node: Node)] =
            [
                ("dynamic", .folder([("instance-identity", .folder(documents))])),
                ("meta-data", MetadataTree.metaData(metadata, keyNames: keyNames)),
            ] + (metadata.userData.map { [("user-data", .bytes($0))] } ?? [])
        root = .folder(version)
    }

    /// The node at a path below the version, such as `meta-data/ami-id`; nil: 404.
    package func node(at path: some Sequence<Substring>) -> Node? {
        var node = root
        for name in path {
            guard case .folder(let children) = node,
                let next = children.first(where: { MetadataTree.pathName($0.name) == name })
            else { return nil }
            node = next.node
        }
        return node
    }

    /// What a GET of the node answers: the text, or one name a line, folders with a slash.
    package static func body(of node: Node) -> [UInt8] {
        switch node {
        case .text(let text): Array(text.utf8)
        case .bytes(let bytes): bytes
        case .folder(let children): Array(children.map { line(of: $0.name, $0.node) }.joined(separator: "\n").utf8)
        }
    }

    /// `0=my-key` in the listing is `0` in a path.
    private static func pathName(_ name: String) -> Substring {
        name.firstIndex(of: "=").map { name[..<$0] } ?? name[...]
    }

    private static func line(of name: String, _ node: Node) -> String {
        guard case .folder = node, !name.contains("=") else { return name }
        return name + "/"
    }
}

extension MetadataTree {
    private typealias Entries = [(name: String, node: Node)]

    private static func metaData(_ metadata: InstanceMetadata, keyNames: [String]) -> Node {
        let primary = metadata.interfaces.first
        let address = primary?.addresses.first
        var entries: Entries = [
            ("ami-id", .text("\(metadata.image)")),
            ("ami-launch-index", .text("\(metadata.launchIndex)")),
            ("ami-manifest-path", .text("(unknown)")),
            ("block-device-mapping", blockDevices(metadata)),
            ("events", events(metadata)),
            ("hibernation", .folder([("configured", .text("\(metadata.hibernates == true)"))])),
            ("hostname", .text(metadata.hostName)),
            ("instance-action", .text("none")),
            ("instance-id", .text("\(metadata.instance)")),
            ("instance-life-cycle", .text(metadata.lifeCycle)),
            ("instance-type", .text(metadata.instanceType)),
            ("local-hostname", .text(metadata.hostName)),
        ]
        if let private4 = address?.privateAddress { entries.append(("local-ipv4", .text("\(private4)"))) }
        if let primary {
            entries.append(("mac", .text("\(primary.macAddress)")))
            entries.append(("network", network(metadata)))
        }
        if !keyNames.isEmpty {
            entries.append(("managed-ssh-keys", .folder(keyNames.map { (name: $0, node: .text("")) })))
        }
        entries.append(("placement", placement(metadata)))
        entries.append(("profile", .text("default-hvm")))
        if let name = metadata.publicHostName { entries.append(("public-hostname", .text(name))) }
        if let public4 = address?.publicAddress { entries.append(("public-ipv4", .text("\(public4)"))) }
        if let key = metadata.publicKey {
            entries.append(
                (
                    "public-keys",
                    .folder([("0=\(metadata.keyName ?? "key")", .folder([("openssh-key", .text(key + "\n"))]))])
                ))
        }
        entries.append(("reservation-id", .text("\(metadata.reservation)")))
        if let primary { entries.append(("security-groups", lines(primary.groupNames))) }
        entries.append(("services", .folder([("domain", .text("amazonaws.com")), ("partition", .text("aws"))])))
        if let notice = metadata.notice { entries.append(("spot", spot(notice))) }
        entries.append(("system", .text(metadata.system ?? "nitro")))
        if let kernel = metadata.kernelID { entries.append(("kernel-id", .text(kernel))) }
        if let ramdisk = metadata.ramdiskID { entries.append(("ramdisk-id", .text(ramdisk))) }
        if metadata.options.showsTags {
            let tags = metadata.tags.sorted { $0.key < $1.key }.map { (name: $0.key, node: Node.text($0.value)) }
            entries.append(("tags", .folder([("instance", .folder(tags))])))
        }
        return .folder(entries.sorted { $0.name < $1.name })
    }

    private static func events(_ metadata: InstanceMetadata) -> Node {
        let all = metadata.events ?? []
        let (scheduled, history) = (all.filter { $0.state == "active" }, all.filter { $0.state != "active" })
        var entries: Entries = [
            (
                "maintenance",
                .folder([("history", .text(text(of: history))), ("scheduled", .text(text(of: scheduled)))])
            )
        ]
        if let notice = metadata.notice {
            let rebalance = "{\"noticeTime\":\"\(notice.noticedAt.toTheSecond)\"}"
            entries.append(("recommendations", .folder([("rebalance", .text(rebalance))])))
        }
        return .folder(entries)
    }

    private static func text(of events: [InstanceMetadata.MaintenanceEvent]) -> String {
        "[" + events.map { $0.json }.joined(separator: ",") + "]"
    }

    private static func spot(_ notice: InstanceMetadata.SpotNotice) -> Node {
        let time = notice.due.toTheSecond
        let action = ("instance-action", Node.text("{\"action\":\"\(notice.action)\",\"time\":\"\(time)\"}"))
        // As on AWS, only where the instance will be no more.
        return .folder([action] + (notice.action == "terminate" ? [("termination-time", .text(time))] : []))
    }

    private static func blockDevices(_ metadata: InstanceMetadata) -> Node {
        .folder(metadata.blockDevices.sorted { $0.key < $1.key }.map { (name: $0.key, node: Node.text($0.value)) })
    }

    private static func placement(_ metadata: InstanceMetadata) -> Node {
        var entries: Entries = [
            ("availability-zone", .text(metadata.availabilityZone)),
            ("availability-zone-id", .text(metadata.availabilityZoneID)),
        ]
        if let name = metadata.groupName { entries.append(("group-name", .text(name))) }
        if let partition = metadata.partition { entries.append(("partition-number", .text("\(partition)"))) }
        return .folder(entries + [("region", .text(metadata.region))])
    }

    private static func network(_ metadata: InstanceMetadata) -> Node {
        let macs = metadata.interfaces.map { (name: "\($0.macAddress)", node: interface($0, metadata)) }
        return .folder([("interfaces", .folder([("macs", .folder(macs))]))])
    }

    private static func interface(_ interface: InstanceMetadata.Interface, _ metadata: InstanceMetadata) -> Node {
        let publicAddresses = interface.addresses.compactMap { address in
            address.publicAddress.map { (name: "\($0)", node: Node.text("\(address.privateAddress)")) }
        }
        var entries: Entries = [
            ("device-number", .text("\(interface.deviceIndex)")),
            ("interface-id", .text("\(interface.id)")),
            ("local-hostname", .text(interface.hostName)),
            ("local-ipv4s", lines(interface.addresses.map { "\($0.privateAddress)" })),
            ("mac", .text("\(interface.macAddress)")),
            ("network-card-index", .text("0")),
            ("owner-id", .text("\(metadata.account)")),
            ("security-group-ids", lines(interface.groups.map { "\($0)" })),
            ("security-groups", lines(interface.groupNames)),
            ("subnet-id", .text("\(interface.subnet)")),
            ("subnet-ipv4-cidr-block", .text("\(interface.subnetBlock)")),
            ("vpc-id", .text("\(interface.vpc)")),
            ("vpc-ipv4-cidr-block", .text(interface.vpcBlocks.first.map { "\($0)" } ?? "")),
            ("vpc-ipv4-cidr-blocks", lines(interface.vpcBlocks.map { "\($0)" })),
        ]
        if !publicAddresses.isEmpty {
            entries.append(("ipv4-associations", .folder(publicAddresses)))
            entries.append(("public-ipv4s", lines(publicAddresses.map(\.name))))
        }
        if let name = interface.publicHostName { entries.append(("public-hostname", .text(name))) }
        return .folder(entries.sorted { $0.name < $1.name })
    }

    private static func lines(_ texts: [String]) -> Node { .text(texts.joined(separator: "\n")) }
}

extension Timestamp {
    /// `2026-11-23T08:15:00Z`
    fileprivate var toTheSecond: String { "\(description.prefix(19))Z" }
}

extension InstanceMetadata.MaintenanceEvent {
    fileprivate var json: String {
        var members = [
            ("NotBefore", notBefore.inWords), ("Code", code), ("Description", description), ("EventId", id),
        ]
        if let notAfter { members.append(("NotAfter", notAfter.inWords)) }
        members.append(("State", state))
        return "{" + members.map { "\"\($0.0)\":\"\($0.1.escaped)\"" }.joined(separator: ",") + "}"
    }
}

extension Timestamp {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `21 Jan 2026 09:00:43 GMT`
    fileprivate var inWords: String {
        let (civil, text) = (civil, description)
        return "\(civil.day) \(Timestamp.months[civil.month - 1]) \(civil.year) \(text.dropFirst(11).prefix(8)) GMT"
    }
}

extension String {
    /// As a JSON string holds it.
    fileprivate var escaped: String {
        unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 32: " "
            default: String(scalar)
            }
        }.joined()
    }
}
