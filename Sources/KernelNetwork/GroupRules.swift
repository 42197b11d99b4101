// From a security group's rules to the rules of its two chains.
// A chain accepts a packet or returns; what no group of an interface accepts is dropped. What a group lets out is not
// accepted yet but marked, since its target's groups come next.
// Follows: Amazon VPC User Guide, "Security group connection tracking".

import CloudTypes
import NodeContract

struct GroupRules {
    private let group: VPCNetwork.Group
    private let known: Set<SecurityGroupID>

    /// - Parameter known: the groups that have a set of members; a reference to any other matches nothing.
    init(_ group: VPCNetwork.Group, known: Set<SecurityGroupID>) {
        self.group = group
        self.known = known
    }

    enum Direction: String, CaseIterable {
        case ingress = "in"
        case egress = "out"

        var mapName: String {
            switch self {
            case .ingress: "ingress"
            case .egress: "egress"
            }
        }

        /// The bit of a connection's mark that says: judge each packet again, the connection is untracked here.
        var untrackedBit: Int {
            switch self {
            case .ingress: 1
            case .egress: 2
            }
        }

        /// What a rule that matches does.
        var verdict: String {
            switch self {
            case .ingress: "accept"
            case .egress: "meta mark set \(GroupRules.letOut) return"
            }
        }

        fileprivate var opposite: Direction {
            switch self {
            case .ingress: .egress
            case .egress: .ingress
            }
        }
    }

    /// The mark of a packet that its source's groups let out; no routing table has this number, and the way of the
    /// packet is settled when it gets it.
    static let letOut = 1

    static func chain(of group: SecurityGroupID, _ direction: Direction) -> String {
        "\(token(group))_\(direction.rawValue)"
    }

    static func members(of group: SecurityGroupID) -> String { "\(token(group))_members" }

    private static func token(_ group: SecurityGroupID) -> String { "sg_" + group.description.dropFirst(3) }

    func rules(_ direction: Direction) -> [String] {
        list(direction).flatMap { rules(for: $0, direction) }
    }

    private func list(_ direction: Direction) -> [VPCNetwork.Rule] {
        switch direction {
        case .ingress: group.ingress
        case .egress: group.egress
        }
    }

    private func rules(for rule: VPCNetwork.Rule, _ direction: Direction) -> [String] {
        guard let peer = match(rule.peer, direction) else { return [] }
        let accept = join(peer, match(rule.traffic), direction.verdict)
        let untracked = "ct mark set ct mark or \(direction.untrackedBit) \(direction.verdict)"
        guard rule.peer == .block(.everything) else { return [accept] }
        switch rule.traffic {
        case .tcp, .udp:
            return answersAll(rule.traffic, direction.opposite) ? [join(match(rule.traffic), untracked)] : [accept]
        case .all:
            let protocols = [("tcp", VPCNetwork.Rule.Traffic.tcp(0...65535)), ("udp", .udp(0...65535))]
            let free = protocols.filter { answersAll($0.1, direction.opposite) }
            return free.map { "meta l4proto \($0.0) \(untracked)" } + [accept]
        case .icmp, .other:
            return [accept]
        }
    }

    /// Whether the other direction lets every port of the protocol go anywhere, which makes a flow untracked.
    private func answersAll(_ traffic: VPCNetwork.Rule.Traffic, _ direction: Direction) -> Bool {
        list(direction).contains { rule in
            guard rule.peer == .block(.everything) else { return false }
            switch (rule.traffic, traffic) {
            case (.all, _): return true
            case (.tcp(let ports), .tcp), (.udp(let ports), .udp): return ports == 0...65535
            case (.tcp, _), (.udp, _), (.icmp, _), (.other, _): return false
            }
        }
    }

    private func match(_ peer: VPCNetwork.Rule.Peer, _ direction: Direction) -> String? {
        let field = direction == .ingress ? "ip saddr" : "ip daddr"
        switch peer {
        case .block(.everything): return ""
        case .block(let block): return "\(field) \(block)"
        case .members(let other): return known.contains(other) ? "\(field) @\(GroupRules.members(of: other))" : nil
        }
    }

    private func match(_ traffic: VPCNetwork.Rule.Traffic) -> String {
        switch traffic {
        case .all: ""
        case .tcp(0...65535): "meta l4proto tcp"
        case .udp(0...65535): "meta l4proto udp"
        case .tcp(let ports): "tcp dport \(text(ports))"
        case .udp(let ports): "udp dport \(text(ports))"
        case .icmp(nil, _): "meta l4proto icmp"
        case .icmp(let type?, nil): "icmp type \(type)"
        case .icmp(let type?, let code?): "icmp type \(type) icmp code \(code)"
        case .other(let number): "meta l4proto \(number)"
        }
    }

    private func text(_ ports: ClosedRange<UInt16>) -> String {
        ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
    }

    private func join(_ parts: String...) -> String { parts.filter { !$0.isEmpty }.joined(separator: " ") }
}
