// What a VPC should be, as one value: the control plane makes it from the records, a fabric makes it so.
// No word of a particular fabric (nftables, OVN) may appear here.

package import CloudTypes

/// Everything that decides where the packets of one VPC may go.
package struct VPCNetwork: Sendable, Equatable, Codable {
    package var id: VPCID
    package var cidrBlocks: [CIDRBlock]
    package var subnets: [Subnet]
    package var interfaces: [Interface]
    package var groups: [Group]
    package var naming: Naming
    /// Whether an internet gateway is attached; a route to it without one is a black hole.
    package var hasInternetGateway: Bool

    package init(
        id: VPCID, cidrBlocks: [CIDRBlock], subnets: [Subnet] = [], interfaces: [Interface] = [],
        groups: [Group] = [], naming: Naming = Naming(), hasInternetGateway: Bool = false
    ) {
        (self.id, self.cidrBlocks, self.subnets) = (id, cidrBlocks, subnets)
        (self.interfaces, self.groups, self.naming) = (interfaces, groups, naming)
        self.hasInternetGateway = hasInternetGateway
    }

    /// A subnet with the routes of the table it is associated with.
    package struct Subnet: Sendable, Equatable, Codable {
        package var id: SubnetID
        package var cidrBlock: CIDRBlock
        package var routes: [Route]
        /// The VPC router's address in the subnet: base + 1.
        package var routerAddress: IPv4Address { cidrBlock.address.advanced(by: 1) }
        package init(id: SubnetID, cidrBlock: CIDRBlock, routes: [Route]) {
            (self.id, self.cidrBlock, self.routes) = (id, cidrBlock, routes)
        }
    }

    package struct Route: Sendable, Hashable, Codable {
        package var destination: CIDRBlock
        package var target: Target
        package enum Target: Sendable, Hashable, Codable {
            /// Anywhere inside the VPC.
            case local
            case internetGateway
            /// Through a guest that forwards (its source/destination check is off).
            case interface(NetworkInterfaceID)
            /// Dropped: the target is gone.
            case blackhole
        }
        package init(destination: CIDRBlock, target: Target) {
            (self.destination, self.target) = (destination, target)
        }
    }

    /// A network interface that is attached to a guest (or about to be).
    package struct Interface: Sendable, Equatable, Codable {
        package var id: NetworkInterfaceID
        package var macAddress: MACAddress
        package var subnet: SubnetID
        /// The first is the primary one.
        package var addresses: [Address]
        package var groups: [SecurityGroupID]
        /// Whether packets with foreign addresses are dropped at the guest's port.
        package var sourceDestinationCheck: Bool
        /// A name that the resolver knows for the primary address besides that of the address: `i-…`; nil: none.
        package var resourceName: String?
        /// Whether that name is the guest's own, which DHCP calls it by and its address leads back to.
        package var isCalledByResourceName = false
        /// What its guest may send and receive; nil: anything.
        package var share: NetworkShare?
        package init(
            id: NetworkInterfaceID, macAddress: MACAddress, subnet: SubnetID, addresses: [Address],
            groups: [SecurityGroupID], sourceDestinationCheck: Bool = true
        ) {
            (self.id, self.macAddress, self.subnet) = (id, macAddress, subnet)
            (self.addresses, self.groups) = (addresses, groups)
            self.sourceDestinationCheck = sourceDestinationCheck
        }
    }

    /// A private address, and the public one that stands for it one to one.
    package struct Address: Sendable, Hashable, Codable {
        package var privateAddress: IPv4Address
        package var publicAddress: IPv4Address?
        package init(privateAddress: IPv4Address, publicAddress: IPv4Address? = nil) {
            (self.privateAddress, self.publicAddress) = (privateAddress, publicAddress)
        }
    }

    /// A security group: what may reach its members and what they may reach. Stateful.
    package struct Group: Sendable, Equatable, Codable {
        package var id: SecurityGroupID
        package var ingress: [Rule]
        package var egress: [Rule]
        package init(id: SecurityGroupID, ingress: [Rule], egress: [Rule]) {
            (self.id, self.ingress, self.egress) = (id, ingress, egress)
        }
    }

    package struct Rule: Sendable, Hashable, Codable {
        package var traffic: Traffic
        package var peer: Peer
        package init(traffic: Traffic, peer: Peer) { (self.traffic, self.peer) = (traffic, peer) }

        package enum Traffic: Sendable, Hashable, Codable {
            case all
            case tcp(ClosedRange<UInt16>)
            case udp(ClosedRange<UInt16>)
            /// nil: any type; any code of the type.
            case icmp(type: UInt8?, code: UInt8?)
            /// Any other IP protocol by number, all ports.
            case other(UInt8)
        }

        package enum Peer: Sendable, Hashable, Codable {
            case block(CIDRBlock)
            /// The private addresses of the interfaces in the group.
            case members(of: SecurityGroupID)
        }
    }

    /// What DHCP tells guests, and whether the VPC's resolver answers.
    package struct Naming: Sendable, Equatable, Codable {
        /// `enableDnsSupport`: the resolver at the VPC's base + 2 and 169.254.169.253 answers.
        package var hasResolver = true
        /// `ec2.internal` in us-east-1, `REGION.compute.internal` elsewhere, or what DHCP options say.
        package var domainName: String = "ec2.internal"
        /// The domain of the names that the resolver knows for private addresses: `ip-10-0-0-4.ec2.internal`.
        package var internalDomain: String = "ec2.internal"
        /// Empty: the VPC's own resolver.
        package var nameServers: [IPv4Address] = []
        /// Whether DHCP names any name server at all; the resolver, if there is one, answers all the same.
        package var announcesNameServers = true
        package var timeServers: [IPv4Address] = []
        package var netbiosNameServers: [IPv4Address] = []
        package var netbiosNodeType: Int?
        package init() {}
    }
}
