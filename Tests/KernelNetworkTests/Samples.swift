// Networks that the tests speak of.

import CloudTypes
import NodeContract

func ip(_ text: String) -> IPv4Address { IPv4Address(text) ?? IPv4Address(0) }
func block(_ text: String) -> CIDRBlock { CIDRBlock(text) ?? .everything }

func theID<Kind: ResourceKind>(_ number: Int) -> ResourceID<Kind> {
    let digits = String(number, radix: 16)
    let zeros = String(repeating: "0", count: 17 - digits.count)
    guard let id = ResourceID<Kind>("\(Kind.prefix)-\(zeros)\(digits)") else {
        preconditionFailure("\(number)")
    }
    return id
}

extension VPCNetwork.Rule {
    static let anything = VPCNetwork.Rule(traffic: .all, peer: .block(.everything))
    static func tcp(_ port: UInt16, from peer: Peer = .block(block("0.0.0.0/0"))) -> VPCNetwork.Rule {
        VPCNetwork.Rule(traffic: .tcp(port...port), peer: peer)
    }
    static func udp(_ port: UInt16, from peer: Peer = .block(block("0.0.0.0/0"))) -> VPCNetwork.Rule {
        VPCNetwork.Rule(traffic: .udp(port...port), peer: peer)
    }
}

extension VPCNetwork {
    /// 10.0.0.0/16 with two subnets that route to an internet gateway, and one group that lets everything out and
    /// nothing in.
    static func sample(_ number: Int = 1) -> VPCNetwork {
        let routes = [
            Route(destination: block("10.0.0.0/16"), target: .local),
            Route(destination: .everything, target: .internetGateway),
        ]
        return VPCNetwork(
            id: theID(number), cidrBlocks: [block("10.0.0.0/16")],
            subnets: [
                Subnet(id: theID(1), cidrBlock: block("10.0.1.0/24"), routes: routes),
                Subnet(id: theID(2), cidrBlock: block("10.0.2.0/24"), routes: routes),
            ],
            groups: [Group(id: theID(1), ingress: [], egress: [.anything])], hasInternetGateway: true)
    }

    /// Adds an interface in the first subnet that holds the address.
    @discardableResult
    mutating func add(
        _ number: Int, _ address: String, public publicAddress: String? = nil, groups: [Int] = [1],
        sourceDestinationCheck: Bool = true
    ) -> Interface {
        let privateAddress = ip(address)
        let digits = (number < 16 ? "0" : "") + String(number, radix: 16)
        let subnet = subnets.first { $0.cidrBlock.contains(privateAddress) } ?? subnets[0]
        let interface = Interface(
            id: theID(number), macAddress: MACAddress("02:00:00:00:01:\(digits)") ?? anyMAC, subnet: subnet.id,
            addresses: [Address(privateAddress: privateAddress, publicAddress: publicAddress.map(ip))],
            groups: groups.map { theID($0) }, sourceDestinationCheck: sourceDestinationCheck)
        interfaces.append(interface)
        return interface
    }

    private var anyMAC: MACAddress {
        var generator = SystemRandomNumberGenerator()
        return MACAddress(from: &generator)
    }
}
