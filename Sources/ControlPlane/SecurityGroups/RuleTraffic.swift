// Which packets a security-group rule speaks of: a protocol and its ports, or an ICMP type and code.
// Source: EC2 API Reference, "IpPermission"; User Guide, "Security group rules".

package import CloudTypes

/// A protocol with its ports in the one form that is kept.
package struct RuleTraffic: Hashable, Sendable {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `-1` or a protocol number.
    package let ipProtocol: String
    package let fromPort: Int?
    package let toPort: Int?

    package init(of rule: SecurityGroupRecord.Rule) {
        (ipProtocol, fromPort, toPort) = (rule.ipProtocol, rule.fromPort, rule.toPort)
    }

    /// What a request means; ports are passed over for protocols that have none, as on AWS.
    ///
    /// - Throws: `MissingParameter`, `InvalidParameterValue`.
    package init(ipProtocol text: String?, fromPort: Int?, toPort: Int?) throws(EC2Error) {
        guard let text, !text.isEmpty else { throw .missingParameter("ipProtocol") }
        ipProtocol = try RuleTraffic.name(of: text)
        switch ipProtocol {
        case "tcp", "udp": (self.fromPort, self.toPort) = try RuleTraffic.ports(fromPort, toPort)
        case "icmp": (self.fromPort, self.toPort) = try RuleTraffic.icmp(fromPort, toPort)
        case "icmpv6" where fromPort != nil || toPort != nil:
            (self.fromPort, self.toPort) = try RuleTraffic.icmp(fromPort, toPort)
        case "icmpv6": (self.fromPort, self.toPort) = (-1, -1)
        default: (self.fromPort, self.toPort) = (nil, nil)
        }
    }

    /// `TCP, from port: 22, to port: 22`, as refusals put it.
    var sentence: String {
        guard let fromPort, let toPort else {
            return ipProtocol == "-1" ? "ALL" : "protocol number: \(ipProtocol)"
        }
        let name = ipProtocol.uppercased()
        guard ipProtocol.hasPrefix("icmp") else { return "\(name), from port: \(fromPort), to port: \(toPort)" }
        return "\(name), type: \(fromPort < 0 ? "ALL" : "\(fromPort)"), code: \(toPort < 0 ? "ALL" : "\(toPort)")"
    }

    private static func name(of text: String) throws(EC2Error) -> String {
        switch text.lowercased() {
        case "tcp", "6": return "tcp"
        case "udp", "17": return "udp"
        case "icmp", "1": return "icmp"
        case "icmpv6", "58": return "icmpv6"
        case "-1": return "-1"
        default:
            guard let number = UInt8(text), String(number) == text else {
                throw .invalidParameterValue("Invalid value '\(text)' for IP protocol. Unknown protocol.")
            }
            return text
        }
    }

    private static func ports(_ from: Int?, _ to: Int?) throws(EC2Error) -> (Int, Int) {
        guard let from, let to else {
            throw .invalidParameterValue(
                "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
        }
        for port in [from, to] where !(0...65_535).contains(port) {
            throw .invalidParameterValue("TCP/UDP port (\(port)) out of range")
        }
        guard from <= to else { throw .invalidParameterValue("Invalid TCP/UDP port range (\(from):\(to))") }
        return (from, to)
    }

    private static func icmp(_ type: Int?, _ code: Int?) throws(EC2Error) -> (Int, Int) {
        guard let type, let code else {
            throw .invalidParameterValue("Invalid value 'Must specify both type and code with ICMP.' for portRange.")
        }
        guard (-1...255).contains(type) else { throw .invalidParameterValue("ICMP type (\(type)) out of range") }
        guard (-1...255).contains(code) else { throw .invalidParameterValue("ICMP code (\(code)) out of range") }
        guard type >= 0 || code == -1 else {
            throw .invalidParameterValue("ICMP code (\(code)) must be -1 where the ICMP type is -1")
        }
        return (type, code)
    }
}

/// A rule that a caller speaks of: traffic, a peer, and perhaps a description.
package struct RuleSpec: Sendable {
    package var traffic: RuleTraffic
    package var peer: SecurityGroupRecord.Rule.Peer
    package var description: String?

    /// - Throws: `InvalidParameterValue` for a description that may not be one.
    package init(
        traffic: RuleTraffic, peer: SecurityGroupRecord.Rule.Peer, description: String?
    ) throws(EC2Error) {
        if let description { try SecurityGroupNames.check(ruleDescription: description) }
        (self.traffic, self.peer) = (traffic, peer)
        self.description = description?.isEmpty == true ? nil : description
    }

    func matches(_ rule: SecurityGroupRecord.Rule, isEgress: Bool) -> Bool {
        rule.isEgress == isEgress && rule.peer == peer && RuleTraffic(of: rule) == traffic
    }

    func isSameRule(as other: RuleSpec) -> Bool { traffic == other.traffic && peer == other.peer }

    var duplicate: EC2Error {
        EC2Error(
            "InvalidPermission.Duplicate",
            "the specified rule \"peer: \(peer.text), \(traffic.sentence), ALLOW\" already exists")
    }
}

extension SecurityGroupRecord.Rule.Peer {
    fileprivate var text: String {
        switch self {
        case .ipv4(let block): block.description
        case .ipv6(let block): block.description
        case .group(let group, owner: _): group.description
        }
    }

    /// Against which of the two quotas a rule counts: a reference to a group against both.
    var countsForIPv4: Bool { if case .ipv6 = self { false } else { true } }
    var countsForIPv6: Bool { if case .ipv4 = self { false } else { true } }

    /// Whether both are of one kind: a rule can change its peer, never the kind of it.
    func isSameKind(as other: Self) -> Bool {
        switch (self, other) {
        case (.ipv4, .ipv4), (.ipv6, .ipv6), (.group, .group): true
        case (.ipv4, _), (.ipv6, _), (.group, _): false
        }
    }
}
