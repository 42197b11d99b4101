// Security-group rules as a fabric enforces them: no text, no ports where a protocol has none, no IPv6.

internal import CloudTypes
internal import NodeContract

extension VPCNetwork.Group {
    init(_ record: SecurityGroupRecord) {
        var (ingress, egress): ([VPCNetwork.Rule], [VPCNetwork.Rule]) = ([], [])
        for rule in record.rules {
            guard let planned = VPCNetwork.Rule(rule) else { continue }
            if rule.isEgress { egress.append(planned) } else { ingress.append(planned) }
        }
        self.init(id: record.id, ingress: ingress, egress: egress)
    }
}

extension VPCNetwork.Rule {
    /// nil for a rule that no packet of a guest can match: guests have no IPv6 addresses.
    fileprivate init?(_ rule: SecurityGroupRecord.Rule) {
        let peer: Peer
        switch rule.peer {
        case .ipv4(let block): peer = .block(block)
        case .group(let group, owner: _): peer = .members(of: group)
        case .ipv6: return nil
        }
        guard let traffic = Traffic(rule) else { return nil }
        self.init(traffic: traffic, peer: peer)
    }
}

extension VPCNetwork.Rule.Traffic {
    fileprivate init?(_ rule: SecurityGroupRecord.Rule) {
        switch rule.ipProtocol {
        case "-1", "all": self = .all
        case "tcp", "6": self = .tcp(Self.ports(rule))
        case "udp", "17": self = .udp(Self.ports(rule))
        case "icmp", "1":
            self = .icmp(
                type: rule.fromPort.flatMap(UInt8.init(exactly:)), code: rule.toPort.flatMap(UInt8.init(exactly:)))
        case "icmpv6", "58": return nil
        default:
            guard let number = UInt8(rule.ipProtocol) else { return nil }
            self = .other(number)
        }
    }

    /// Every port where the rule names none.
    private static func ports(_ rule: SecurityGroupRecord.Rule) -> ClosedRange<UInt16> {
        let from = rule.fromPort.flatMap(UInt16.init(exactly:)) ?? 0
        let to = rule.toPort.flatMap(UInt16.init(exactly:)) ?? UInt16.max
        return from <= to ? from...to : from...from
    }
}
